#include "geometry/error.h"
#include "phantoms/closed_form.h"
#include "phantoms/solid_node.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

struct Ellipsoid final : Solid::Node {
  Ellipsoid(PatientPoint c, PatientVec s) : centre(c), semi(s) {}
  PatientPoint centre;
  PatientVec semi;

  PatientVec scaled(PatientVec v) const { return {v.x / semi.x, v.y / semi.y, v.z / semi.z}; }
  bool contains(PatientPoint p) const override { return norm2(scaled(p - centre)) <= 1; }
  std::optional<double> volume_mm3() const override { return sphere_volume_mm3(1) * semi.x * semi.y * semi.z; }
  Box bounding_box() const override { return {centre - semi, centre + semi}; }
  void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const override {
    const PatientVec o = scaled(origin - centre), d = scaled(direction);
    append_quadratic_roots(norm2(d), 2 * dot(o, d), norm2(o) - 1, t);
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    const double h = (z_mm - centre.z) / semi.z;
    const double shrink = std::sqrt(std::max(0.0, 1 - h * h));
    if (shrink == 0) return {};
    return {ellipse_polygon({centre.x, centre.y}, semi.x * shrink, semi.y * shrink, tolerance_mm)};
  }
};

struct EllipticCylinder final : Solid::Node {
  EllipticCylinder(PatientPoint c, double x, double y, double l) : centre(c), semi_x(x), semi_y(y), length(l) {}
  PatientPoint centre;
  double semi_x, semi_y, length;

  bool contains(PatientPoint p) const override {
    const double x = (p.x - centre.x) / semi_x, y = (p.y - centre.y) / semi_y;
    return x * x + y * y <= 1 && std::abs(p.z - centre.z) <= length / 2;
  }
  std::optional<double> volume_mm3() const override { return std::numbers::pi * semi_x * semi_y * length; }
  Box bounding_box() const override {
    const PatientVec half{semi_x, semi_y, length / 2};
    return {centre - half, centre + half};
  }
  void breakpoints(PatientPoint origin, PatientVec d, std::vector<double>& t) const override {
    const PatientVec o = origin - centre;
    const double ox = o.x / semi_x, oy = o.y / semi_y, dx = d.x / semi_x, dy = d.y / semi_y;
    append_quadratic_roots(dx * dx + dy * dy, 2 * (ox * dx + oy * dy), ox * ox + oy * oy - 1, t);
    for (const double face : {-length / 2, length / 2})
      if (d.z != 0) t.push_back((face - o.z) / d.z);
  }
  std::vector<Polygon> section(double, double tolerance_mm) const override {
    return {ellipse_polygon({centre.x, centre.y}, semi_x, semi_y, tolerance_mm)};
  }
};

struct Torus final : Solid::Node {
  Torus(PatientPoint c, double ring_radius, double tube_radius) : centre(c), ring(ring_radius), tube(tube_radius) {}
  PatientPoint centre;
  double ring, tube;

  bool contains(PatientPoint p) const override {
    const PatientVec d = p - centre;
    const double rho = std::hypot(d.x, d.y) - ring;
    return rho * rho + d.z * d.z <= tube * tube;
  }
  std::optional<double> volume_mm3() const override {
    return 2 * std::numbers::pi * std::numbers::pi * ring * tube * tube;
  }
  Box bounding_box() const override {
    const PatientVec half{ring + tube, ring + tube, tube};
    return {centre - half, centre + half};
  }
  void breakpoints(PatientPoint origin, PatientVec d, std::vector<double>& t) const override {
    // (|p|^2 + R^2 - r^2)^2 = 4 R^2 (x^2 + y^2) with p = o + t d, t counted from the point nearest to the centre.
    const double nearest = -dot(origin - centre, d) / norm2(d);
    const PatientVec o = origin + nearest * d - centre;
    const double a = norm2(d), c = norm2(o) + ring * ring - tube * tube, four = 4 * ring * ring;
    const double xy_a = d.x * d.x + d.y * d.y, xy_b = 2 * (o.x * d.x + o.y * d.y), xy_c = o.x * o.x + o.y * o.y;
    const double reach = 1.01 * (ring + tube) / std::sqrt(a);
    for (const double root :
         polynomial_roots({c * c - four * xy_c, -four * xy_b, 2 * a * c - four * xy_a, 0, a * a}, -reach, reach))
      t.push_back(nearest + root);
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    const double h = z_mm - centre.z;
    const double half_width = std::sqrt(std::max(0.0, tube * tube - h * h));
    constexpr double touching = 1e-6;  // outer and inner circle would be one
    if (half_width < touching) return {};
    std::vector<Polygon> rings;
    for (const double radius : {ring + half_width, ring - half_width})
      rings.push_back(ellipse_polygon({centre.x, centre.y}, radius, radius, tolerance_mm));
    return rings;
  }
};

struct CShape final : Solid::Node {
  PatientPoint centre;
  double inner, outer, start, sweep, length;

  bool contains(PatientPoint p) const override {
    const PatientVec d = p - centre;
    const double r2 = d.x * d.x + d.y * d.y;
    if (r2 < inner * inner || r2 > outer * outer || std::abs(d.z) > length / 2) return false;
    double angle = std::fmod(std::atan2(d.y, d.x) - start, 2 * std::numbers::pi);
    if (angle < 0) angle += 2 * std::numbers::pi;
    return angle <= sweep;
  }
  std::optional<double> volume_mm3() const override { return 0.5 * sweep * (outer * outer - inner * inner) * length; }
  Box bounding_box() const override {
    const PatientVec half{outer, outer, length / 2};
    return {centre - half, centre + half};
  }
  void breakpoints(PatientPoint origin, PatientVec d, std::vector<double>& t) const override {
    const PatientVec o = origin - centre;
    const double a = d.x * d.x + d.y * d.y, b = 2 * (o.x * d.x + o.y * d.y), c = o.x * o.x + o.y * o.y;
    for (const double radius : {inner, outer}) append_quadratic_roots(a, b, c - radius * radius, t);
    for (const double angle : {start, start + sweep}) {
      const double nx = -std::sin(angle), ny = std::cos(angle);
      append_quadratic_roots(0, d.x * nx + d.y * ny, o.x * nx + o.y * ny, t);
    }
    for (const double face : {-length / 2, length / 2})
      if (d.z != 0) t.push_back((face - o.z) / d.z);
  }
  std::vector<Polygon> section(double, double tolerance_mm) const override {
    Polygon polygon;
    const auto add_arc = [&](double radius, bool forwards) {
      const int full = circle_steps(radius, tolerance_mm);
      const int steps = std::max(1, int(std::ceil(full * sweep / (2 * std::numbers::pi))));
      // End points stay on the end faces; the rest is moved out to keep the area.
      const double grown = std::sqrt((sweep / steps) / std::sin(sweep / steps));
      for (int n = 0; n <= steps; ++n) {
        const double angle = start + sweep * (forwards ? n : steps - n) / steps;
        polygon.push_back({centre.x + grown * radius * std::cos(angle), centre.y + grown * radius * std::sin(angle)});
      }
    };
    add_arc(outer, true);
    add_arc(inner, false);
    return {polygon};
  }
};

}  // namespace

Solid ellipsoid(PatientPoint centre, PatientVec semi_axes_mm) {
  SBRT_EXPECT(semi_axes_mm.x > 0 && semi_axes_mm.y > 0 && semi_axes_mm.z > 0);
  return Solid(std::make_shared<const Ellipsoid>(centre, semi_axes_mm));
}

Solid sphere(PatientPoint centre, double radius_mm) { return ellipsoid(centre, {radius_mm, radius_mm, radius_mm}); }

Solid elliptic_cylinder(PatientPoint centre, double semi_x_mm, double semi_y_mm, double length_mm) {
  SBRT_EXPECT(semi_x_mm > 0 && semi_y_mm > 0 && length_mm > 0);
  return Solid(std::make_shared<const EllipticCylinder>(centre, semi_x_mm, semi_y_mm, length_mm));
}

Solid torus(PatientPoint centre, double ring_radius_mm, double tube_radius_mm) {
  SBRT_EXPECT(tube_radius_mm > 0 && tube_radius_mm < ring_radius_mm);
  return Solid(std::make_shared<const Torus>(centre, ring_radius_mm, tube_radius_mm));
}

Solid c_shape(PatientPoint centre, double inner_radius_mm, double outer_radius_mm, double start_rad, double sweep_rad,
              double length_mm) {
  SBRT_EXPECT(inner_radius_mm > 0 && outer_radius_mm > inner_radius_mm && length_mm > 0);
  SBRT_EXPECT(sweep_rad > 0 && sweep_rad < 2 * std::numbers::pi);
  auto node = std::make_shared<CShape>();
  node->centre = centre;
  node->inner = inner_radius_mm;
  node->outer = outer_radius_mm;
  node->start = start_rad;
  node->sweep = sweep_rad;
  node->length = length_mm;
  return Solid(std::move(node));
}

}  // namespace sbrt::phantoms
