/// Volume inside an isodose surface, below the size of a voxel.
#pragma once

#include "engine/evaluation/region.h"
#include "geometry/interpolate.h"
#include "geometry/interval.h"
#include "geometry/shape.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Dose and body together, prepared once for all isodose volumes down to `lowest_gy`.
class DoseInBody {
 public:
  /// Keeps references to `dose`.
  DoseInBody(const DoseInterpolator& dose, Region region, double lowest_gy);

  const DoseInterpolator& dose() const { return *dose_; }
  const Region& region() const { return region_; }
  /// Voxels, first and one past last along each axis, outside which the dose stays below `lowest_gy`; empty if there
  /// are none.
  const std::array<int, 3>& first() const { return first_; }
  const std::array<int, 3>& last() const { return last_; }
  bool empty() const { return !inside_; }
  /// Share of a voxel inside the body, 0...1. @pre the voxel lies in the box above
  float inside(int i, int j, int k) const {
    return inside_ ? (*inside_)(i - first_[0], j - first_[1], k - first_[2]) : 0.0f;
  }
  bool in_box(int i, int j, int k) const {
    return i >= first_[0] && i < last_[0] && j >= first_[1] && j < last_[1] && k >= first_[2] && k < last_[2];
  }
  /// True where p lies in the body; cheap away from its surface. Only for points whose dose reaches `lowest_gy`.
  bool contains(PatientPoint p) const;

 private:
  const DoseInterpolator* dose_;
  Region region_;
  std::array<int, 3> first_{}, last_{};
  std::optional<Occupancy> inside_;  //!< on the voxels of the box
};

struct IsodoseVolume {
  Measured volume_mm3;
  bool at_grid_edge = false;  //!< the surface reaches the edge of the dose grid: the volume is cut
  bool at_body_edge = false;  //!< the surface reaches the edge of the body: the volume is cut there by definition
  std::vector<std::size_t> merged_with;  //!< other targets in the same connected isodose
};

/// One of several targets that share the dose.
struct IsodoseOwner {
  std::vector<PatientPoint> points;                 //!< points of the target that receive the threshold
  std::function<double(PatientPoint)> distance_mm;  //!< to the target, 0 inside
};

/// Volume of the body that receives at least `threshold_gy`.
///
/// Cells between voxel centres that the surface crosses are cut into 4 x 4 x 4 parts (and 2 x 2 x 2 for the error),
/// these into tetrahedra with linear dose; the volumes are extrapolated at order 2, the interval is the last
/// correction. The half voxels along the edge of the grid count with the dose of the outermost voxel centres.
///
/// With several owners the volume is what belongs to `owner`: a connected part of the isodose (voxel centres joined
/// along the axes) that touches one target belongs to it; one that touches several or none is divided by the nearest
/// target.
/// @param owners empty or one: everything counts
IsodoseVolume isodose_volume(const DoseInBody& field, double threshold_gy, const std::vector<IsodoseOwner>& owners = {},
                             std::size_t owner = 0);

/// Share of a tetrahedron where the linear function with these corner values is >= 0.
double nonnegative_share(std::array<double, 4> corner);

}  // namespace sbrt
