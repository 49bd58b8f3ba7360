/// Structures whose contours are legal but unusual, with their closed-form volume.
#pragma once

#include "geometry/structure_set.h"

#include <vector>

namespace sbrt::phantoms {

struct ContourCase {
  Structure structure;
  double volume_mm3 = 0;  //!< flat ends get half a gap, a lone plane one gap
};

/// Holes, a keyhole, XOR, islands, planes off the grid, uneven, missing, oblique, sagittal, one and two planes,
/// contours that touch and cross themselves or each other. Circles are polygons of the same area.
/// @param gap_mm distance of the planes, which are the multiples of it
std::vector<ContourCase> contour_cases(double gap_mm);

}  // namespace sbrt::phantoms
