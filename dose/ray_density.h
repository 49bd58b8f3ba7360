/// Relative electron density as the fast path's rays read it.
#pragma once

#include "dose/large_array.h"
#include "dose/water_depth.h"
#include "geometry/volume.h"

#include <cstdint>

namespace sbrt {

/// The part of a density map that holds any, in 16-bit steps: rays wait for memory, and half the bytes are half the
/// wait. The step is 1/16384, or the least power of two above it that holds the map's highest density. Neglected: up to
/// half a step of a voxel's density, with the usual one 0.01 mm of depth over 300 mm; densities of 1 and 0.25 are
/// exact.
class RayDensity {
 public:
  /// @pre densities are finite and 0 or more; fewer than 2^31 voxels
  explicit RayDensity(const DensityMap& density);

  const Grid& grid() const { return grid_; }                      //!< of the whole map
  const VoxelBox& box() const { return box_; }                    //!< the part of it that is kept
  const std::uint16_t* values() const { return values_.data(); }  //!< i fastest; one more can be read behind the last
  double step() const { return step_; }

 private:
  Grid grid_;
  VoxelBox box_;
  double step_ = 1;
  LargeArray<std::uint16_t> values_;
};

}  // namespace sbrt
