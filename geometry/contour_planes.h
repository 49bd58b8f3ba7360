/// Contours of a structure sorted into their planes.
#pragma once

#include "geometry/loft.h"
#include "geometry/structure_set.h"
#include "geometry/warning.h"

#include <vector>

namespace sbrt {

/// Axes of the contour planes; (u, v, n) is right-handed and orthonormal, positions count from the patient origin [mm].
struct PlaneFrame {
  PatientVec u{1, 0, 0}, v{0, 1, 0}, n{0, 0, 1};

  planar::Uv uv(PatientPoint p) const { return {dot(p - PatientPoint{}, u), dot(p - PatientPoint{}, v)}; }
  double z(PatientPoint p) const { return dot(p - PatientPoint{}, n); }
  PatientPoint point(planar::Uv q, double z) const { return PatientPoint{} + (q.u * u + q.v * v + z * n); }
};

struct ContourPlanes {
  PlaneFrame frame;
  std::vector<ContourPlane> planes;  // ascending, regions not empty
  Warnings warnings;
};

/// Contours may lie this far off their plane, and planes closer than this are one [mm].
inline constexpr double plane_tolerance_mm = 0.1;

/// @throws InputError as Shape::from_structure does
ContourPlanes contour_planes(const Structure& structure);

/// "z = 12.5 mm" for axial planes, "plane at 12.5 mm" for others.
std::string plane_label(const PlaneFrame& frame, double z);

}  // namespace sbrt
