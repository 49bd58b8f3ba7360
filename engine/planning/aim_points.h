/// Where beams of a given field size may aim so that their fields stay about inside the target.
#pragma once

#include "geometry/shape.h"

#include <vector>

namespace sbrt {

/// Quasi-uniform points of a target's inside with their depth below its surface.
class AimPoints {
 public:
  /// @param wanted about how many points
  AimPoints(const Shape& target, int wanted);

  double largest_depth_mm() const { return largest_depth_mm_; }
  /// The aim points of a field of this radius: first those about `field_radius_mm` below the surface (a field there
  /// touches the target's edge), then the deeper ones. Where the target is thinner than the field, its deepest points.
  struct Choice {
    std::vector<PatientPoint> edge, interior;  //!< edge is never empty
  };
  Choice for_field(double field_radius_mm) const;

 private:
  struct Depth {
    PatientPoint point;
    double depth_mm;
  };
  std::vector<Depth> points_;
  double largest_depth_mm_ = 0;
};

}  // namespace sbrt
