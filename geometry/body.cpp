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

/// Squared distance of samples to the nearest zero of f along a line: lower envelope of parabolas (Felzenszwalb and
/// Huttenlocher, Theory of Computing 8, 2012).
void envelope(std::vector<double>& f, double step, std::vector<int>& site, std::vector<double>& border,
              std::vector<double>& out) {
  const int n = int(f.size());
  int top = -1;
  for (int q = 0; q < n; ++q) {
    if (!std::isfinite(f[q])) continue;
    const double xq = q * step;
    double s = -HUGE_VAL;
    while (top >= 0) {
      const double xv = site[top] * step;
      s = ((f[q] + xq * xq) - (f[site[top]] + xv * xv)) / (2 * (xq - xv));
      if (s > border[top]) break;
      --top;
    }
    ++top;
    site[top] = q;
    border[top] = top == 0 ? -HUGE_VAL : s;
  }
  if (top < 0) return;
  int v = 0;
  for (int q = 0; q < n; ++q) {
    while (v < top && border[v + 1] < q * step) ++v;
    const double d = (q - site[v]) * step;
    out[q] = d * d + f[site[v]];
  }
  std::copy(out.begin(), out.begin() + n, f.begin());
}

/// Squared distance of every cell centre to the nearest cell where `mask` equals `to` [mm^2]; infinite if there is
/// none.
std::vector<float> distance2(const Mask& mask, const Cells& c, std::uint8_t to) {
  std::vector<float> d2(c.count());
  const std::array<int, 3> n{c.nx, c.ny, c.nz};
  const std::array<std::size_t, 3> stride{1, std::size_t(c.nx), std::size_t(c.nx) * c.ny};
  for (std::size_t i = 0; i < d2.size(); ++i) d2[i] = mask[i] == to ? 0.f : HUGE_VALF;
  for (int axis = 0; axis < 3; ++axis) {
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    parallel_for(n[b], [&](std::int64_t j) {
      std::vector<double> f(n[axis]), border(n[axis]), out(n[axis]);
      std::vector<int> site(n[axis]);
      for (int i = 0; i < n[a]; ++i) {
        float* line = d2.data() + std::size_t(j) * stride[b] + std::size_t(i) * stride[a];
        bool even = true;  // then the line stays as it is
        for (int k = 0; k < n[axis]; ++k) {
          f[k] = line[k * stride[axis]];
          even = even && f[k] == f[0];
        }
        if (even) continue;
        envelope(f, c.size_mm[axis], site, border, out);
        for (int k = 0; k < n[axis]; ++k) line[k * stride[axis]] = float(f[k]);
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
  const std::vector<float> depth2 = distance2(dense, c, 0);
  Mask core(c.count());
  for (std::size_t i = 0; i < core.size(); ++i) core[i] = dense[i] && depth2[i] > thin_mm * thin_mm;
  core = largest_part(core, c);
  // Objects that are thin everywhere, as small phantoms, are taken as they are.
  if (std::find(core.begin(), core.end(), 1) == core.end()) core = largest_part(dense, c);
  const std::vector<float> from_core2 = distance2(core, c, 1);
  Mask body(c.count());
  const double reach = thin_mm + regrow_mm;
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
  // Cells next to the outline are decided voxel by voxel, deeper ones are inside.
  Mask near(c.count());
  constexpr std::uint8_t outside = 0, rim = 1, inside = 2;
  parallel_for(c.nz, [&](std::int64_t k) {
    for (int j = 0; j < c.ny; ++j)
      for (int i = 0; i < c.nx; ++i) {
        bool all = true, any = false;
        for (int dk = -1; dk <= 1; ++dk)
          for (int dj = -1; dj <= 1; ++dj)
            for (int di = -1; di <= 1; ++di) {
              const int x = std::clamp(i + di, 0, c.nx - 1), y = std::clamp(j + dj, 0, c.ny - 1),
                        z = std::clamp(int(k) + dk, 0, c.nz - 1);
              const bool in = body[c.index(x, y, z)] != 0;
              all = all && in;
              any = any || in;
            }
        near[c.index(i, j, int(k))] = all ? inside : any ? rim : outside;
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
