/// Contours of solids with closed-form volume, on any planes. Polygons carry the exact area of their curve, so that a
/// test sees the error of the method and not of the polygon.
#pragma once

#include "geometry/structure_set.h"

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sbrt::test {

inline constexpr double pi = 3.14159265358979323846;

/// first, first + gap, ... up to last.
inline std::vector<double> planes(double first, double last, double gap) {
  std::vector<double> z;
  for (int i = 0; first + i * gap <= last + 1e-9; ++i) z.push_back(first + i * gap);
  return z;
}

/// Where contour planes lie in the patient: point(u, v, w) with w along the plane normal. The default is axial.
struct Placement {
  PatientPoint origin;
  PatientVec u{1, 0, 0}, v{0, 1, 0}, n{0, 0, 1};
  PatientPoint operator()(double a, double b, double w) const { return origin + (a * u + b * v + w * n); }
};

/// Placement turned by `degrees` about the patient's x axis.
inline Placement tilted(double degrees, PatientPoint origin = {}) {
  const double c = std::cos(degrees * pi / 180), s = std::sin(degrees * pi / 180);
  return {origin, {1, 0, 0}, {0, c, s}, {0, -s, c}};
}

inline Placement sagittal(PatientPoint origin = {}) { return {origin, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}}; }

/// Regular polygon with the area of the circle of this radius.
inline Contour circle(const Placement& place, double cu, double cv, double w, double radius, int n = 240) {
  const double r = radius * std::sqrt(2 * pi / n / std::sin(2 * pi / n));
  Contour contour;
  for (int i = 0; i < n; ++i)
    contour.points.push_back(place(cu + r * std::cos(2 * pi * i / n), cv + r * std::sin(2 * pi * i / n), w));
  return contour;
}

inline Contour rectangle(const Placement& place, double u0, double v0, double u1, double v1, double w) {
  return {ContourKind::closed_planar, {place(u0, v0, w), place(u1, v0, w), place(u1, v1, w), place(u0, v1, w)}};
}

inline Structure structure(std::string name, std::vector<Contour> contours) {
  Structure s;
  s.number = 1;
  s.name = std::move(name);
  s.contours = std::move(contours);
  return s;
}

inline void append(std::vector<Contour>& all, std::vector<Contour> more) {
  for (Contour& c : more) all.push_back(std::move(c));
}

/// Sphere about (cu, cv, cw) of the placement.
inline std::vector<Contour> sphere(double radius, const std::vector<double>& at, double cu = 0, double cv = 0,
                                   double cw = 0, const Placement& place = {}) {
  std::vector<Contour> all;
  for (const double w : at) {
    const double r2 = radius * radius - (w - cw) * (w - cw);
    if (r2 > 1e-6 * radius * radius) all.push_back(circle(place, cu, cv, w, std::sqrt(r2)));
  }
  return all;
}

/// Cylinder along the plane normal, contours on every plane given.
inline std::vector<Contour> cylinder(double radius, const std::vector<double>& at, double cu = 0, double cv = 0,
                                     const Placement& place = {}) {
  std::vector<Contour> all;
  for (const double w : at) all.push_back(circle(place, cu, cv, w, radius));
  return all;
}

/// Cylinder lying in the planes, along v: strips.
inline std::vector<Contour> lying_cylinder(double radius, double length, const std::vector<double>& at, double cw = 0,
                                           const Placement& place = {}) {
  std::vector<Contour> all;
  for (const double w : at) {
    const double h2 = radius * radius - (w - cw) * (w - cw);
    if (h2 > 1e-6 * radius * radius)
      all.push_back(rectangle(place, -std::sqrt(h2), -length / 2, std::sqrt(h2), length / 2, w));
  }
  return all;
}

/// Cone with its base on w = base, tip at w = base + height (height may be negative).
inline std::vector<Contour> cone(double radius, double base, double height, const std::vector<double>& at,
                                 const Placement& place = {}) {
  std::vector<Contour> all;
  for (const double w : at) {
    const double f = 1 - (w - base) / height;
    if (f > 1e-3 && f <= 1 + 1e-9) all.push_back(circle(place, 0, 0, w, radius * f));
  }
  return all;
}

/// Torus about the plane normal: ring radius R, tube radius r.
inline std::vector<Contour> torus(double ring, double tube, const std::vector<double>& at, double cw = 0,
                                  const Placement& place = {}) {
  std::vector<Contour> all;
  for (const double w : at) {
    const double h2 = tube * tube - (w - cw) * (w - cw);
    if (h2 <= 1e-6 * tube * tube) continue;
    all.push_back(circle(place, 0, 0, w, ring + std::sqrt(h2)));
    all.push_back(circle(place, 0, 0, w, ring - std::sqrt(h2)));
  }
  return all;
}

inline double sphere_volume(double r) { return 4 * pi / 3 * r * r * r; }

}  // namespace sbrt::test
