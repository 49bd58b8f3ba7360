/// Where isodose volumes and the dose maximum are taken.
#pragma once

#include "geometry/shape.h"
#include "geometry/volume.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// The body by its contour, by a mask on the CT's grid, or everything. Cheap to copy; the mask must outlive it.
class Region {
 public:
  static Region everything();
  static Region of(Shape body);
  static Region of(const Occupancy& body_mask);  ///< inside: the voxel around the point is at least half inside

  bool is_everything() const { return !shape_ && !mask_; }
  bool contains(PatientPoint p) const;
  /// "body contour 'NAME'", "body found in the CT", "dose grid"
  std::string description() const;
  /// How much of every voxel of `grid` lies inside, 0...1; a mask gives the value at the voxel's centre.
  Occupancy occupancy(const Grid& grid) const;

 private:
  std::optional<Shape> shape_;
  const Occupancy* mask_ = nullptr;
};

}  // namespace sbrt
