#pragma once

#include "geometry/structure_set.h"

namespace sbrt {

/// Largest distance between any two contour points of a structure, in three dimensions [mm]; 0 without points. The part
/// of the lesion beyond its first and last contour plane, at most half a slice on either side, is not counted.
double largest_diameter_mm(const Structure& structure);

}  // namespace sbrt
