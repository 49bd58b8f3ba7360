#include "engine/report/surface_mesh.h"

#include <algorithm>

namespace sbrt {
namespace {

constexpr float surface_level = 0.5F;
constexpr double finest_mm = 1.0;

class SurfaceNets {
 public:
  explicit SurfaceNets(const Occupancy& occupancy) : occupancy_(occupancy), n_(occupancy.grid().size()) {
    // Cells lie between voxel centres, one layer around the grid included.
    point_of_cell_.assign(std::size_t(n_.nx + 1) * (n_.ny + 1) * (n_.nz + 1), none);
  }

  SurfaceMesh mesh() {
    for (int k = -1; k < n_.nz; ++k)
      for (int j = -1; j < n_.ny; ++j)
        for (int i = -1; i < n_.nx; ++i) place_point(i, j, k);
    for (int k = 0; k < n_.nz; ++k)
      for (int j = 0; j < n_.ny; ++j)
        for (int i = 0; i < n_.nx; ++i) join_around_edges(i, j, k);
    return std::move(mesh_);
  }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  float at(int i, int j, int k) const {
    const bool inside = i >= 0 && j >= 0 && k >= 0 && i < n_.nx && j < n_.ny && k < n_.nz;
    return inside ? occupancy_(i, j, k) : 0.0F;
  }
  std::uint32_t& cell(int i, int j, int k) {
    return point_of_cell_[(std::size_t(k + 1) * (n_.ny + 1) + (j + 1)) * (n_.nx + 1) + (i + 1)];
  }

  void place_point(int i, int j, int k) {
    float corner[8];
    int inside = 0;
    for (int c = 0; c < 8; ++c) {
      corner[c] = at(i + (c & 1), j + (c >> 1 & 1), k + (c >> 2));
      inside += corner[c] >= surface_level;
    }
    if (inside == 0 || inside == 8) return;
    VoxelVec sum{0, 0, 0};
    int crossings = 0;
    for (int c = 0; c < 8; ++c)
      for (const int axis : {1, 2, 4}) {
        if (c & axis) continue;
        const float a = corner[c], b = corner[c | axis];
        if ((a >= surface_level) == (b >= surface_level)) continue;
        const double along = double(surface_level - a) / double(b - a);
        sum = sum + VoxelVec{(c & 1) + (axis == 1 ? along : 0), (c >> 1 & 1) + (axis == 2 ? along : 0),
                             (c >> 2) + (axis == 4 ? along : 0)};
        ++crossings;
      }
    const VoxelPoint p{i + sum.x / crossings, j + sum.y / crossings, k + sum.z / crossings};
    cell(i, j, k) = std::uint32_t(mesh_.points.size());
    mesh_.points.push_back(occupancy_.grid().to_patient(p));
  }

  // Every edge between a full and an empty voxel is surrounded by four cells with a point each.
  void join_around_edges(int i, int j, int k) {
    const bool full = at(i, j, k) >= surface_level;
    const auto join = [&](bool other, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
      if (full == other) return;
      if (!full) std::swap(b, d);
      mesh_.triangles.push_back({a, b, c});
      mesh_.triangles.push_back({a, c, d});
    };
    const auto filled = [&](int x, int y, int z) { return at(x, y, z) >= surface_level; };
    const auto x_edge = [&](int x, bool other) {
      join(other, cell(x, j - 1, k - 1), cell(x, j, k - 1), cell(x, j, k), cell(x, j - 1, k));
    };
    const auto y_edge = [&](int y, bool other) {
      join(other, cell(i - 1, y, k - 1), cell(i - 1, y, k), cell(i, y, k), cell(i, y, k - 1));
    };
    const auto z_edge = [&](int z, bool other) {
      join(other, cell(i - 1, j - 1, z), cell(i, j - 1, z), cell(i, j, z), cell(i - 1, j, z));
    };
    x_edge(i, filled(i + 1, j, k));
    y_edge(j, filled(i, j + 1, k));
    z_edge(k, filled(i, j, k + 1));
    // The layer before the first voxel is empty: seen from there the order of the corners is the opposite.
    if (full && i == 0) join(false, cell(-1, j - 1, k - 1), cell(-1, j - 1, k), cell(-1, j, k), cell(-1, j, k - 1));
    if (full && j == 0) join(false, cell(i - 1, -1, k - 1), cell(i, -1, k - 1), cell(i, -1, k), cell(i - 1, -1, k));
    if (full && k == 0) join(false, cell(i - 1, j - 1, -1), cell(i - 1, j, -1), cell(i, j, -1), cell(i, j - 1, -1));
  }

  const Occupancy& occupancy_;
  GridSize n_;
  std::vector<std::uint32_t> point_of_cell_;
  SurfaceMesh mesh_;
};

}  // namespace

SurfaceMesh surface_of(const Occupancy& occupancy) { return SurfaceNets(occupancy).mesh(); }

SurfaceMesh surface_of(const Shape& shape, int cells) {
  const Box box = shape.bounding_box();
  const PatientVec size = box.high - box.low;
  const double step = std::max(finest_mm, std::max({size.x, size.y, size.z}) / cells);
  const Grid anchor({1, 1, 1}, {step, step, step}, box.low);
  return surface_of(occupancy_of(shape, covering_grid(box, {step, step, step}, anchor)));
}

}  // namespace sbrt
