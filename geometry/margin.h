/// Isotropic margins, exact in millimetres: the result is the set of points within `margin_mm` of the shape.
#pragma once

#include <string>
#include <vector>

#include "geometry/shape.h"

namespace sbrt {

/// Contours of shape (+) ball(margin_mm), margin_mm >= 0, on the given planes plus the extra planes of the same spacing needed above and below.
/// With margin_mm == 0 the shape's own contours are resampled on the planes.
/// @param plane_positions_mm ascending positions along shape.plane_normal() on which contours are wanted (the CT planes);
///        outside them the outermost gap is continued
/// @param shapes one or more shapes; their union is expanded (ITV)
/// @throws InputError for a margin that is negative or not finite
std::vector<Contour> expand(const std::vector<Shape>& shapes, double margin_mm, const std::vector<double>& plane_positions_mm);

}  // namespace sbrt
