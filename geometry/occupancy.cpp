#include "geometry/coverage.h"
#include "geometry/parallel.h"
#include "geometry/shape_state.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

struct GridAxis {
  PatientVec direction;
  double spacing;
  int n;
  std::size_t stride;
};

std::array<GridAxis, 3> axes_of(const Grid& grid) {
  const GridSize n = grid.size();
  const auto& d = grid.spacing_mm();
  return {{{grid.axes().i, d[0], n.nx, 1},
           {grid.axes().j, d[1], n.ny, std::size_t(n.nx)},
           {grid.axes().k, d[2], n.nz, std::size_t(n.nx) * n.ny}}};
}

/// Exact: the contour planes are parallel to a face of the voxels, so every voxel is cut by prisms along one of its
/// sides.
void fill_parallel(const Shape::State& s, const Grid& grid, int across, Occupancy& out) {
  const auto axes = axes_of(grid);
  const GridAxis& w = axes[across];
  const GridAxis& a = axes[(across + 1) % 3];
  const GridAxis& b = axes[(across + 2) % 3];
  const double sign = dot(w.direction, s.frame.n) > 0 ? 1 : -1;
  const double w0 = s.frame.z(grid.origin());
  // In-plane position -> cell coordinates: affine, u and v may be turned or mirrored against the grid.
  const Uv o = s.frame.uv(grid.origin());
  const Uv ea{dot(a.direction, s.frame.u), dot(a.direction, s.frame.v)},
      eb{dot(b.direction, s.frame.u), dot(b.direction, s.frame.v)};
  const bool mirrored = ea.u * eb.v - ea.v * eb.u < 0;
  const auto place = [&](Uv p) -> Uv {
    const double u = p.u - o.u, v = p.v - o.v;
    return {(u * ea.u + v * ea.v) / a.spacing + 0.5, (u * eb.u + v * eb.v) / b.spacing + 0.5};
  };
  // The raster covers the cells that the shape can reach.
  planar::Rect reach;
  const planar::Rect box = s.uv_box();
  for (const double u : {box.u0, box.u1})
    for (const double v : {box.v0, box.v1}) reach.add(place({u, v}));
  const int i0 = int(std::clamp(std::floor(reach.u0), 0.0, double(a.n))),
            i1 = int(std::clamp(std::ceil(reach.u1), 0.0, double(a.n)));
  const int j0 = int(std::clamp(std::floor(reach.v0), 0.0, double(b.n))),
            j1 = int(std::clamp(std::ceil(reach.v1), 0.0, double(b.n)));
  if (i1 <= i0 || j1 <= j0) return;
  constexpr std::int64_t block = 4;  // layers that share one raster
  parallel_for_blocks(w.n, block, [&](std::int64_t begin, std::int64_t end) {
    planar::Coverage coverage(i1 - i0, j1 - j0, false);
    Loop cells;
    for (std::int64_t k = begin; k < end; ++k) {
      const double middle = w0 + sign * double(k) * w.spacing;
      const double low = middle - 0.5 * w.spacing, high = middle + 0.5 * w.spacing;
      if (high <= s.low() || low >= s.high()) continue;
      coverage.clear();
      for (const Slab& slab : s.slabs) {
        const double thickness = std::min(high, slab.high) - std::max(low, slab.low);
        if (!(thickness > 0)) continue;
        for (const Loop& loop : slab.region) {
          cells.clear();
          for (const Uv& p : loop) {
            const Uv q = place(p);
            cells.push_back({q.u - i0, q.v - j0});
          }
          coverage.add(cells, (mirrored ? -thickness : thickness) / w.spacing);
        }
      }
      coverage.visit([&](int i, int j, const planar::Coverage::Cell& cell) {
        // Rounding of the sums only; a fraction cannot exceed one.
        const double fraction = cell.area > 1 - 1e-9 ? 1 : cell.area;
        out.values()[std::size_t(k) * w.stride + std::size_t(i + i0) * a.stride + std::size_t(j + j0) * b.stride] =
            float(fraction);
      });
    }
  });
}

/// Oblique grids: blocks far from the surface are settled at once, voxels at the surface by a lattice of points.
class ObliqueFill {
 public:
  ObliqueFill(const Shape& shape, const Grid& grid, Occupancy& out)
      : shape_(shape), distance_(shape), grid_(grid), out_(out) {}

  void run() {
    const GridSize n = grid_.size();
    constexpr int block = 16;
    const int bx = (n.nx + block - 1) / block, by = (n.ny + block - 1) / block, bz = (n.nz + block - 1) / block;
    parallel_for(std::int64_t(bx) * by * bz, [&](std::int64_t b) {
      const int i = int(b % bx) * block, j = int(b / bx % by) * block, k = int(b / (std::int64_t(bx) * by)) * block;
      fill({i, j, k}, {std::min(i + block, n.nx), std::min(j + block, n.ny), std::min(k + block, n.nz)});
    });
  }

 private:
  void fill(std::array<int, 3> from, std::array<int, 3> to) {
    const auto spacing = grid_.spacing_mm();
    double half2 = 0;
    for (int d = 0; d < 3; ++d) half2 += std::pow(0.5 * (to[d] - from[d]) * spacing[d], 2);
    const PatientPoint middle = grid_.to_patient(
        VoxelPoint{0.5 * (from[0] + to[0] - 1), 0.5 * (from[1] + to[1] - 1), 0.5 * (from[2] + to[2] - 1)});
    constexpr double slack_mm = 0.5;  // distances near the surface follow the slabs' steps
    if (std::abs(distance_.signed_distance(middle)) > std::sqrt(half2) + slack_mm) {
      if (shape_.contains(middle))
        for (int k = from[2]; k < to[2]; ++k)
          for (int j = from[1]; j < to[1]; ++j)
            for (int i = from[0]; i < to[0]; ++i) out_(i, j, k) = 1;
      return;
    }
    int longest = 0;
    for (int d = 1; d < 3; ++d)
      if (to[d] - from[d] > to[longest] - from[longest]) longest = d;
    if (to[longest] - from[longest] == 1) {
      out_(from[0], from[1], from[2]) = fraction(from[0], from[1], from[2]);
      return;
    }
    auto cut_to = to, cut_from = from;
    cut_to[longest] = cut_from[longest] = from[longest] + (to[longest] - from[longest]) / 2;
    fill(from, cut_to);
    fill(cut_from, to);
  }

  float fraction(int i, int j, int k) const {
    constexpr int points = 7;  // per side
    int inside = 0;
    for (int c = 0; c < points; ++c)
      for (int b = 0; b < points; ++b)
        for (int a = 0; a < points; ++a)
          inside += shape_.contains(grid_.to_patient(
              VoxelPoint{i + (a + 0.5) / points - 0.5, j + (b + 0.5) / points - 0.5, k + (c + 0.5) / points - 0.5}));
    return float(inside) / float(points * points * points);
  }

  const Shape& shape_;
  DistanceToShape distance_;
  const Grid& grid_;
  Occupancy& out_;
};

/// Moves the fractions of surface voxels so that their sum is the shape's volume; the count of points scatters about
/// it.
void settle_volume(const Shape& shape, Occupancy& out) {
  const Box box = shape.bounding_box(), covered = out.grid().bounding_box();
  bool whole = covered.contains(box.low) && covered.contains(box.high);
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z}) whole = whole && out.grid().contains({x, y, z});
  if (!whole) return;
  double sum = 0, room = 0;
  for (const float f : out.values()) {
    sum += f;
    room += double(f) * (1 - double(f));
  }
  if (room <= 0) return;
  const double shift = (shape.volume_mm3() / out.grid().voxel_volume_mm3() - sum) / room;
  if (std::abs(shift) > 0.5) return;
  for (float& f : out.values()) f = float(f + shift * f * (1 - f));
}

}  // namespace

Occupancy occupancy_of(const Shape& shape, const Grid& grid) {
  Occupancy out(grid);
  const Shape::State& s = shape.state();
  const auto axes = axes_of(grid);
  // Off parallel by less than this, a 500 mm plane leaves its voxel layer by 0.05 mm.
  constexpr double parallel = 1e-4;
  for (int d = 0; d < 3; ++d)
    if (norm(cross(axes[d].direction, s.frame.n)) < parallel) {
      fill_parallel(s, grid, d, out);
      return out;
    }
  ObliqueFill(shape, grid, out).run();
  settle_volume(shape, out);
  return out;
}

}  // namespace sbrt
