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
  const std::vector<double> heights{-15, -9, -3, 2, 8, 14};
  const auto cap = [&](double height) {
    return M_PI * (radius - height) * (radius - height) * (radius - (radius - height) / 3);
  };
  const auto deviation = [&](double height) {
    return 0.5 * (2 * step) * (2 * step) * std::sqrt(M_PI * (radius * radius - height * height));
  };
  double squares = 0;
  int cuts = 0;
  for (const PatientVec slope : {PatientVec{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 2, 0}, {-1, 1, 1}, {2, 0, 3}}) {
    const PatientVec along = per_mm / norm(slope) * slope;
    const DoseGrid dose = analytic::dose_on_grid(grid, [&](PatientPoint p) {
      return 20 + dot(p - PatientPoint{0, 0, 0}, along);
    });
    const SampledStructure fine = sample_dose(ball, DoseInterpolator(dose), step);
    std::set<std::tuple<double, double, double>> fine_points;
    for (const PatientPoint& p : fine.points) fine_points.insert({p.x, p.y, p.z});
    const std::vector<SampledStructure> draws = twice_as_coarse(fine);
    ASSERT_EQ(draws.size(), 8u);
    const Dvh fine_curve(fine.samples, fine.dose_gy);
    std::vector<double> mean(heights.size(), 0.0);
    for (const SampledStructure& coarse : draws) {
      EXPECT_LT(coarse.samples.size(), fine.samples.size() / 5);
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
      for (std::size_t h = 0; h < heights.size(); ++h) {
        const double off =
            (curve.volume_at_dose_mm3(20 + per_mm * heights[h]) - cap(heights[h])) / deviation(heights[h]);
        EXPECT_LE(std::abs(off), 3.5) << slope.x << " " << slope.y << " " << slope.z << ", " << heights[h] << " mm";
        mean[h] += curve.volume_at_dose_mm3(20 + per_mm * heights[h]) / double(draws.size());
        squares += off * off, ++cuts;
      }
    }
    // Together the draws are the fine pieces again, but for those that fall to the other side in an eighth of a block.
    for (std::size_t h = 0; h < heights.size(); ++h)
      EXPECT_NEAR(mean[h], fine_curve.volume_at_dose_mm3(20 + per_mm * heights[h]), deviation(heights[h]) / 8);
  }
  // The deviation is an upper bound: pieces cut near a corner, as most are by slanted planes, scatter less.
  EXPECT_LE(squares / cuts, 1) << "scatter";
  EXPECT_GE(squares / cuts, 0.1) << "scatter";
}

// The interval is a sampling error: a finer one, and the closed form, lie within it nearly always, and not far inside.
TEST(SamplingError, IsAboutTwiceTheStandardDeviation) {
  constexpr double per_mm = 0.4;
  const Grid grid({50, 50, 50}, {1, 1, 1}, {-24.5, -24.5, -24.5});
  int within = 0, cuts = 0;
  double squares = 0;
  for (int n = 0; n < 40; ++n) {
    const double radius = 14 + 0.1 * n;
    const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0.1 * n, 0, 0}, radius, 0.5));
    const PatientVec slope{std::sin(1.0 * n), std::cos(1.7 * n), std::sin(0.3 * n + 1)};
    const PatientVec along = per_mm / norm(slope) * slope;
    const DoseGrid dose =
        analytic::dose_on_grid(grid, [&](PatientPoint p) { return 20 + dot(p - ball.centroid(), along); });
    const SampledStructure fine = sample_dose(ball, DoseInterpolator(dose), 1.3);
    const Dvh curve(fine.samples, fine.dose_gy);
    std::vector<Dvh> draws;
    for (const SampledStructure& draw : twice_as_coarse(fine)) draws.emplace_back(draw.samples, draw.dose_gy);
    for (const double height : {-7.0, -2.0, 3.0, 8.0}) {
      const double level = 20 + per_mm * height, depth = radius - height;
      std::vector<double> coarse;
      for (const Dvh& draw : draws) coarse.push_back(draw.volume_at_dose_mm3(level));
      const double truth =
          M_PI * depth * depth * (radius - depth / 3) * ball.volume_mm3() / (4 * M_PI / 3 * std::pow(radius, 3));
      const Measured found = with_sampling_error(curve.volume_at_dose_mm3(level), coarse, 0);
      const double half = (found.interval.high - found.interval.low) / 2;
      within += truth >= found.interval.low && truth <= found.interval.high;
      squares += (truth - found.value) * (truth - found.value) / (half * half);
      ++cuts;
    }
  }
  EXPECT_GE(within, 0.9 * cuts);  // of two standard deviations: 0.954 +- 0.017
  // The standard deviation in half widths; that of its estimate is 0.03 from 160 cuts, more as cuts of one ball share
  // pieces. Half or twice the interval would give 1 or 0.25.
  EXPECT_NEAR(std::sqrt(squares / cuts), 0.5, 0.15);
}

}  // namespace
}  // namespace sbrt
