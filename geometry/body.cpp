#include "geometry/body.h"

#include "geometry/parallel.h"

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

/// Keeps the largest part connected through cell faces.
Mask largest_part(const Mask& mask, const Cells& c) {
  std::vector<std::int32_t> label(c.count(), 0);
  std::vector<std::size_t> stack;
  std::int32_t current = 0, best = 0;
  std::size_t best_size = 0;
  for (std::size_t start = 0; start < mask.size(); ++start) {
    if (!mask[start] || label[start]) continue;
    label[start] = ++current;
    std::size_t size = 0;
    stack.assign(1, start);
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      ++size;
      const int i = int(at % c.nx), j = int(at / c.nx % c.ny), k = int(at / (std::size_t(c.nx) * c.ny));
      const auto visit = [&](bool exists, std::size_t to) {
        if (!exists || !mask[to] || label[to]) return;
        label[to] = current;
        stack.push_back(to);
      };
      visit(i > 0, at - 1);
      visit(i + 1 < c.nx, at + 1);
      visit(j > 0, at - c.nx);
      visit(j + 1 < c.ny, at + c.nx);
      visit(k > 0, at - std::size_t(c.nx) * c.ny);
      visit(k + 1 < c.nz, at + std::size_t(c.nx) * c.ny);
    }
    if (size > best_size) best_size = size, best = current;
  }
  Mask part(mask.size());
  for (std::size_t i = 0; i < part.size(); ++i) part[i] = best > 0 && label[i] == best;
  return part;
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

Mask coarse_body(const CtImage& ct, const Cells& c, double threshold_hu) {
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
  return body;
}

}  // namespace

Occupancy find_body(const CtImage& ct, double threshold_hu) {
  if (!std::isfinite(threshold_hu))
    throw InputError("the body threshold is not finite", "", "", "give a CT number such as -300");
  const Cells c = cells_of(ct.grid());
  const Mask body = coarse_body(ct, c, threshold_hu);
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
