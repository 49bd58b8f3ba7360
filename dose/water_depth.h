/// Water-equivalent depth along a straight line, docs/physics.md eq. (5).
#pragma once

#include "geometry/traverse.h"
#include "geometry/volume.h"

namespace sbrt {

/// Integral of the relative electron density along the segment from -> to over whole voxels [mm]; 0 outside the map.
inline double water_equivalent_depth_mm(const DensityMap& density, PatientPoint from, PatientPoint to) {
  const float* values = density.values().data();
  double depth = 0;
  traverse(density.grid(), from, to,
           [&](std::size_t voxel, double length_mm) { depth += double(values[voxel]) * length_mm; });
  return depth;
}

/// The part of the map that holds all its density, so that rays do not walk through the air around the body; depths are
/// the same. A map without density becomes one voxel of 0.
DensityMap cropped_to_density(const DensityMap& density);

}  // namespace sbrt
