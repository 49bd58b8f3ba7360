#include "engine/evaluation/climb.h"

#include "engine/evaluation/structure_dose.h"
#include "tests/engine/evaluation/analytic.h"
#include "tests/engine/evaluation/contoured.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

const Grid grid({60, 60, 60}, {1, 1, 1}, {-29.5, -29.5, -29.5});

// A slide draws a step back by 1/32 at least, so it ends where the surface is inclined to the slope by about 1/32; on a
// ball of radius R that is R/2048 below its highest point. The last step of 1/64 mm adds its own height.
TEST(Climb, SlidesAlongTheSurfaceOfABallToItsHighestPoint) {
  constexpr double radius = 20, per_mm = 1;
  const Allowed in_ball = [&](PatientPoint p) { return norm2(p - PatientPoint{0, 0, 0}) <= radius * radius; };
  constexpr double tolerance = per_mm * (radius / 2048 + 1.0 / 64 + 0.005);
  for (const PatientVec slope : {PatientVec{1, 0, 0}, {1, 2, 0}, {-1, 1, 1}, {2, 0.3, 3}, {0.37, -0.81, 0.22}}) {
    const PatientVec along = per_mm / norm(slope) * slope;
    const DoseGrid dose = analytic::dose_on_grid(grid, [&](PatientPoint p) {
      return 50 + dot(p - PatientPoint{0, 0, 0}, along);
    });
    const DoseInterpolator interpolate(dose);
    // From a point at the surface a third of the way round.
    const PatientVec aside{along.y, -along.x + 0.2, along.z * 0.1};
    const PatientVec to_start = 0.6 / norm(along) * along + 0.7 / norm(aside) * aside;
    const PatientPoint start = PatientPoint{0, 0, 0} + 0.999 * radius / norm(to_start) * to_start;
    const DoseAtPoint top = climb(interpolate, start, in_ball);
    EXPECT_LE(top.dose_gy, 50 + per_mm * radius + 1e-4);
    EXPECT_NEAR(top.dose_gy, 50 + per_mm * radius, tolerance) << slope.x << " " << slope.y << " " << slope.z;
    EXPECT_TRUE(in_ball(top.point));
  }
}

TEST(Climb, FindsTheHigherOfTwoSummitsFromTheLowerPoint) {
  const PatientPoint low{-8, 0, 0}, high{9.3, 2.2, -1.4};
  const DoseGrid dose = analytic::dose_on_grid(
      grid, [&](PatientPoint p) { return 40 * std::exp(-norm2(p - low) / 50) + 42 * std::exp(-norm2(p - high) / 50); });
  const DoseInterpolator interpolate(dose);
  // The hottest point lies on the lower summit, a colder one on the flank of the higher.
  const std::vector<PatientPoint> points{low, {-8.2, 0, 0}, {9.3, 5.2, -1.4}, {0, 20, 0}, {0, -20, 5}};
  const Allowed everywhere = [](PatientPoint) { return true; };
  const auto hottest =
      extreme_near(Extreme::hottest, interpolate, points, interpolate.values_at(points), 3, everywhere);
  ASSERT_TRUE(hottest);
  const double summit = 42 + 40 * std::exp(-norm2(high - low) / 50);
  EXPECT_NEAR(hottest->dose_gy, summit, 0.01);  // the spline errs by 1e-4, a climb ends within 1/64 mm
  EXPECT_LT(distance(hottest->point, high), 0.1);
  const auto coldest =
      extreme_near(Extreme::coldest, interpolate, points, interpolate.values_at(points), 3, everywhere);
  ASSERT_TRUE(coldest);
  EXPECT_LT(coldest->dose_gy, 1e-3);
}

TEST(Climb, HasNoExtremeWhereNothingHasADose) {
  const DoseGrid dose = analytic::dose_on_grid(grid, [](PatientPoint) { return 1; });
  const DoseInterpolator interpolate(dose);
  const std::vector<PatientPoint> points{{100, 0, 0}};
  EXPECT_FALSE(extreme_near(Extreme::hottest, interpolate, points, interpolate.values_at(points), 3,
                            [](PatientPoint) { return true; }));
}

// A hot rim outside the structure: its maximum lies on the surface, where the dose rises outwards, at the point nearest
// to the rim.
TEST(Climb, MaximumOfAStructureBesideAHotTarget) {
  const Shape organ = Shape::from_structure(contoured::sphere("Organ", {0, 0, 0}, 20, 0.5));
  for (const PatientVec way : {PatientVec{1, 0.4, 0.2}, {-0.3, 1, 0.5}, {0.5, -0.8, -0.3}}) {
    const PatientPoint target = PatientPoint{0, 0, 0} + 26 / norm(way) * way;
    const DoseGrid dose =
        analytic::dose_on_grid(grid, [&](PatientPoint p) { return 60 * std::exp(-norm2(p - target) / (2 * 6 * 6)); });
    StructureResult result = volume_result({organ, RoiRole::organ});
    Warnings warnings;
    fill_structure_result(organ, DoseInterpolator(dose), {Metric::parse("D2%")}, {}, WantedInterval{}, 0.1, result,
                          warnings);
    const double nearest = 60 * std::exp(-0.5);  // 6 mm from the target's middle; slope 6 Gy/mm there
    // Slabs of the organ step by up to 0.1 mm; the drawn circles keep the area, so that corners reach 0.02 mm beyond.
    EXPECT_NEAR(result.max_gy, nearest, 0.12 * nearest / 6);
  }
}

}  // namespace
}  // namespace sbrt
