#include "engine/evaluation/region.h"

#include "geometry/parallel.h"

#include <cmath>
#include <utility>

namespace sbrt {

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
  const auto nearest = [](double x, int size) { return std::min(std::max(int(std::lround(x)), 0), size - 1); };
  return (*mask_)(nearest(v.x, n.nx), nearest(v.y, n.ny), nearest(v.z, n.nz)) >= 0.5f;
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
  parallel_for(n.nz, [&](std::int64_t k) {
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) inside(i, j, int(k)) = contains(grid.voxel_centre(i, j, int(k))) ? 1.0f : 0.0f;
  });
  return inside;
}

}  // namespace sbrt
