#include "geometry/area_law.h"

#include "geometry/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sbrt {
namespace {

constexpr double pi = 3.14159265358979323846;

// Gauss-Legendre, 5 points on -1...1.
constexpr std::array<double, 5> gauss_node{-0.906179845938664, -0.538469310105683, 0, 0.538469310105683,
                                           0.906179845938664};
constexpr std::array<double, 5> gauss_weight{0.236926885056189, 0.478628670499366, 0.568888888888889, 0.478628670499366,
                                             0.236926885056189};

template <class F>
double mean_of(F&& f, double a, double b) {
  double sum = 0;
  for (std::size_t i = 0; i < gauss_node.size(); ++i)
    sum += gauss_weight[i] * f(0.5 * (a + b) + 0.5 * (b - a) * gauss_node[i]);
  return 0.5 * sum;
}

std::vector<double> divided_differences(const std::vector<AreaAt>& points, double power) {
  std::vector<double> d;
  for (const AreaAt& p : points) d.push_back(std::pow(p.area, power));
  for (std::size_t order = 1; order < d.size(); ++order)
    for (std::size_t i = d.size() - 1; i >= order; --i) d[i] = (d[i] - d[i - 1]) / (points[i].z - points[i - order].z);
  return d;
}

/// Second divided difference of A^power over three points, or of four points the harmonic mean of both.
double bend_of(const std::vector<AreaAt>& points, double power) {
  if (points.size() < 3) return 0;
  const auto slope = [&](std::size_t i) {
    return (std::pow(points[i + 1].area, power) - std::pow(points[i].area, power)) / (points[i + 1].z - points[i].z);
  };
  const auto second = [&](std::size_t i) { return (slope(i + 1) - slope(i)) / (points[i + 2].z - points[i].z); };
  const double c0 = second(0);
  if (points.size() == 3) return c0;
  const double c1 = second(1);
  return c0 * c1 > 0 ? 2 * c0 * c1 / (c0 + c1) : 0;
}

}  // namespace

double smoother_power(const std::vector<AreaAt>& points, bool ring) {
  if (points.size() < 4) return ring ? 2 : 1;
  double mean_area = 0;
  for (const AreaAt& p : points) mean_area += p.area / double(points.size());
  const double bend = std::abs(divided_differences(points, 1).back()) / mean_area;
  const double bend_of_square = std::abs(divided_differences(points, 2).back()) / (2 * mean_area * mean_area);
  return bend_of_square < 0.5 * bend ? 2 : 1;
}

AreaLaw::AreaLaw(std::vector<AreaAt> points, bool ring) : points_(std::move(points)), ring_(ring) {
  SBRT_EXPECT(!points_.empty() && points_.size() <= 4);
  power_ = points_.size() == 2 ? (ring ? 1 : 0.5) : smoother_power(points_, ring);
  bend_ = bend_of(points_, power_);
}

AreaLaw AreaLaw::ball(AreaAt lower, AreaAt upper) {
  AreaLaw law({lower, upper});
  law.ball_ = true;
  law.power_ = 1;
  law.bend_ = -pi;
  return law;
}

double AreaLaw::operator()(double z) const {
  if (points_.size() == 1) return points_[0].area;
  std::size_t i = 0;
  while (i + 2 < points_.size() && points_[i + 1].z <= z) ++i;
  const AreaAt &p = points_[i], &q = points_[i + 1];
  const double b0 = std::pow(p.area, power_), b1 = std::pow(q.area, power_);
  const double b = b0 + (z - p.z) * ((b1 - b0) / (q.z - p.z) + (z - q.z) * bend_);
  if (ball_) return std::max(b, 0.0);
  // Uneven contours can make the law swing; between two planes the area stays within a quarter of theirs.
  return std::clamp(std::pow(std::max(b, 0.0), 1 / power_), 0.75 * std::min(p.area, q.area),
                    1.25 * std::max(p.area, q.area));
}

double AreaLaw::mean(double z0, double z1) const {
  return mean_of([&](double z) { return (*this)(z); }, z0, z1);
}

AreaLaw AreaLaw::coarser(double z0, double z1) const {
  if (points_.size() < 2) return *this;
  std::vector<AreaAt> fewer = points_;
  const double middle = 0.5 * (z0 + z1);
  fewer.erase(std::max_element(fewer.begin(), fewer.end(), [&](const AreaAt& p, const AreaAt& q) {
    return std::abs(p.z - middle) < std::abs(q.z - middle);
  }));
  return AreaLaw(std::move(fewer), ring_);
}

double EndCap::area(double s) const {
  if (flat) return c0;
  return std::pow(std::max(0.0, c0 + s * (c1 + s * c2)), 1 / power);
}

double EndCap::mean(double s0, double s1) const {
  return flat ? c0 : mean_of([&](double s) { return area(s); }, s0, s1);
}

EndCap EndCap::scaled(double share) const {
  EndCap cap = *this;
  const double f = flat ? share : std::pow(share, power);
  for (double* c : {&cap.c0, &cap.c1, &cap.c2}) *c *= f;
  cap.uncertainty_mm3 *= share;
  return cap;
}

namespace {

/// The next lower order misses far more than the order used; this part of the difference is reported.
constexpr double trust_in_order = 0.25;

/// Areas of measured polygons scatter: a zero slightly beyond the next plane still means that the piece tapers.
constexpr double scatter = 1.05;

/// Where c0 + c1 s + c2 s^2 first reaches zero, or where it nearly does (a cone's tip is a double root); -1 if nowhere.
double first_zero(double c0, double c1, double c2, double reach) {
  if (std::abs(c2) * reach < 1e-12 * std::abs(c1)) return c1 < 0 ? -c0 / c1 : -1;
  const double discriminant = c1 * c1 - 4 * c0 * c2;
  if (discriminant >= 0) {
    // Both roots by the form that does not cancel.
    const double q = -0.5 * (c1 + std::copysign(std::sqrt(discriminant), c1));
    const double r0 = q / c2, r1 = q != 0 ? c0 / q : -1;
    const double low = std::min(r0, r1), high = std::max(r0, r1);
    return low > 0 ? low : high;
  }
  const double vertex = -c1 / (2 * c2);
  const double least = c0 + 0.5 * c1 * vertex;
  constexpr double nearly_zero = 0.03;  // of the last plane's value
  return vertex > 0 && vertex <= reach && least < nearly_zero * c0 ? vertex : -1;
}

/// A(s) = A0 + c1 s - pi s^2 with A(-h) = A1.
void set_ball(EndCap& cap, double a0, double a1, double h) {
  cap.flat = false;
  cap.c0 = a0;
  cap.c1 = (a0 - a1 - pi * h * h) / h;
  cap.c2 = -pi;
}

EndCap flat_cap(const std::vector<AreaAt>& points, double gap_mm) {
  EndCap cap;
  cap.extent_mm = 0.5 * gap_mm;
  cap.c0 = points[0].area;
  // A flat end may lie anywhere between the last plane and the next, empty one; half a gap is the convention. Of a lone
  // plane's thickness, which is stated, half is uncertain.
  cap.uncertainty_mm3 = (points.size() > 1 ? 1.0 : 0.5) * cap.c0 * cap.extent_mm;
  return cap;
}

}  // namespace

EndCap end_cap(const std::vector<AreaAt>& points, double gap_mm, double reach_mm, bool ring) {
  SBRT_EXPECT(!points.empty() && gap_mm > 0 && reach_mm >= gap_mm);
  if (points.size() == 1) return flat_cap(points, gap_mm);
  const auto depth = [&](std::size_t i) { return std::abs(points[i].z - points[0].z); };
  EndCap cap;
  cap.flat = false;
  double lower_order = 0;  // extent by the next simpler extrapolation
  if (points.size() == 2) {
    constexpr double constant = 0.95;
    if (points[0].area >= constant * points[1].area) return flat_cap(points, gap_mm);
    set_ball(cap, points[0].area, points[1].area, depth(1));
    lower_order = gap_mm;
  } else {
    cap.power = smoother_power(points, ring);
    const double b0 = std::pow(points[0].area, cap.power), b1 = std::pow(points[1].area, cap.power);
    const double s01 = (b0 - b1) / depth(1);
    cap.c0 = b0;
    cap.c2 = bend_of(points, cap.power);
    cap.c1 = s01 + cap.c2 * depth(1);
    lower_order = s01 < 0 ? std::min(-b0 / s01, gap_mm) : gap_mm;
  }
  const double zero = first_zero(cap.c0, cap.c1, cap.c2, reach_mm);
  if (!(zero > 0) || zero > scatter * reach_mm) {
    EndCap flat = flat_cap(points, gap_mm);
    // Nearly tapering: the interval covers the taper, cut where the next plane would be.
    constexpr double nearly = 1.5;
    if (zero > 0 && zero < nearly * reach_mm)
      flat.uncertainty_mm3 =
          std::max(flat.uncertainty_mm3, std::abs(cap.mean(0, reach_mm) * reach_mm - flat.c0 * flat.extent_mm));
    return flat;
  }
  cap.extent_mm = std::min(zero, reach_mm);
  cap.uncertainty_mm3 = (points.size() > 2 ? trust_in_order : 1) *
                        std::abs(cap.mean(0, cap.extent_mm) * cap.extent_mm -
                                 points[0].area * lower_order * (cap.power == 2 ? 2.0 / 3 : 0.5));
  return cap;
}

BallThroughTwo ball_through(AreaAt lower, AreaAt upper, double gap_below_mm, double gap_above_mm) {
  SBRT_EXPECT(upper.z > lower.z && gap_below_mm > 0 && gap_above_mm > 0);
  BallThroughTwo ball;
  ball.reaches_no_other_plane = true;
  const auto end = [&](EndCap& cap, double a0, double a1, double gap_mm) {
    set_ball(cap, a0, a1, upper.z - lower.z);
    const double pole = first_zero(cap.c0, cap.c1, cap.c2, gap_mm);
    ball.reaches_no_other_plane &= pole <= scatter * gap_mm;
    cap.extent_mm = std::min(pole, gap_mm);
    cap.uncertainty_mm3 = std::abs(cap.mean(0, cap.extent_mm) * cap.extent_mm - 0.5 * a0 * gap_mm);
  };
  end(ball.below, lower.area, upper.area, gap_below_mm);
  end(ball.above, upper.area, lower.area, gap_above_mm);
  return ball;
}

EndCap flat_end(double area_mm2, double gap_mm, const EndCap& ball, bool may_be_ball) {
  EndCap cap;
  cap.extent_mm = 0.5 * gap_mm;
  cap.c0 = area_mm2;
  cap.uncertainty_mm3 = std::max(cap.c0 * cap.extent_mm, may_be_ball ? ball.uncertainty_mm3 : 0.0);
  return cap;
}

}  // namespace sbrt
