/// Structures drawn as circles and rectangles on equidistant planes, for tests with real shapes.
#pragma once

#include "geometry/shape.h"
#include "geometry/structure_set.h"

#include <cmath>
#include <string>

namespace sbrt::contoured {

/// Circle as a polygon of the same area.
inline Contour circle(PatientPoint centre, double radius, int corners = 90) {
  const double angle = 2 * M_PI / corners;
  const double reach = radius * std::sqrt(angle / std::sin(angle));
  Contour contour;
  for (int i = 0; i < corners; ++i)
    contour.points.push_back(centre + PatientVec{reach * std::cos(i * angle), reach * std::sin(i * angle), 0});
  return contour;
}

inline Structure sphere(const std::string& name, PatientPoint centre, double radius, double plane_mm = 1.0,
                        RoiRole role = RoiRole::ptv) {
  Structure structure;
  structure.name = name;
  structure.role = role;
  for (int k = int(std::ceil((centre.z - radius) / plane_mm)); k * plane_mm < centre.z + radius; ++k) {
    const double z = k * plane_mm, r2 = radius * radius - (z - centre.z) * (z - centre.z);
    if (r2 > 1e-6) structure.contours.push_back(circle({centre.x, centre.y, z}, std::sqrt(r2)));
  }
  return structure;
}

/// Box whose planes lie half a gap inside its ends.
inline Structure box(const std::string& name, PatientPoint low, PatientPoint high, double plane_mm = 1.0,
                     RoiRole role = RoiRole::organ) {
  Structure structure;
  structure.name = name;
  structure.role = role;
  for (double z = low.z + plane_mm / 2; z < high.z; z += plane_mm) {
    Contour contour;
    contour.points = {{low.x, low.y, z}, {high.x, low.y, z}, {high.x, high.y, z}, {low.x, high.y, z}};
    structure.contours.push_back(contour);
  }
  return structure;
}

}  // namespace sbrt::contoured
