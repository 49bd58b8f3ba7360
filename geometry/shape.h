/// The solid that a structure's planar contours bound. Sub-voxel: no voxel grid enters its definition.
#pragma once

#include "geometry/interval.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sbrt {

/// What lies between and beyond the contour planes.
enum class BetweenPlanes {
  shape_following,  ///< follows how the shape changes from plane to plane; flat ends get half a gap, tapering ends are
                    ///< extrapolated, always less than one gap
  slab,             ///< each plane's polygons extruded half way to its neighbours; half a gap beyond the ends
};
std::string_view to_string(BetweenPlanes rule);  ///< "shape-following", "slab"

/// A point that stands for a small piece of a solid.
struct Sample {
  PatientPoint point;
  double volume_mm3 = 0;
};

/// The pieces of a solid and a point in each that is as likely to lie anywhere in it.
struct ScatteredSamples {
  std::vector<Sample> samples;
  std::vector<PatientPoint> points;
  std::vector<std::uint64_t> cell;  //!< of PieceCells, in which each lies
  std::vector<std::int32_t> block;  //!< of at most 2 x 2 x 2 pieces, in which each lies: 0, 1, ...
  std::int32_t blocks = 0;
};

/// Immutable; cheap to copy (shared state).
class Shape {
 public:
  /// Only closed planar contours count; points are ignored, an open contour is refused.
  /// Contours of one plane are combined even-odd (holes, keyholes, XOR). Planes may have any common orientation.
  /// Contours may lie up to 0.1 mm off their plane. A contour drawn twice counts once (warning).
  /// @param lone_plane_thickness_mm thickness of a structure that has contours on one plane only (warning); give the
  /// CT's
  ///        slice spacing where it is known
  /// @throws InputError naming structure and contour: no closed contour, open contour, fewer than three points, not
  /// planar,
  ///         planes of different orientation, value not finite
  static Shape from_structure(const Structure& structure, BetweenPlanes rule = BetweenPlanes::shape_following,
                              double lone_plane_thickness_mm = 1.0);

  const std::string& name() const;
  BetweenPlanes rule() const;
  const Warnings& warnings() const;  ///< self-crossing polygons, missing inner planes, ... with structure and plane

  double volume_mm3() const;
  /// Numerical interval of the volume, effect of the end-cap rule included [mm^3].
  Interval volume_interval_mm3() const;
  PatientPoint centroid() const;
  Box bounding_box() const;
  PatientVec plane_normal() const;                        ///< unit normal of the contour planes
  const std::vector<double>& plane_positions_mm() const;  ///< ascending, along plane_normal from the patient origin

  bool contains(PatientPoint p) const;
  /// Pieces no longer than `step_mm` per side; each carries the exact volume inside its cell and lies at that part's
  /// centroid. The cells are turned against the axes and staggered along the normal, so that cumulative sums over a
  /// dose gradient rise evenly. Volumes sum to volume_mm3(), first moments to the centroid. Deterministic order.
  std::vector<Sample> sample(double step_mm) const;
  /// The same pieces with scattered points. An isodose that runs along the structure's surface cuts all pieces there
  /// alike: their centroids would fall to one side of it together, their scattered points fall to either side by share
  /// of volume. Where less than a twentieth of a cell lies inside, the point may be the centroid.
  ScatteredSamples sample_scattered(double step_mm) const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Shape(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Fraction of every voxel of `grid` inside the shape, 0...1.
Occupancy occupancy_of(const Shape& shape, const Grid& grid);

/// Points spread over the surface, neighbours about `spacing_mm` apart, end caps included. Deterministic.
std::vector<PatientPoint> surface_points(const Shape& shape, double spacing_mm);

/// Exact distance to the solid: 0 inside, else to the nearest surface point, mm. For repeated queries.
class DistanceToShape {
 public:
  /// @param accuracy_mm largest error of the returned distances at distances above 1 mm
  explicit DistanceToShape(const Shape& shape, double accuracy_mm = 0.05);
  double operator()(PatientPoint p) const;
  double signed_distance(PatientPoint p) const;  ///< negative inside

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace sbrt
