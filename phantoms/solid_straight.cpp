#include "geometry/error.h"
#include "phantoms/closed_form.h"
#include "phantoms/solid_node.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

/// Part of a convex polygon where nx x + ny y <= limit.
Polygon clipped(const Polygon& polygon, double nx, double ny, double limit) {
  Polygon inside;
  const auto excess = [&](PlanePoint p) { return nx * p.x + ny * p.y - limit; };
  for (std::size_t n = 0; n < polygon.size(); ++n) {
    const PlanePoint a = polygon[n], b = polygon[(n + 1) % polygon.size()];
    const double ea = excess(a), eb = excess(b);
    if (ea <= 0) inside.push_back(a);
    if ((ea < 0 && eb > 0) || (ea > 0 && eb < 0)) {
      const double t = ea / (ea - eb);
      inside.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
    }
  }
  return inside;
}

/// Half-extent of a disc of the given radius and normal along each patient axis.
PatientVec disc_extent(PatientVec normal, double radius) {
  const auto extent = [&](double n) { return radius * std::sqrt(std::max(0.0, 1 - n * n)); };
  return {extent(normal.x), extent(normal.y), extent(normal.z)};
}

constexpr double in_plane = 1e-9;  // an axis with a smaller z component lies in the axial plane

struct Cylinder final : Solid::Node {
  Cylinder(PatientPoint c, PatientVec a, double r, double l) : centre(c), axis(a), radius(r), length(l) {}
  PatientPoint centre;
  PatientVec axis;
  double radius, length;

  bool contains(PatientPoint p) const override {
    const PatientVec d = p - centre;
    const double along = dot(d, axis);
    return std::abs(along) <= length / 2 && norm2(d - along * axis) <= radius * radius;
  }
  std::optional<double> volume_mm3() const override { return cylinder_volume_mm3(radius, length); }
  Box bounding_box() const override {
    const PatientVec disc = disc_extent(axis, radius);
    Box bounds;
    for (const double end : {-length / 2, length / 2}) {
      bounds.add(centre + end * axis + disc);
      bounds.add(centre + end * axis - disc);
    }
    return bounds;
  }
  void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const override {
    const PatientVec o = origin - centre;
    const double o_along = dot(o, axis), d_along = dot(direction, axis);
    const PatientVec o_off = o - o_along * axis, d_off = direction - d_along * axis;
    append_quadratic_roots(norm2(d_off), 2 * dot(o_off, d_off), norm2(o_off) - radius * radius, t);
    for (const double face : {-length / 2, length / 2})
      if (d_along != 0) t.push_back((face - o_along) / d_along);
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    const double h = z_mm - centre.z;
    const double horizontal = std::hypot(axis.x, axis.y);
    if (horizontal < in_plane) return {ellipse_polygon({centre.x, centre.y}, radius, radius, tolerance_mm)};
    const double ux = axis.x / horizontal, uy = axis.y / horizontal;  // the axis seen from above
    if (std::abs(axis.z) < in_plane) {
      const double w = std::sqrt(std::max(0.0, radius * radius - h * h)), l = length / 2;
      if (w == 0) return {};
      return {{{centre.x - l * ux + w * uy, centre.y - l * uy - w * ux},
               {centre.x + l * ux + w * uy, centre.y + l * uy - w * ux},
               {centre.x + l * ux - w * uy, centre.y + l * uy + w * ux},
               {centre.x - l * ux - w * uy, centre.y - l * uy + w * ux}}};
    }
    // The endless cylinder is cut in an ellipse about the point where its axis meets the plane; the two end faces cut
    // that.
    const double along = h / axis.z * horizontal;
    Polygon polygon;
    for (const PlanePoint& p : ellipse_polygon({along, 0}, radius / std::abs(axis.z), radius, tolerance_mm))
      polygon.push_back({centre.x + p.x * ux - p.y * uy, centre.y + p.x * uy + p.y * ux});
    const double from_axis = axis.x * centre.x + axis.y * centre.y - axis.z * h;
    polygon = clipped(polygon, axis.x, axis.y, from_axis + length / 2);
    polygon = clipped(polygon, -axis.x, -axis.y, -from_axis + length / 2);
    if (polygon.size() < 3) return {};
    return {polygon};
  }
};

struct Cone final : Solid::Node {
  Cone(PatientPoint b, PatientVec a, double r, double h) : base(b), axis(a), radius(r), height(h) {}
  PatientPoint base;
  PatientVec axis;
  double radius, height;

  double radius_at(double along) const { return radius * (1 - along / height); }
  bool contains(PatientPoint p) const override {
    const PatientVec d = p - base;
    const double along = dot(d, axis);
    if (along < 0 || along > height) return false;
    const double r = radius_at(along);
    return norm2(d - along * axis) <= r * r;
  }
  std::optional<double> volume_mm3() const override { return cone_volume_mm3(radius, height); }
  Box bounding_box() const override {
    const PatientVec disc = disc_extent(axis, radius);
    Box bounds;
    bounds.add(base + disc);
    bounds.add(base - disc);
    bounds.add(base + height * axis);
    return bounds;
  }
  void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const override {
    const PatientVec o = origin - base;
    const double o_along = dot(o, axis), d_along = dot(direction, axis);
    const PatientVec o_off = o - o_along * axis, d_off = direction - d_along * axis;
    const double r0 = radius_at(o_along), slope = -radius / height * d_along;
    append_quadratic_roots(norm2(d_off) - slope * slope, 2 * (dot(o_off, d_off) - r0 * slope), norm2(o_off) - r0 * r0,
                           t);
    for (const double face : {0.0, height})
      if (d_along != 0) t.push_back((face - o_along) / d_along);
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    const double h = z_mm - base.z;
    if (std::abs(axis.z) > in_plane) {
      const double r = radius_at(h / axis.z);
      if (!(r > 0)) return {};
      return {ellipse_polygon({base.x, base.y}, r, r, tolerance_mm)};
    }
    // Parallel to the axis the cone is cut in a hyperbola, half-width sqrt(r(s)^2 - h^2); points crowd at its round
    // tip.
    const double tip = height * (1 - std::abs(h) / radius);
    if (!(tip > 0)) return {};
    constexpr int steps = 200;
    Polygon polygon;
    for (int n = -steps; n <= steps; ++n) {
      const double v = double(n) / steps, s = tip * (1 - v * v), r = radius_at(s);
      const double w = std::copysign(std::sqrt(std::max(0.0, r * r - h * h)), v);
      polygon.push_back({base.x + s * axis.x - w * axis.y, base.y + s * axis.y + w * axis.x});
    }
    return {polygon};
  }
};

struct BoxSolid final : Solid::Node {
  BoxSolid(PatientPoint c, PatientVec s) : centre(c), half(0.5 * s) {}
  PatientPoint centre;
  PatientVec half;

  bool contains(PatientPoint p) const override {
    const PatientVec d = p - centre;
    return std::abs(d.x) <= half.x && std::abs(d.y) <= half.y && std::abs(d.z) <= half.z;
  }
  std::optional<double> volume_mm3() const override { return 8 * half.x * half.y * half.z; }
  Box bounding_box() const override { return {centre - half, centre + half}; }
  void breakpoints(PatientPoint origin, PatientVec d, std::vector<double>& t) const override {
    const PatientVec o = origin - centre;
    for (const double side : {-1.0, 1.0}) {
      if (d.x != 0) t.push_back((side * half.x - o.x) / d.x);
      if (d.y != 0) t.push_back((side * half.y - o.y) / d.y);
      if (d.z != 0) t.push_back((side * half.z - o.z) / d.z);
    }
  }
  std::vector<Polygon> section(double, double) const override {
    const PlanePoint low{centre.x - half.x, centre.y - half.y}, high{centre.x + half.x, centre.y + half.y};
    return {{low, {high.x, low.y}, high, {low.x, high.y}}};
  }
};

}  // namespace

Solid cylinder(PatientPoint centre, Direction<Patient> axis, double radius_mm, double length_mm) {
  SBRT_EXPECT(radius_mm > 0 && length_mm > 0);
  return Solid(std::make_shared<const Cylinder>(centre, axis.vec(), radius_mm, length_mm));
}

Solid cone(PatientPoint base_centre, Direction<Patient> axis, double base_radius_mm, double height_mm) {
  SBRT_EXPECT(base_radius_mm > 0 && height_mm > 0);
  SBRT_EXPECT(std::abs(axis.z()) < in_plane || std::abs(axis.z()) > 1 - in_plane);
  return Solid(std::make_shared<const Cone>(base_centre, axis.vec(), base_radius_mm, height_mm));
}

Solid box(PatientPoint centre, PatientVec size_mm) {
  SBRT_EXPECT(size_mm.x > 0 && size_mm.y > 0 && size_mm.z > 0);
  return Solid(std::make_shared<const BoxSolid>(centre, size_mm));
}

}  // namespace sbrt::phantoms
