#include "geometry/body.h"

#include "geometry/parallel.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace sbrt {
namespace {

constexpr double cell_mm = 3.0;    // the morphology works on cells of about this size
constexpr double thin_mm = 5.0;    // half the thickness that is taken for couch, mask or wire
constexpr double regrow_mm = 4.0;  // thin walls this close to the rest are kept
constexpr double lung_from_hu = -950, smallest_lung_cc = 20;
constexpr double least_enclosed = 0.6;  // of its surface: a cushion under the back has half of it at the scan's sides

using Mask = std::vector<std::uint8_t>;

struct Cells {
  int nx, ny, nz;
  std::array<int, 3> voxels;  // of the CT per cell
  std::array<double, 3> size_mm;
  std::size_t count() const { return std::size_t(nx) * ny * nz; }
  std::size_t index(int i, int j, int k) const { return (std::size_t(k) * ny + j) * nx + i; }
};

Cells cells_of(const Grid& grid) {
  const auto s = grid.spacing_mm();
  Cells c{};
  for (int d = 0; d < 3; ++d) {
    c.voxels[d] = std::max(1, int(std::lround(cell_mm / s[d])));
    c.size_mm[d] = c.voxels[d] * s[d];
  }
  const GridSize n = grid.size();
  c.nx = (n.nx + c.voxels[0] - 1) / c.voxels[0];
  c.ny = (n.ny + c.voxels[1] - 1) / c.voxels[1];
  c.nz = (n.nz + c.voxels[2] - 1) / c.voxels[2];
  return c;
}

/// Cells of which at least half the voxels lie above the threshold.
Mask dense_cells(const CtImage& ct, const Cells& c, double threshold_hu) {
  const GridSize n = ct.grid().size();
  const float limit = float(threshold_hu);
  Mask mask(c.count(), 0);
  parallel_for(c.nz, [&](std::int64_t k) {
    std::vector<int> above(std::size_t(c.nx) * c.ny, 0), all(above.size(), 0);
    for (int z = int(k) * c.voxels[2]; z < std::min(n.nz, int(k + 1) * c.voxels[2]); ++z)
      for (int y = 0; y < n.ny; ++y) {
        const float* row = ct.values().data() + ct.grid().index(0, y, z);
        const std::size_t line = std::size_t(y / c.voxels[1]) * c.nx;
        for (int i = 0; i < c.nx; ++i) {
          const int x1 = std::min(n.nx, (i + 1) * c.voxels[0]);
          for (int x = i * c.voxels[0]; x < x1; ++x) above[line + i] += row[x] > limit;
          all[line + i] += x1 - i * c.voxels[0];
        }
      }
    for (std::size_t i = 0; i < above.size(); ++i) mask[std::size_t(k) * above.size() + i] = 2 * above[i] >= all[i];
  });
  return mask;
}

/// Squared distance of every cell centre to the nearest cell where `mask` equals `to` [mm^2], infinite beyond
/// `reach_mm`: axis by axis, each cell takes the least of its neighbours' plus the way to them.
std::vector<float> distance2(const Mask& mask, const Cells& c, std::uint8_t to, double reach_mm) {
  std::vector<float> d2(c.count()), before;
  const std::array<std::ptrdiff_t, 3> stride{1, c.nx, std::ptrdiff_t(c.nx) * c.ny};
  for (std::size_t i = 0; i < d2.size(); ++i) d2[i] = mask[i] == to ? 0.f : HUGE_VALF;
  for (int axis = 0; axis < 3; ++axis) {
    before = d2;
    const int reach = int(reach_mm / c.size_mm[axis]);
    parallel_for(c.nz, [&](std::int64_t k) {
      for (int j = 0; j < c.ny; ++j) {
        const std::size_t row = c.index(0, j, int(k));
        const int at = axis == 1 ? j : int(k), last = (axis == 1 ? c.ny : c.nz) - 1;
        for (int n = -reach; n <= reach; ++n) {
          if (n == 0 || (axis > 0 && (at + n < 0 || at + n > last))) continue;
          const double way = n * c.size_mm[axis];
          const float way2 = float(way * way);
          const int i0 = axis == 0 ? std::max(0, -n) : 0, i1 = axis == 0 ? std::min(c.nx, c.nx - n) : c.nx;
          const float* from = before.data() + std::ptrdiff_t(row) + n * stride[axis];
          float* line = d2.data() + row;
          for (int i = i0; i < i1; ++i) line[i] = std::min(line[i], from[i] + way2);
        }
      }
    });
  }
  return d2;
}

/// Parts of a mask connected through cell faces.
struct Parts {
  std::vector<std::int32_t> label;  // 1, 2, ... per cell, 0 outside the mask
  std::vector<std::size_t> size;    // cells of part n at n - 1
};

/// Runs of cells along x, joined with those that they touch in the row and the slice before. Parts are numbered in the
/// order of their first cells.
Parts connected_parts(const Mask& mask, const Cells& c) {
  struct Run {
    int begin, end;
    std::size_t first;  // the earliest run known to belong to the same part
  };
  std::vector<Run> runs;
  std::vector<std::size_t> row_begin{0};  // in `runs`, by row
  const auto root = [&](std::size_t run) {
    while (runs[run].first != run) run = runs[run].first = runs[runs[run].first].first;
    return run;
  };
  const auto join = [&](std::size_t row, std::size_t other) {
    for (std::size_t a = row_begin[row], b = row_begin[other]; a < runs.size() && b < row_begin[other + 1];) {
      if (runs[a].begin < runs[b].end && runs[b].begin < runs[a].end) {
        const auto [low, high] = std::minmax({root(a), root(b)});
        runs[high].first = low;
      }
      runs[a].end < runs[b].end ? ++a : ++b;
    }
  };
  const std::size_t rows = std::size_t(c.ny) * std::size_t(c.nz), ny = std::size_t(c.ny);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint8_t* cells = mask.data() + row * std::size_t(c.nx);
    for (int i = 0; i < c.nx; ++i) {
      if (!cells[i]) continue;
      const int begin = i;
      while (i < c.nx && cells[i]) ++i;
      runs.push_back({begin, i, runs.size()});
    }
    if (row % ny > 0) join(row, row - 1);
    if (row >= ny) join(row, row - ny);
    row_begin.push_back(runs.size());
  }
  Parts parts{std::vector<std::int32_t>(c.count(), 0), {}};
  std::vector<std::int32_t> label(runs.size());
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t run = row_begin[row]; run < row_begin[row + 1]; ++run) {
      const std::size_t first = root(run);
      if (first == run) parts.size.push_back(0);
      label[run] = first == run ? std::int32_t(parts.size.size()) : label[first];
      const std::size_t length = std::size_t(runs[run].end - runs[run].begin);
      parts.size[std::size_t(label[run] - 1)] += length;
      std::fill_n(parts.label.begin() + std::ptrdiff_t(row * std::size_t(c.nx)) + runs[run].begin, length, label[run]);
    }
  return parts;
}

Mask largest_part(const Mask& mask, const Cells& c) {
  const Parts parts = connected_parts(mask, c);
  const auto largest = std::max_element(parts.size.begin(), parts.size.end());
  const std::int32_t wanted = largest == parts.size.end() ? -1 : std::int32_t(largest - parts.size.begin()) + 1;
  Mask part(mask.size());
  for (std::size_t i = 0; i < part.size(); ++i) part[i] = parts.label[i] == wanted;
  return part;
}

double mean_hu(const CtImage& ct, const Cells& c, std::size_t cell) {
  const int i = int(cell % c.nx), j = int(cell / c.nx % c.ny), k = int(cell / (std::size_t(c.nx) * c.ny));
  const GridSize n = ct.grid().size();
  double sum = 0;
  int count = 0;
  for (int z = k * c.voxels[2]; z < std::min(n.nz, (k + 1) * c.voxels[2]); ++z)
    for (int y = j * c.voxels[1]; y < std::min(n.ny, (j + 1) * c.voxels[1]); ++y)
      for (int x = i * c.voxels[0]; x < std::min(n.nx, (i + 1) * c.voxels[0]); ++x) {
        sum += double(ct(x, y, z));
        ++count;
      }
  return sum / count;
}

/// Whether something denser than air lies outside the body at the image's sides.
bool lung_at_sides(const CtImage& ct, const Cells& c, const Mask& body) {
  const auto is_lung = [&](int i, int j, int k) {
    const std::size_t p = c.index(i, j, k);
    return !body[p] && mean_hu(ct, c, p) >= lung_from_hu;
  };
  for (int k = 0; k < c.nz; ++k) {
    for (int i = 0; i < c.nx; ++i)
      if (is_lung(i, 0, k) || is_lung(i, c.ny - 1, k)) return true;
    for (int j = 0; j < c.ny; ++j)
      if (is_lung(0, j, k) || is_lung(c.nx - 1, j, k)) return true;
  }
  return false;
}

/// Lung that the image's sides cut open is no air: adds it to the body. Told from air by its CT number, from cushions
/// and couches by lying between the body and the image's side only.
void add_open_lung(const CtImage& ct, const Cells& c, Mask& body, Warnings* warnings) {
  if (!lung_at_sides(ct, c, body)) return;
  Mask rest(body.size());
  for (std::size_t p = 0; p < rest.size(); ++p) rest[p] = !body[p];
  const Parts parts = connected_parts(rest, c);
  const double cell_cc = c.size_mm[0] * c.size_mm[1] * c.size_mm[2] / units::cc;
  struct Part {
    double at_body_mm2 = 0, at_side_mm2 = 0;
    std::vector<double> hu;
  };
  std::vector<Part> found(parts.size.size());
  const double yz = c.size_mm[1] * c.size_mm[2], xz = c.size_mm[0] * c.size_mm[2], xy = c.size_mm[0] * c.size_mm[1];
  for (std::size_t p = 0; p < rest.size(); ++p) {
    if (!rest[p]) continue;
    Part& part = found[std::size_t(parts.label[p] - 1)];
    const int i = int(p % c.nx), j = int(p / c.nx % c.ny), k = int(p / (std::size_t(c.nx) * c.ny));
    const auto side = [&](int at, int count, std::ptrdiff_t stride, double area, bool end_of_scan) {
      for (const int step : {-1, 1}) {
        if (at + step < 0 || at + step >= count)
          part.at_side_mm2 += end_of_scan ? 0 : area;
        else
          part.at_body_mm2 += body[std::size_t(std::ptrdiff_t(p) + step * stride)] ? area : 0;
      }
    };
    side(i, c.nx, 1, yz, false);
    side(j, c.ny, c.nx, xz, false);
    side(k, c.nz, std::ptrdiff_t(c.nx) * c.ny, xy, true);
  }
  std::vector<char> enclosed(found.size());
  for (std::size_t n = 0; n < found.size(); ++n)
    enclosed[n] = double(parts.size[n]) * cell_cc >= smallest_lung_cc && found[n].at_side_mm2 > 0 &&
                  found[n].at_body_mm2 >= least_enclosed * (found[n].at_body_mm2 + found[n].at_side_mm2);
  for (std::size_t p = 0; p < rest.size(); ++p)
    if (rest[p] && enclosed[std::size_t(parts.label[p] - 1)])
      found[std::size_t(parts.label[p] - 1)].hu.push_back(mean_hu(ct, c, p));
  double added_cc = 0;
  for (std::size_t n = 0; n < found.size(); ++n) {
    std::vector<double>& hu = found[n].hu;
    if (hu.empty()) continue;
    const auto middle = hu.begin() + std::ptrdiff_t(hu.size() / 2);
    std::nth_element(hu.begin(), middle, hu.end());
    if (*middle < lung_from_hu) {
      enclosed[n] = 0;
      continue;
    }
    added_cc += double(hu.size()) * cell_cc;
  }
  if (!(added_cc > 0)) return;
  for (std::size_t p = 0; p < rest.size(); ++p)
    if (rest[p] && enclosed[std::size_t(parts.label[p] - 1)]) body[p] = 1;
  if (warnings)
    warnings->push_back({"lung-cut-by-scan",
                         fmt::format("{:.3g} cc of lung density between the body and the sides of the scan count as "
                                     "inside the body: the scan does not hold the patient's whole width; check the "
                                     "outline",
                                     added_cc)});
}

struct PixelBox {
  int i0, j0, i1, j1;  // first and one beyond the last
};

/// Fills what the border of the box cannot reach; beyond the box the slice is empty, `stride` pixels long rows,
/// non-zero inside. Runs of empty pixels are flooded row by row.
template <class T>
void fill_holes(T* slice, int stride, PixelBox box, T value) {
  const int nx = box.i1 - box.i0, ny = box.j1 - box.j0;
  T* corner = slice + std::size_t(box.j0) * stride + box.i0;
  std::vector<std::uint8_t> outside(std::size_t(nx) * ny, 0);
  std::vector<std::pair<int, int>> seeds;
  const auto open = [&](int i, int j) {
    return corner[std::size_t(j) * stride + i] == T{} && !outside[std::size_t(j) * nx + i];
  };
  const auto flood = [&](int x, int y) {
    seeds.assign(1, {x, y});
    while (!seeds.empty()) {
      const auto [i, j] = seeds.back();
      seeds.pop_back();
      if (!open(i, j)) continue;
      int first = i, last = i;
      while (first > 0 && open(first - 1, j)) --first;
      while (last + 1 < nx && open(last + 1, j)) ++last;
      std::fill_n(outside.begin() + std::ptrdiff_t(j) * nx + first, last - first + 1, std::uint8_t(1));
      for (const int row : {j - 1, j + 1}) {
        if (row < 0 || row >= ny) continue;
        bool before = false;
        for (int k = first; k <= last; ++k) {
          const bool now = open(k, row);
          if (now && !before) seeds.emplace_back(k, row);
          before = now;
        }
      }
    }
  };
  for (int i = 0; i < nx; ++i)
    for (const int j : {0, ny - 1})
      if (open(i, j)) flood(i, j);
  for (int j = 0; j < ny; ++j)
    for (const int i : {0, nx - 1})
      if (open(i, j)) flood(i, j);
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      if (!outside[std::size_t(j) * nx + i]) corner[std::size_t(j) * stride + i] = value;
}

Mask coarse_body(const CtImage& ct, const Cells& c, double threshold_hu, Warnings* warnings) {
  const Mask dense = dense_cells(ct, c, threshold_hu);
  const double reach = thin_mm + regrow_mm;
  const std::vector<float> depth2 = distance2(dense, c, 0, thin_mm);
  Mask core(c.count());
  for (std::size_t i = 0; i < core.size(); ++i) core[i] = dense[i] && depth2[i] > thin_mm * thin_mm;
  core = largest_part(core, c);
  // Objects that are thin everywhere, as small phantoms, are taken as they are.
  if (std::find(core.begin(), core.end(), 1) == core.end()) core = largest_part(dense, c);
  const std::vector<float> from_core2 = distance2(core, c, 1, reach);
  Mask body(c.count());
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = dense[i] && from_core2[i] <= reach * reach;
  parallel_for(c.nz, [&](std::int64_t k) {
    fill_holes(body.data() + c.index(0, 0, int(k)), c.nx, {0, 0, c.nx, c.ny}, std::uint8_t(1));
  });
  add_open_lung(ct, c, body, warnings);
  return body;
}

}  // namespace

Occupancy find_body(const CtImage& ct, double threshold_hu, Warnings* warnings) {
  if (!std::isfinite(threshold_hu))
    throw InputError("the body threshold is not finite", "", "", "give a CT number such as -300");
  const Cells c = cells_of(ct.grid());
  const Mask body = coarse_body(ct, c, threshold_hu, warnings);
  if (std::find(body.begin(), body.end(), 1) == body.end())
    throw InputError("no body found in the CT", "", fmt::format("no part of it lies above {} HU", threshold_hu),
                     "check the CT's rescale values or give a body contour");
  // Cells next to the outline are decided voxel by voxel, deeper ones are inside: of the 27 cells around, those of the
  // body are counted axis by axis.
  Mask near(c.count());
  constexpr std::uint8_t outside = 0, inside = 27;
  parallel_for(c.nz, [&](std::int64_t k) {
    const std::size_t slice = std::size_t(c.nx) * c.ny;
    const auto clamped = [](int i, int n) { return std::size_t(std::clamp(i, 0, n - 1)); };
    Mask column(slice), square(slice);
    for (const int dk : {-1, 0, 1}) {
      const std::uint8_t* other = body.data() + clamped(int(k) + dk, c.nz) * slice;
      for (std::size_t p = 0; p < slice; ++p) column[p] = std::uint8_t(column[p] + other[p]);
    }
    for (int j = 0; j < c.ny; ++j)
      for (const int dj : {-1, 0, 1}) {
        const std::uint8_t* other = column.data() + clamped(j + dj, c.ny) * std::size_t(c.nx);
        std::uint8_t* row = square.data() + std::size_t(j) * c.nx;
        for (int i = 0; i < c.nx; ++i) row[i] = std::uint8_t(row[i] + other[i]);
      }
    for (int j = 0; j < c.ny; ++j)
      for (int i = 0; i < c.nx; ++i) {
        const std::uint8_t* row = square.data() + std::size_t(j) * c.nx;
        near[c.index(i, j, int(k))] = std::uint8_t(row[clamped(i - 1, c.nx)] + row[i] + row[clamped(i + 1, c.nx)]);
      }
  });
  Occupancy result(ct.grid());
  const GridSize n = ct.grid().size();
  const float limit = float(threshold_hu);
  parallel_for(n.nz, [&](std::int64_t z) {
    float* slice = result.values().data() + ct.grid().index(0, 0, int(z));
    const float* hu = ct.values().data() + ct.grid().index(0, 0, int(z));
    const std::uint8_t* cells = near.data() + c.index(0, 0, int(z) / c.voxels[2]);
    PixelBox box{n.nx, n.ny, 0, 0};
    for (int j = 0; j < c.ny; ++j) {
      const int y0 = j * c.voxels[1], y1 = std::min(n.ny, y0 + c.voxels[1]);
      for (int i = 0; i < c.nx; ++i) {
        const std::uint8_t kind = cells[std::size_t(j) * c.nx + i];
        if (kind == outside) continue;
        const int x0 = i * c.voxels[0], x1 = std::min(n.nx, x0 + c.voxels[0]);
        box = {std::min(box.i0, x0), std::min(box.j0, y0), std::max(box.i1, x1), std::max(box.j1, y1)};
        for (int y = y0; y < y1; ++y)
          for (int x = x0; x < x1; ++x) {
            const std::size_t p = std::size_t(y) * n.nx + x;
            slice[p] = kind == inside || hu[p] > limit ? 1.f : 0.f;
          }
      }
    }
    if (box.i1 > box.i0) fill_holes(slice, n.nx, box, 1.f);
  });
  return result;
}

}  // namespace sbrt
