/// How the cross-section area of a piece of a solid changes along the plane normal.
#pragma once

#include <vector>

namespace sbrt {

/// Area of the cross-section at a position along the normal.
struct AreaAt {
  double z = 0;     // mm
  double area = 0;  // mm^2
};

/// A, A^2 or sqrt(A) between planes: linear plus (z - z0)(z - z1) times a bend, so that the quadric solids become
/// exact. A is quadratic in z for spheres, ellipsoids, cones and paraboloids; A^2 for lying cylinders and tori; two
/// planes alone are joined as a frustum (sqrt(A) linear). The bend of three points is their second divided difference;
/// of four the harmonic mean of both, or none where their signs differ, so that steps do not overshoot.
class AreaLaw {
 public:
  /// One to four points, ascending in z; A or A^2 is taken, whichever four points follow more smoothly.
  /// @param ring fewer than four points cannot tell; a ring's A^2 is then taken
  explicit AreaLaw(std::vector<AreaAt> points, bool ring = false);
  /// Of the ball through two circles of these areas: A(z) = A0 + c1 (z - z0) - pi (z - z0)^2.
  static AreaLaw ball(AreaAt lower, AreaAt upper);
  double operator()(double z) const;
  double mean(double z0, double z1) const;
  /// The same with the point farthest from [z0, z1] left out, to estimate the error.
  AreaLaw coarser(double z0, double z1) const;
  std::size_t size() const { return points_.size(); }

 private:
  std::vector<AreaAt> points_;
  double power_ = 1, bend_ = 0;
  bool ring_ = false, ball_ = false;
};

/// Exponent p of {1, 2} for which A^p through four points is closest to a quadratic; with fewer points 2 for rings,
/// else 1.
double smoother_power(const std::vector<AreaAt>& points, bool ring);

/// How a piece ends beyond its last plane.
struct EndCap {
  bool flat = true;
  double extent_mm = 0;        // beyond the last plane
  double uncertainty_mm3 = 0;  // of the cap's volume: flat, the whole gap; else from a lower-order extrapolation
  /// Area at distance s beyond the last plane, 0 <= s <= extent: (c0 + c1 s + c2 s^2)^(1/power), constant when flat.
  double c0 = 0, c1 = 0, c2 = 0, power = 1;

  double area(double s) const;
  double mean(double s0, double s1) const;
  /// The same end with this share of the area.
  EndCap scaled(double share) const;
};

/// Ends a piece whose areas, from the last plane inwards, are `points` (one to four), the next plane being `gap_mm`
/// away. Where the extrapolated area reaches zero within `reach_mm`, it tapers to there; otherwise it ends flat after
/// half a gap. Two areas taper as the ball through circles of these areas, if the last one is smaller.
/// @param ring as for AreaLaw
EndCap end_cap(const std::vector<AreaAt>& points, double gap_mm, double reach_mm, bool ring = false);

/// A piece that exists on two planes only says nothing about how its area changes. If the ball through the two circles
/// would not reach the next planes, which do not show it, the piece may be that ball.
struct BallThroughTwo {
  EndCap below, above;  // their uncertainty covers flat ends after half a gap
  bool reaches_no_other_plane = false;
};
BallThroughTwo ball_through(AreaAt lower, AreaAt upper, double gap_below_mm, double gap_above_mm);

/// A piece on two planes that is not taken for a ball: flat ends after half a gap.
/// @param ball the other possibility; where it reaches no other plane, the uncertainty covers it
EndCap flat_end(double area_mm2, double gap_mm, const EndCap& ball, bool may_be_ball);

}  // namespace sbrt
