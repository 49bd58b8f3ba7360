/// Margins and Boolean operations on shapes, exact in millimetres and free of voxels: a result is the set of points
/// that meet the stated distances, written as contours on wanted planes.
///
/// Distances are three-dimensional: plane distances to the sections of the shape joined along the normal. Neglected:
/// the curvature of the surface between sections 0.1-0.5 mm apart (error below 0.01 mm) and of contours inside a
/// lattice cell (the same). The contours are simplified to within 0.03 mm with their area kept. All shapes of one call
/// must share the contour orientation.
#pragma once

#include "geometry/shape.h"

#include <string>
#include <vector>

namespace sbrt {

/// Another shape and the distance that the result keeps, >= 0 mm.
struct DistanceLimit {
  Shape shape;
  double distance_mm = 0;
};

/// Order: the sources are joined; the union is grown (margin > 0) or shrunk (< 0); of that remains what lies at least
/// the stated distance inside every shape of `inside` (crop to the skin) and at least the stated distance from every
/// shape of `apart` (0: subtraction). The limits commute.
struct MarginRecipe {
  std::vector<Shape> sources;
  double margin_mm = 0;
  std::vector<DistanceLimit> inside, apart;
};

/// Contours of the recipe's result on the given planes plus the extra planes of the same spacing needed above and
/// below. Empty when nothing is left, or when what is left lies between two planes.
/// @param plane_positions_mm at least two, ascending positions along plane_normal() of the sources on which contours
///        are wanted (the CT planes); outside them the outermost gap is continued
/// @throws InputError for a value that is not finite or a negative distance, for planes that are too few or not
///         ascending, and for shapes whose contour planes are not parallel
std::vector<Contour> carve(const MarginRecipe& recipe, const std::vector<double>& plane_positions_mm);

/// Contours of shape (+) ball(margin_mm), margin_mm >= 0, on the given planes plus the extra planes of the same spacing
/// needed above and below. With margin_mm == 0 the shape's own contours are resampled on the planes.
/// @param plane_positions_mm at least two, ascending positions along shape.plane_normal() on which contours are wanted
/// (the CT
///        planes); outside them the outermost gap is continued
/// @param shapes one or more shapes; their union is expanded (ITV)
/// @throws InputError for a margin that is negative or not finite, for planes that are too few or not ascending, and
/// for
///         shapes whose contour planes are not parallel
std::vector<Contour> expand(const std::vector<Shape>& shapes, double margin_mm,
                            const std::vector<double>& plane_positions_mm);

/// Points of the shape that lie at least margin_mm >= 0 inside its surface (negative margin). May be empty.
std::vector<Contour> shrink(const Shape& shape, double margin_mm, const std::vector<double>& plane_positions_mm);

/// Points of the shape farther than gap_mm >= 0 from the others (0: subtraction; > 0: keeps a gap). May be empty.
std::vector<Contour> subtract(const Shape& shape, const std::vector<Shape>& others, double gap_mm,
                              const std::vector<double>& plane_positions_mm);

/// Points of the shape at least distance_mm >= 0 inside the container (crop to the skin). May be empty.
std::vector<Contour> crop(const Shape& shape, const Shape& container, double distance_mm,
                          const std::vector<double>& plane_positions_mm);

/// The planes with those filled in, at the spacing around, that wide gaps miss: a result may reach into such a gap.
std::vector<double> without_wide_gaps(const std::vector<double>& plane_positions_mm);

}  // namespace sbrt
