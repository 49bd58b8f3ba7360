/// Solids with closed-form truth: inside test, volume, chords and axial cross-sections without any voxel grid.
#pragma once

#include "geometry/space.h"
#include "geometry/structure_set.h"

#include <memory>
#include <optional>
#include <vector>

namespace sbrt::phantoms {

/// A point of an axial plane, patient x and y [mm].
struct PlanePoint {
  double x = 0, y = 0;
};
using Polygon = std::vector<PlanePoint>;  ///< closed, the first point not repeated

/// Part of a ray origin + t * direction inside a solid.
struct RayInterval {
  double enter = 0, leave = 0;
};

/// Immutable, cheap to copy (shared state).
class Solid {
 public:
  struct Node;
  explicit Solid(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  bool contains(PatientPoint p) const;
  /// Closed form [mm^3]; none for general unions, intersections and differences.
  std::optional<double> volume_mm3() const;
  Box bounding_box() const;
  /// Where the whole line origin + t * direction runs inside, ascending t.
  std::vector<RayInterval> crossings(PatientPoint origin, PatientVec direction) const;
  /// Length inside along the whole line [mm].
  double chord_mm(PatientPoint origin, Direction<Patient> direction) const;
  /// Boundary in the plane z, combined even-odd. Curves become polygons of the same area whose points lie within
  /// `tolerance_mm` of the curve. Half-open in z, so a stack of planes at spacing h meets a length L in L/h planes.
  std::vector<Polygon> section(double z_mm, double tolerance_mm = 0.01) const;

  const Node& node() const { return *node_; }

 private:
  std::shared_ptr<const Node> node_;
};

/// @throws ContractViolation for sizes that are not positive (all of them)
Solid sphere(PatientPoint centre, double radius_mm);
Solid ellipsoid(PatientPoint centre, PatientVec semi_axes_mm);
/// Any axis.
Solid cylinder(PatientPoint centre, Direction<Patient> axis, double radius_mm, double length_mm);
/// Axis along z.
Solid elliptic_cylinder(PatientPoint centre, double semi_x_mm, double semi_y_mm, double length_mm);
/// Axis from the centre of the base to the apex; along z or in an axial plane.
Solid cone(PatientPoint base_centre, Direction<Patient> axis, double base_radius_mm, double height_mm);
Solid box(PatientPoint centre, PatientVec size_mm);
/// Axis along z, tube_radius < ring_radius.
Solid torus(PatientPoint centre, double ring_radius_mm, double tube_radius_mm);
/// Part of a tube about the z axis through `centre`: from `start_rad` (0 = +x, towards +y) over `sweep_rad` < 2 pi.
Solid c_shape(PatientPoint centre, double inner_radius_mm, double outer_radius_mm, double start_rad, double sweep_rad,
              double length_mm);

/// Boolean operations on any solids. Boundaries should not coincide in extended pieces.
Solid united(const Solid& a, const Solid& b);
Solid intersected(const Solid& a, const Solid& b);
Solid subtracted(const Solid& a, const Solid& b);
/// Operations that keep closed-form volume and exact sections; the caller knows that `inner` lies wholly inside
/// `outer`, or that the two do not touch.
Solid with_hole(const Solid& outer, const Solid& inner);
Solid joined_apart(const Solid& a, const Solid& b);

/// Closed planar contours on the planes (patient z) that meet the solid.
std::vector<Contour> contours_on(const Solid& solid, const std::vector<double>& planes_z_mm,
                                 double tolerance_mm = 0.01);

}  // namespace sbrt::phantoms
