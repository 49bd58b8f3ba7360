#include "engine/evaluation/isodose_volume.h"

#include "geometry/parallel.h"
#include "tests/engine/evaluation/analytic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

double ball(double radius) { return 4.0 / 3 * M_PI * radius * radius * radius; }

// Gaussian dose whose value at `radius` is 50 Gy and 50/0.7 Gy in the centre.
auto gaussian(PatientPoint centre, double radius) {
  return
      [=](PatientPoint p) { return 50 / 0.7 * std::exp(-norm2(p - centre) / (radius * radius / std::log(1 / 0.7))); };
}
double half_dose_radius(double radius) { return radius * std::sqrt(std::log(2 / 0.7) / std::log(1 / 0.7)); }

TEST(NonnegativeShare, OfTetrahedraWithKnownCuts) {
  constexpr double rounding = 1e-15;
  EXPECT_EQ(nonnegative_share({1, 2, 3, 4}), 1);
  EXPECT_EQ(nonnegative_share({-1, -2, -3, -4}), 0);
  EXPECT_NEAR(nonnegative_share({1, -1, -1, -1}), 1.0 / 8, rounding);
  EXPECT_NEAR(nonnegative_share({-1, 1, 1, 1}), 7.0 / 8, rounding);
  EXPECT_NEAR(nonnegative_share({1, 1, -1, -1}), 0.5, rounding);
  EXPECT_NEAR(nonnegative_share({3, -1, 1, -1}) + nonnegative_share({-3, 1, -1, 1}), 1, 2 * rounding);
}

TEST(IsodoseVolume, OfAGaussianOnA1MmGrid) {
  // Half a per cent from 5 mm radius on is the goal; the spline leaves far less there.
  for (const double radius : {1.5, 2.5, 5.0, 10.0})
    for (const double shift : {0.0, 0.31, 0.5}) {
      const PatientPoint centre{shift, -shift / 2, shift};
      const double extent = 2 * (half_dose_radius(radius) + 4);
      const DoseGrid dose =
          analytic::dose_on_grid(1, {-extent / 2, -extent / 2, -extent / 2}, extent, gaussian(centre, radius));
      const DoseInterpolator interpolate(dose);
      const DoseInBody field(interpolate, Region::everything(), 25);
      const IsodoseVolume piv = isodose_volume(field, 50), piv50 = isodose_volume(field, 25);
      const double error = piv.volume_mm3.value / ball(radius) - 1;
      const double error50 = piv50.volume_mm3.value / ball(half_dose_radius(radius)) - 1;
      EXPECT_LT(std::abs(error), radius < 2 ? 0.02 : radius < 5 ? 0.005 : 0.0005) << radius << ' ' << shift;
      EXPECT_LT(std::abs(error50), radius < 2 ? 0.004 : 0.001) << radius << ' ' << shift;
      EXPECT_FALSE(piv50.at_grid_edge);
      EXPECT_FALSE(piv50.at_body_edge);
    }
}

TEST(IsodoseVolume, IntervalHoldsTheTruthOfASphereAndShrinksWithTheGrid) {
  // A cone of dose around the centre is exact between samples far from the tip only; the interval speaks of the
  // cutting.
  std::vector<double> widths;
  for (const double h : {2.0, 1.0, 0.5}) {
    const DoseGrid dose = analytic::dose_on_grid(h, {-20, -20, -20}, 40, gaussian({0.1, 0.2, 0.3}, 9));
    const DoseInterpolator interpolate(dose);
    const DoseInBody field(interpolate, Region::everything(), 25);
    const Measured v = isodose_volume(field, 50).volume_mm3;
    EXPECT_LE(v.interval.low, v.value);
    EXPECT_GE(v.interval.high, v.value);
    widths.push_back(v.interval.high - v.interval.low);
  }
  EXPECT_GT(widths[0] / widths[1], 3);  // order 2: about 4 each time
  EXPECT_GT(widths[1] / widths[2], 3);
}

TEST(IsodoseVolume, ObliqueUnequalGridsGiveTheSame) {
  const double c = std::cos(0.4), s = std::sin(0.4);
  const Grid grid({45, 36, 22}, {0.9, 1.1, 2.0}, {-11, -22, -20}, {{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
  const DoseGrid dose = analytic::dose_on_grid(grid, gaussian({1, 2, 1}, 7));
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 25);
  EXPECT_NEAR(isodose_volume(field, 50).volume_mm3.value / ball(7), 1, 0.002);
}

TEST(IsodoseVolume, IsCutAtTheEdgeOfTheGridAndSaysSo) {
  // The grid ends half a voxel behind the plane of the centre: one half of the ball.
  const DoseGrid dose =
      analytic::dose_on_grid(Grid({31, 31, 15}, {1, 1, 1}, {-15, -15, -14.5}), gaussian({0, 0, 0}, 8));
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 45);
  const IsodoseVolume piv = isodose_volume(field, 50);
  EXPECT_TRUE(piv.at_grid_edge);
  EXPECT_NEAR(piv.volume_mm3.value / (ball(8) / 2), 1,
              0.005);  // the last half voxel has the dose 0.5 mm below the centre
}

TEST(IsodoseVolume, AMaskCutsItAtTheBody) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-15, -15, -15}, 30, gaussian({0, 0, 0}, 8));
  Occupancy body(Grid({60, 60, 60}, {0.5, 0.5, 0.5}, {-14.75, -14.75, -14.75}), 0.0f);
  for (int k = 0; k < 30; ++k)  // z below 0
    for (int j = 0; j < 60; ++j)
      for (int i = 0; i < 60; ++i) body(i, j, k) = 1;
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::of(body), 25);
  const IsodoseVolume piv = isodose_volume(field, 50);
  EXPECT_TRUE(piv.at_body_edge);
  EXPECT_FALSE(piv.at_grid_edge);
  EXPECT_NEAR(piv.volume_mm3.value / (ball(8) / 2), 1, 0.01);
}

TEST(IsodoseVolume, NothingReachesTheThreshold) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-10, -10, -10}, 20, gaussian({0, 0, 0}, 5));
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 300);
  EXPECT_TRUE(field.empty());
  EXPECT_EQ(isodose_volume(field, 300).volume_mm3.value, 0);
}

IsodoseOwner ball_owner(PatientPoint centre, double radius) {
  return {{centre}, [=](PatientPoint p) { return std::max(distance(p, centre) - radius, 0.0); }};
}

TEST(IsodoseVolume, SeparateIsodosesBelongToTheirTargets) {
  const PatientPoint a{-9, 0.3, 0}, b{9, 0, 0.2};
  const DoseGrid dose = analytic::dose_on_grid(
      1, {-25, -25, -25}, 50, [&](PatientPoint p) { return std::max(gaussian(a, 5)(p), gaussian(b, 4)(p)); });
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 25);
  const std::vector<IsodoseOwner> owners{ball_owner(a, 5), ball_owner(b, 4)};
  const IsodoseVolume of_a = isodose_volume(field, 50, owners, 0), of_b = isodose_volume(field, 50, owners, 1);
  EXPECT_TRUE(of_a.merged_with.empty());
  EXPECT_NEAR(of_a.volume_mm3.value / ball(5), 1, 0.02);
  EXPECT_NEAR(of_b.volume_mm3.value / ball(4), 1, 0.02);
  EXPECT_NEAR(of_a.volume_mm3.value + of_b.volume_mm3.value, isodose_volume(field, 50).volume_mm3.value, 1e-6);
}

TEST(IsodoseVolume, AMergedIsodoseIsDividedByTheNearestTarget) {
  // Mirror symmetry about x = 0.13: each target owns one half.
  const PatientPoint a{-5.87, 0, 0}, b{6.13, 0, 0};
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, [&](PatientPoint p) {
    return std::max(gaussian(a, 5)(p), gaussian(b, 5)(p)) + gaussian({0.13, 0, 0}, 6)(p);
  });
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 25);
  const std::vector<IsodoseOwner> owners{ball_owner(a, 5), ball_owner(b, 5)};
  const IsodoseVolume of_a = isodose_volume(field, 50, owners, 0), of_b = isodose_volume(field, 50, owners, 1);
  ASSERT_EQ(of_a.merged_with, std::vector<std::size_t>{1});
  ASSERT_EQ(of_b.merged_with, std::vector<std::size_t>{0});
  const double all = isodose_volume(field, 50).volume_mm3.value;
  EXPECT_NEAR((of_a.volume_mm3.value + of_b.volume_mm3.value) / all, 1, 0.001);
  EXPECT_NEAR(of_a.volume_mm3.value / all, 0.5, 0.01);
}

TEST(IsodoseVolume, AnIslandThatTouchesNoTargetBelongsToTheNearest) {
  const PatientPoint a{-12, 0, 0}, b{12, 0, 0}, island{-6, 0, 12};
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, [&](PatientPoint p) {
    return std::max({gaussian(a, 4)(p), gaussian(b, 4)(p), gaussian(island, 3)(p)});
  });
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 45);
  const std::vector<IsodoseOwner> owners{ball_owner(a, 4), ball_owner(b, 4)};
  EXPECT_NEAR(isodose_volume(field, 50, owners, 0).volume_mm3.value / (ball(4) + ball(3)), 1, 0.02);
  EXPECT_NEAR(isodose_volume(field, 50, owners, 1).volume_mm3.value / ball(4), 1, 0.02);
}

TEST(IsodoseVolume, DoesNotDependOnTheThreadCount) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-15, -15, -15}, 30, gaussian({0.1, 0.2, 0.3}, 7));
  const DoseInterpolator interpolate(dose);
  const DoseInBody field(interpolate, Region::everything(), 25);
  const int before = thread_count();
  set_thread_count(1);
  const Measured one = isodose_volume(field, 50).volume_mm3;
  set_thread_count(5);
  const Measured five = isodose_volume(field, 50).volume_mm3;
  set_thread_count(before);
  EXPECT_EQ(one, five);
}

}  // namespace
}  // namespace sbrt
