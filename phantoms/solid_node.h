/// What a solid must answer. Private to this room.
#pragma once

#include "phantoms/analytic_shape.h"

namespace sbrt::phantoms {

struct Solid::Node {
  virtual ~Node() = default;
  virtual bool contains(PatientPoint p) const = 0;
  virtual std::optional<double> volume_mm3() const { return std::nullopt; }
  virtual Box bounding_box() const = 0;
  /// Appends every t where the line can cross the boundary (and possibly others).
  virtual void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const = 0;
  virtual std::vector<Polygon> section(double z_mm, double tolerance_mm) const = 0;
};

/// Appends the real roots of a t^2 + b t + c.
void append_quadratic_roots(double a, double b, double c, std::vector<double>& roots);
/// Real roots of sum c[n] t^n between `low` and `high`, ascending; a double root may be missed.
std::vector<double> polynomial_roots(const std::vector<double>& c, double low, double high);

/// Corners of a polygon of the same area as the ellipse, within `tolerance_mm` of it.
Polygon ellipse_polygon(PlanePoint centre, double semi_x_mm, double semi_y_mm, double tolerance_mm);
/// Number of equal steps of a full circle whose chords stay within `tolerance_mm`.
int circle_steps(double radius_mm, double tolerance_mm);
/// Radius of the corners of a regular polygon of `steps` corners with the area of the unit circle.
double equal_area_factor(int steps);

}  // namespace sbrt::phantoms
