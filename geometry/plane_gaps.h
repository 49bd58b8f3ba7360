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
  /// The gap beyond plane k; beyond the outermost planes, the last gap goes on.
  double beyond_mm(std::size_t k, bool upwards) const;
  /// How far a tapering end may reach beyond plane k: to the next plane. Beyond the outermost planes the next plane is
  /// not known, and where planes are uneven it may lie as far as the widest gap, up to half as far again as the last.
  double reach_mm(std::size_t k, bool upwards) const;

 private:
  double gap(std::size_t k) const { return z_[k + 1] - z_[k]; }
  std::vector<double> z_;
  double lone_thickness_mm_;
  std::vector<bool> missing_;
  double widest_mm_ = 0;  // of the gaps that miss no plane
};

}  // namespace sbrt
