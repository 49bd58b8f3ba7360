#include "engine/evaluation/structure_dose.h"

#include "tests/engine/evaluation/analytic.h"
#include "tests/engine/evaluation/contoured.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

namespace sbrt {
namespace {

// A plane of area S meets about 1.5 S/h^2 pieces of side h, each falls to one side whole: variance at most 1/6 of a
// piece's volume squared, hence a deviation of 0.5 h^2 sqrt(S).
TEST(TwiceAsCoarse, HoldsTheVolumesAndFallsToEitherSideOfAnIsodoseByShare) {
  constexpr double radius = 20, step = 1.1, per_mm = 0.4;
  const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0, 0, 0}, radius));
  const Grid grid({50, 50, 50}, {1, 1, 1}, {-24.5, -24.5, -24.5});
  double sum = 0;
  int cuts = 0;
  for (const PatientVec slope : {PatientVec{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 2, 0}, {-1, 1, 1}, {2, 0, 3}}) {
    const PatientVec along = per_mm / norm(slope) * slope;
    const DoseGrid dose = analytic::dose_on_grid(grid, [&](PatientPoint p) {
      return 20 + dot(p - PatientPoint{0, 0, 0}, along);
    });
    const SampledStructure fine = sample_dose(ball, DoseInterpolator(dose), step), coarse = twice_as_coarse(fine);
    EXPECT_LT(coarse.samples.size(), fine.samples.size() / 5);
    std::set<std::tuple<double, double, double>> fine_points;
    for (const PatientPoint& p : fine.points) fine_points.insert({p.x, p.y, p.z});
    double volume = 0;
    PatientVec moment{};
    for (std::size_t i = 0; i < coarse.samples.size(); ++i) {
      const PatientPoint p = coarse.points[i];
      ASSERT_TRUE(fine_points.contains({p.x, p.y, p.z}));
      ASSERT_NEAR(coarse.dose_gy[i], 20 + dot(p - PatientPoint{0, 0, 0}, along), 1e-4);
      volume += coarse.samples[i].volume_mm3;
      moment = moment + coarse.samples[i].volume_mm3 * (coarse.samples[i].point - ball.centroid());
    }
    EXPECT_NEAR(volume, ball.volume_mm3(), 1e-9 * volume);
    EXPECT_NEAR(norm(moment) / volume, 0, 1e-6);
    const Dvh curve(coarse.samples, coarse.dose_gy);
    for (const double height : {-15.0, -9.0, -3.0, 2.0, 8.0, 14.0}) {
      const double area = M_PI * (radius * radius - height * height), depth = radius - height;
      const double cap = M_PI * depth * depth * (radius - depth / 3);
      const double deviation = 0.5 * (2 * step) * (2 * step) * std::sqrt(area);
      const double off = (curve.volume_at_dose_mm3(20 + per_mm * height) - cap) / deviation;
      EXPECT_LE(std::abs(off), 3.5) << slope.x << " " << slope.y << " " << slope.z << ", " << height << " mm";
      sum += off, ++cuts;
    }
  }
  EXPECT_LE(std::abs(sum) / std::sqrt(cuts), 3) << "to one side";
}

}  // namespace
}  // namespace sbrt
