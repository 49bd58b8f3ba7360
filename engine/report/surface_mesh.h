/// Triangles of a structure's surface, for pictures only: no number is taken from them.
#pragma once

#include "geometry/shape.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sbrt {

struct SurfaceMesh {
  std::vector<PatientPoint> points;                     //!< [mm]
  std::vector<std::array<std::uint32_t, 3>> triangles;  //!< indices of points, outward side to the front
};

/// Surface where the occupancy is one half, by surface nets (Gibson, MICCAI 1998): one point in each cell that the
/// surface crosses, at the mean of the crossings of its edges.
/// @param cells along the longest side of the structure; the spacing is never finer than 1 mm
SurfaceMesh surface_of(const Shape& shape, int cells = 48);

/// The same of any occupancy. What lies outside the grid counts as empty.
SurfaceMesh surface_of(const Occupancy& occupancy);

}  // namespace sbrt
