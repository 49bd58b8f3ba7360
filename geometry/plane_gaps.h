/// Gaps between contour planes: which miss planes, and how far a piece may reach beyond its last plane.
#pragma once

#include <cstddef>
#include <vector>

namespace sbrt {

class PlaneGaps {
 public:
  /// @param positions ascending @param lone_thickness_mm room beyond the plane of a structure that has one only
  PlaneGaps(std::vector<double> positions, double lone_thickness_mm);

  std::vector<std::size_t> bridged, parted;  ///< gaps that miss planes, and those too wide to be bridged

  bool is_parted(std::size_t gap) const;
  /// The gap that planes near gap k normally have.
  double regular_mm(std::size_t k) const;
  /// Room for an end beyond plane k.
  double beyond_mm(std::size_t k, bool upwards) const;

 private:
  double gap(std::size_t k) const { return z_[k + 1] - z_[k]; }
  std::vector<double> z_;
  double lone_thickness_mm_;
  std::vector<bool> missing_;
};

}  // namespace sbrt
