/// Water-equivalent depth along a straight line, docs/physics.md eq. (5).
#pragma once

#include "geometry/traverse.h"
#include "geometry/volume.h"

#include <array>

namespace sbrt {

/// Integral of the relative electron density along the segment from -> to over whole voxels [mm]; 0 outside the map.
inline double water_equivalent_depth_mm(const DensityMap& density, PatientPoint from, PatientPoint to) {
  const float* values = density.values().data();
  double depth = 0;
  traverse(density.grid(), from, to,
           [&](std::size_t voxel, double length_mm) { depth += double(values[voxel]) * length_mm; });
  return depth;
}

/// Voxels low ... low + size - 1 along every axis.
struct VoxelBox {
  std::array<int, 3> low{0, 0, 0}, size{1, 1, 1};
};
/// The smallest box that holds all density; one voxel of a map without any.
VoxelBox density_box(const DensityMap& density);

/// The part of the map that holds all its density, so that rays do not walk through the air around the body; depths are
/// the same. A map without density becomes one voxel of 0.
DensityMap cropped_to_density(const DensityMap& density);

}  // namespace sbrt
