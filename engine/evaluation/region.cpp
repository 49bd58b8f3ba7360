#include "engine/evaluation/region.h"

#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sbrt {
namespace {

int nearest_voxel(double at, int last) { return std::min(std::max(int(std::lround(at)), 0), last); }

bool along_patient(const Grid& grid) { return grid.axes() == Axes{}; }

}  // namespace

Region Region::everything() { return {}; }

Region Region::of(Shape body) {
  Region region;
  region.shape_ = std::move(body);
  return region;
}

Region Region::of(const Occupancy& body_mask) {
  Region region;
  region.mask_ = &body_mask;
  return region;
}

bool Region::contains(PatientPoint p) const {
  if (shape_) return shape_->contains(p);
  if (!mask_) return true;
  const Grid& grid = mask_->grid();
  if (!grid.contains(p)) return false;
  const VoxelPoint v = grid.to_voxel(p);
  const GridSize n = grid.size();
  return (*mask_)(nearest_voxel(v.x, n.nx - 1), nearest_voxel(v.y, n.ny - 1), nearest_voxel(v.z, n.nz - 1)) >= 0.5f;
}

std::string Region::description() const {
  if (shape_) return "body contour '" + shape_->name() + "'";
  return mask_ ? "body found in the CT" : "dose grid";
}

Occupancy Region::occupancy(const Grid& grid) const {
  if (shape_) return occupancy_of(*shape_, grid);
  Occupancy inside(grid, 1.0f);
  if (!mask_) return inside;
  const GridSize n = grid.size();
  const Grid& ct = mask_->grid();
  if (!along_patient(grid) || !along_patient(ct)) {
    parallel_for(n.nz, [&](std::int64_t k) {
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i) inside(i, j, int(k)) = contains(grid.voxel_centre(i, j, int(k))) ? 1.0f : 0.0f;
    });
    return inside;
  }
  // The voxel of the mask around a centre: one axis at a time, -1 outside.
  const std::array<int, 3> count{n.nx, n.ny, n.nz}, last{ct.size().nx - 1, ct.size().ny - 1, ct.size().nz - 1};
  std::array<std::vector<int>, 3> around;
  for (int d = 0; d < 3; ++d)
    for (int q = 0; q < count[d]; ++q) {
      const VoxelPoint v = ct.to_voxel(grid.voxel_centre(d == 0 ? q : 0, d == 1 ? q : 0, d == 2 ? q : 0));
      const double at = d == 0 ? v.x : d == 1 ? v.y : v.z;
      around[d].push_back(at >= -0.5 && at <= last[d] + 0.5 ? nearest_voxel(at, last[d]) : -1);
    }
  parallel_for(n.nz, [&](std::int64_t k) {
    for (int j = 0; j < n.ny; ++j) {
      float* row = inside.values().data() + grid.index(0, j, int(k));
      const int y = around[1][j], z = around[2][k];
      const float* mask = y >= 0 && z >= 0 ? mask_->values().data() + ct.index(0, y, z) : nullptr;
      for (int i = 0; i < n.nx; ++i) {
        const int x = around[0][i];
        row[i] = mask && x >= 0 && mask[x] >= 0.5f ? 1.0f : 0.0f;
      }
    }
  });
  return inside;
}

}  // namespace sbrt
