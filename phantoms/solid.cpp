#include "geometry/error.h"
#include "phantoms/polygon_boolean.h"
#include "phantoms/solid_node.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {

void append_quadratic_roots(double a, double b, double c, std::vector<double>& roots) {
  if (a == 0) {
    if (b != 0) roots.push_back(-c / b);
    return;
  }
  const double discriminant = b * b - 4 * a * c;
  if (!(discriminant > 0)) return;
  // The larger root first: no cancellation.
  const double q = -0.5 * (b + std::copysign(std::sqrt(discriminant), b));
  roots.push_back(q / a);
  if (q != 0) roots.push_back(c / q);
}

std::vector<double> polynomial_roots(const std::vector<double>& c, double low, double high) {
  const auto value = [&](double t) {
    double sum = 0;
    for (std::size_t n = c.size(); n-- > 0;) sum = sum * t + c[n];
    return sum;
  };
  std::vector<double> roots;
  if (c.size() < 2) return roots;
  // Between two extrema the polynomial is monotone, so each sign change there is one root.
  std::vector<double> derivative;
  for (std::size_t n = 1; n < c.size(); ++n) derivative.push_back(double(n) * c[n]);
  std::vector<double> bounds = polynomial_roots(derivative, low, high);
  bounds.insert(bounds.begin(), low);
  bounds.push_back(high);
  for (std::size_t n = 0; n + 1 < bounds.size(); ++n) {
    double a = bounds[n], b = bounds[n + 1];
    const bool positive_at_a = value(a) > 0;
    if (positive_at_a == (value(b) > 0)) continue;
    for (double middle = 0.5 * (a + b); middle != a && middle != b; middle = 0.5 * (a + b))
      ((value(middle) > 0) == positive_at_a ? a : b) = middle;
    roots.push_back(0.5 * (a + b));
  }
  return roots;
}

int circle_steps(double radius_mm, double tolerance_mm) {
  constexpr int fewest = 60;
  if (radius_mm <= tolerance_mm) return fewest;
  return std::max(fewest, int(std::ceil(std::numbers::pi / std::acos(1 - tolerance_mm / radius_mm))));
}

double equal_area_factor(int steps) {
  const double step = 2 * std::numbers::pi / steps;
  return std::sqrt(step / std::sin(step));
}

Polygon ellipse_polygon(PlanePoint centre, double semi_x_mm, double semi_y_mm, double tolerance_mm) {
  const int steps = circle_steps(std::max(semi_x_mm, semi_y_mm), tolerance_mm);
  const double grown = equal_area_factor(steps);
  Polygon polygon;
  for (int n = 0; n < steps; ++n) {
    const double angle = 2 * std::numbers::pi * n / steps;
    polygon.push_back({centre.x + grown * semi_x_mm * std::cos(angle), centre.y + grown * semi_y_mm * std::sin(angle)});
  }
  return polygon;
}

bool Solid::contains(PatientPoint p) const { return node_->contains(p); }
std::optional<double> Solid::volume_mm3() const { return node_->volume_mm3(); }
Box Solid::bounding_box() const { return node_->bounding_box(); }

std::vector<RayInterval> Solid::crossings(PatientPoint origin, PatientVec direction) const {
  std::vector<double> t;
  node_->breakpoints(origin, direction, t);
  std::sort(t.begin(), t.end());
  std::vector<RayInterval> intervals;
  for (std::size_t n = 0; n + 1 < t.size(); ++n) {
    if (!(t[n] < t[n + 1]) || !node_->contains(origin + 0.5 * (t[n] + t[n + 1]) * direction)) continue;
    if (!intervals.empty() && intervals.back().leave == t[n])
      intervals.back().leave = t[n + 1];
    else
      intervals.push_back({t[n], t[n + 1]});
  }
  return intervals;
}

double Solid::chord_mm(PatientPoint origin, Direction<Patient> direction) const {
  double length = 0;
  for (const RayInterval& i : crossings(origin, direction)) length += i.leave - i.enter;
  return length;
}

std::vector<Polygon> Solid::section(double z_mm, double tolerance_mm) const {
  SBRT_EXPECT(tolerance_mm > 0);
  const Box bounds = bounding_box();
  if (!(z_mm >= bounds.low.z && z_mm < bounds.high.z)) return {};
  return node_->section(z_mm, tolerance_mm);
}

std::vector<Contour> contours_on(const Solid& solid, const std::vector<double>& planes_z_mm, double tolerance_mm) {
  constexpr double smallest_mm2 = 0.01;  // a contour of a tenth of a millimetre is no use to anyone
  std::vector<Contour> contours;
  for (const double z : planes_z_mm)
    for (const Polygon& polygon : solid.section(z, tolerance_mm)) {
      if (std::abs(signed_area_mm2(polygon)) < smallest_mm2) continue;
      Contour contour;
      contour.points.reserve(polygon.size());
      for (const PlanePoint& p : polygon) contour.points.push_back({p.x, p.y, z});
      contours.push_back(std::move(contour));
    }
  return contours;
}

}  // namespace sbrt::phantoms
