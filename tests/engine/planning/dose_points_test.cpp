#include "engine/planning/dose_points.h"

#include "geometry/parallel.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

double ball_volume(double radius) { return 4.0 / 3 * 3.14159265358979323846 * radius * radius * radius; }

TEST(DosePoints, StandForTheirVolumes) {
  const WaterCase c(10);
  const std::vector<DosePoint> points = make_dose_points(c.problem, {}, 1);
  const double diameter = equal_volume_diameter_mm(c.problem.targets[0].shape);
  EXPECT_NEAR(diameter, 20, 0.1);
  const ShellEdges edge = shell_edges(diameter);
  double target = 0, near = 0, middle = 0, far = 0;
  int surface = 0;
  for (const DosePoint& p : points) {
    const double r = distance(p.point, WaterCase::centre);
    if (p.role == PointRole::target) {
      EXPECT_LT(r, 10.1);
      target += p.volume_mm3;
      surface += p.volume_mm3 == 0;
    } else {
      EXPECT_NEAR(p.distance_mm, r - 10, 0.25);  // 1 mm planes and the distance's own accuracy of 0.1 mm
      (p.distance_mm <= edge.near_mm ? near : p.distance_mm <= edge.middle_mm ? middle : far) += p.volume_mm3;
    }
  }
  EXPECT_NEAR(target, c.problem.targets[0].shape.volume_mm3(), 1e-6 * target);
  EXPECT_NEAR(surface, 600, 300);  // neighbours are only about one spacing apart
  // Quasi-random volumes: about n^(-2/3) of n points, 1 % here, and the ball's own 0.25 mm.
  EXPECT_NEAR(near, ball_volume(10 + edge.near_mm) - ball_volume(10), 0.06 * near);
  EXPECT_NEAR(middle, ball_volume(10 + edge.middle_mm) - ball_volume(10 + edge.near_mm), 0.03 * middle);
  EXPECT_NEAR(far, ball_volume(10 + edge.far_mm) - ball_volume(10 + edge.middle_mm), 0.03 * far);
}

TEST(DosePoints, StayInTheBodyAndOnTheirTarget) {
  WaterCase c(10);
  // 12 mm below the front skin, so that shells leave the body.
  c.problem.targets.push_back({ball_shape("PTV 2", {3, -70, 6}, 10), {45, 5, 75.0}});
  c.problem.organs.push_back(ball_shape("Cord", {3, 40, 6}, 6));
  int organ = 0;
  for (const DosePoint& p : make_dose_points(c.problem, {}, 1)) {
    EXPECT_LE(std::pow(p.point.x / 140, 2) + std::pow(p.point.y / 92, 2), 1.1);  // body voxels are up to 5 mm wide
    organ += p.role == PointRole::organ;
    if (p.role == PointRole::shell) {
      EXPECT_LE(p.distance_mm, distance(p.point, p.owner ? WaterCase::centre : PatientPoint{3, -70, 6}) - 10 + 0.5);
    }
  }
  EXPECT_GT(organ, 1500);
}

TEST(DosePoints, SameForAnyThreadCount) {
  const WaterCase c(10);
  const int before = thread_count();
  set_thread_count(1);
  const std::vector<DosePoint> one = make_dose_points(c.problem, {}, 1);
  set_thread_count(3);
  const std::vector<DosePoint> three = make_dose_points(c.problem, {}, 1);
  set_thread_count(before);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].point, three[i].point);
}

}  // namespace
}  // namespace sbrt
