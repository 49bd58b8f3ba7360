/// Union, intersection and difference of polygon sets (even-odd) in a plane.
#pragma once

#include "phantoms/analytic_shape.h"

#include <vector>

namespace sbrt::phantoms {

enum class BooleanOperation { unite, intersect, subtract };

/// Neglected: boundaries that coincide in an extended piece (one of them is taken).
std::vector<Polygon> combine(const std::vector<Polygon>& a, const std::vector<Polygon>& b, BooleanOperation operation);

bool inside_even_odd(const std::vector<Polygon>& polygons, PlanePoint p);
double signed_area_mm2(const Polygon& polygon);

}  // namespace sbrt::phantoms
