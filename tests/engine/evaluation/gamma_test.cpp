#include "engine/evaluation/gamma.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "tests/engine/evaluation/analytic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

// Doses are stored in single precision: 6e-8 of about 60 Gy against a criterion of about 1 Gy.
constexpr double single_precision = 2e-5;

const Axes turned = [] {
  const PatientVec i = Direction<Patient>(PatientVec{0.8, 0.6, 0}),
                   j = Direction<Patient>(PatientVec{-0.48, 0.64, 0.6});
  return Axes{i, j, cross(i, j)};
}();

/// The reference lies well inside the evaluated grid, whose axes, spacing and origin are its own.
Grid reference_grid() { return Grid({9, 8, 7}, {1.3, 1, 2}, {-4.1, 3.2, -7}); }
Grid evaluated_grid() {
  return Grid({45, 48, 30}, {1.1, 0.9, 1.7},
              PatientPoint{1, 7, -1} - 22.0 * turned.i - 20.0 * turned.j - 22.0 * turned.k, turned);
}

struct Ramp {
  double at_origin;
  PatientVec gradient;
  double operator()(PatientPoint p) const { return at_origin + dot(gradient, p - PatientPoint{}); }
};
const Ramp ramp{40, {0.9, -0.5, 0.7}};

TEST(Gamma, OfEqualDosesIsZero) {
  const DoseGrid dose = analytic::dose_on_grid(reference_grid(), ramp);
  const GammaResult r = compare_gamma(dose, dose, {});
  EXPECT_EQ(r.compared, 9 * 8 * 7);
  EXPECT_LT(r.largest, 1e-12);  // the place of a grid point rounds
  EXPECT_EQ(r.pass_pct, 100);
  EXPECT_FALSE(r.failing);
}

TEST(Gamma, OfADoseOffsetWithoutGradientIsTheOffset) {
  const DoseGrid a = analytic::dose_on_grid(reference_grid(), [](PatientPoint) { return 50.0; });
  const DoseGrid b = analytic::dose_on_grid(evaluated_grid(), [](PatientPoint) { return 50.6; });
  const GammaResult r = compare_gamma(a, b, {.dose_pct = 2});
  EXPECT_NEAR(r.mean, 0.6, single_precision);
  EXPECT_NEAR(r.largest, 0.6, single_precision);
}

TEST(Gamma, OfAShiftedOrOffsetRampIsTheDistanceOfTwoPlanesInDoseAndSpace) {
  const DoseGrid a = analytic::dose_on_grid(reference_grid(), ramp);
  const double maximum = double(*std::max_element(a.values().begin(), a.values().end()));
  for (const PatientVec shift : {PatientVec{0.4, 0, 0}, {-0.2, 0.7, 0.3}, {0, 0, 0}})
    for (const double offset : {0.0, 0.8})
      for (const double distance_mm : {1.0, 3.0}) {
        const DoseGrid b =
            analytic::dose_on_grid(evaluated_grid(), [&](PatientPoint p) { return ramp(p - shift) + offset; });
        const double dose = 0.02 * maximum, slope = norm(ramp.gradient) * distance_mm / dose;
        const double expected = std::abs(offset - dot(ramp.gradient, shift)) / dose / std::sqrt(1 + slope * slope);
        const GammaResult r = compare_gamma(a, b, {.dose_pct = 2, .distance_mm = distance_mm});
        EXPECT_NEAR(r.mean, expected, single_precision);
        EXPECT_NEAR(r.largest, expected, single_precision);
        EXPECT_EQ(r.not_covered, 0);
      }
}

TEST(Gamma, OfASteepShiftedRampTendsToTheShift) {
  // 20 Gy/mm along x: the dose criterion of 1 Gy is 0.05 mm.
  const Ramp steep{400, {20, 0, 0}};
  const DoseGrid a = analytic::dose_on_grid(reference_grid(), steep);
  const DoseGrid b = analytic::dose_on_grid(evaluated_grid(), [&](PatientPoint p) {
    return steep(p - PatientVec{0.6, 0, 0});
  });
  const double maximum = double(*std::max_element(a.values().begin(), a.values().end()));
  const double slope = 20 / (0.002 * maximum);
  const GammaResult r = compare_gamma(a, b, {.dose_pct = 0.2, .distance_mm = 1});
  EXPECT_NEAR(r.largest, 0.6 * slope / std::sqrt(1 + slope * slope), 10 * single_precision);
}

TEST(Gamma, OfTwoGaussiansIsTheNearestOfTheConcentricSpheres) {
  // The evaluated dose depends on the distance from its centre only, so the nearest point in space and dose lies on the
  // line through that centre: a search in one dimension is the truth.
  constexpr double sigma = 18, maximum = 60, shift = 0.9, higher = 61;
  const auto ball = [](double top, PatientPoint centre) {
    return [=](PatientPoint p) { return top * std::exp(-norm2(p - centre) / (2 * sigma * sigma)); };
  };
  const Grid grid({61, 62, 63}, {1, 1, 1}, {-30.2, -30.6, -31.1});
  const PatientPoint moved{shift, 0, 0};
  const DoseGrid a = analytic::dose_on_grid(grid, ball(maximum, {0, 0, 0})),
                 b = analytic::dose_on_grid(grid, ball(higher, moved));
  // A linear dose in a tetrahedron misses at most 3/8 h^2 of the largest second derivative.
  const double curvature_gy = 3.0 / 8 * higher / (sigma * sigma);
  for (const bool local : {false, true}) {
    const GammaResult r = compare_gamma(a, b, {.dose_pct = 2, .distance_mm = 1, .local = local, .cutoff_pct = 30});
    std::int64_t compared = 0;
    for (int k = 0; k < grid.size().nz; k += 3)
      for (int j = 0; j < grid.size().ny; j += 3)
        for (int i = 0; i < grid.size().nx; ++i) {
          if (std::isnan(r.map(i, j, k))) continue;
          const PatientPoint p = grid.voxel_centre(i, j, k);
          const double dose = double(a(i, j, k)), criterion = 0.02 * (local ? dose : r.normalisation_gy);
          const double radius = distance(p, moved);
          double truth = 3;
          for (double step = -1.5; step <= 1.5; step += 0.01)
            if (radius + step >= 0) {
              const double there = higher * std::exp(-(radius + step) * (radius + step) / (2 * sigma * sigma));
              truth = std::min(truth, std::hypot(step, (there - dose) / criterion));
            }
          ASSERT_NEAR(double(r.map(i, j, k)), truth, curvature_gy / criterion);
          ++compared;
        }
    EXPECT_GT(compared, 5000);
  }
}

TEST(Gamma, LocalCriterionFollowsTheDoseOfThePoint) {
  const Ramp along_x{20, {2, 0, 0}};
  const Grid grid = reference_grid();
  const DoseGrid a = analytic::dose_on_grid(grid, along_x);
  const DoseGrid b = analytic::dose_on_grid(evaluated_grid(), [&](PatientPoint p) { return along_x(p) + 0.3; });
  const GammaResult r = compare_gamma(a, b, {.dose_pct = 3, .distance_mm = 0.5, .local = true, .cutoff_pct = 1});
  for (int i = 0; i < grid.size().nx; ++i) {
    const double dose = 0.03 * along_x(grid.voxel_centre(i, 3, 2)), slope = 2 * 0.5 / dose;
    EXPECT_NEAR(double(r.map(i, 3, 2)), 0.3 / dose / std::sqrt(1 + slope * slope), single_precision);
  }
  EXPECT_LT(r.map(8, 0, 0), r.map(0, 0, 0));
  EXPECT_EQ(r.worst->point.x, grid.origin().x);
}

TEST(Gamma, StopsAtAFoldOfTheDose) {
  // A roof of 5 Gy/mm; the evaluated one is 1 mm aside and 2 Gy lower. Criteria 1 Gy and 2 mm.
  const Grid grid({41, 9, 9}, {0.5, 1, 1}, {-10, -4, -4});
  const auto roof = [](double ridge, double top) {
    return [=](PatientPoint p) { return top - 5 * std::abs(p.x - ridge); };
  };
  const DoseGrid a = analytic::dose_on_grid(grid, roof(0, 50)), b = analytic::dose_on_grid(grid, roof(1, 48));
  const GammaResult r = compare_gamma(a, b, {.dose_pct = 2, .distance_mm = 2, .cutoff_pct = 0});
  // From the ridge the other ridge is nearest: 1 mm of 2 and 2 Gy of 1.
  EXPECT_NEAR(double(r.map(20, 4, 4)), std::hypot(0.5, 2), single_precision);
  // On the slope, at x = -4 mm, the two roofs are parallel: 7 Gy apart at a slope of 10.
  EXPECT_NEAR(double(r.map(12, 4, 4)), 7 / std::sqrt(101.0), single_precision);
}

TEST(Gamma, NamesTheFailingRegionAndTheWorstPoint) {
  const Grid grid({20, 21, 22}, {1, 1, 1}, {-10, -10, -10});
  DoseGrid a = analytic::dose_on_grid(grid, [](PatientPoint) { return 50.0; });
  DoseGrid b = a;
  for (int k = 8; k <= 16; ++k)
    for (int j = 5; j <= 13; ++j)
      for (int i = 4; i <= 10; ++i) b(i, j, k) = 52;
  b(7, 9, 12) = 52.5f;
  const GammaResult r = compare_gamma(a, b, {.dose_pct = 2, .distance_mm = 1});
  // One voxel inside the block's surface the dose 50 is 2 mm away, so gamma > 1; on it 50 Gy is 1 mm away and the slope
  // of 2 Gy/mm against 1 Gy brings gamma below 1.
  ASSERT_TRUE(r.failing);
  EXPECT_EQ(r.failing->points, 5 * 7 * 7);
  EXPECT_NEAR(r.failing->volume_cc, 0.245, 1e-9);
  EXPECT_EQ(r.failing->box.low, (PatientPoint{-5, -4, -1}));
  EXPECT_EQ(r.failing->box.high, (PatientPoint{-1, 2, 5}));
  EXPECT_NEAR(distance(r.failing->centroid, {-3, -1, 2}), 0, 1e-9);
  EXPECT_EQ(r.passed + r.failing->points, r.compared);
  EXPECT_EQ(std::accumulate(r.histogram.begin(), r.histogram.end(), std::int64_t(0)), r.compared);
  EXPECT_NEAR(r.worst->gamma, 2, 0.3);
}

TEST(Gamma, EndsAtTheLargestGamma) {
  const DoseGrid a = analytic::dose_on_grid(reference_grid(), [](PatientPoint) { return 50.0; });
  const DoseGrid b = analytic::dose_on_grid(evaluated_grid(), [](PatientPoint) { return 80.0; });
  const GammaResult r = compare_gamma(a, b, {.largest = 2.5});
  EXPECT_EQ(r.mean, 2.5);
  EXPECT_EQ(r.histogram.back(), r.compared);
}

TEST(Gamma, LeavesOutWhatIsBelowTheCutoffOrNotCovered) {
  const Ramp along_x{0, {10, 0, 0}};
  const DoseGrid a = analytic::dose_on_grid(Grid({11, 3, 3}, {1, 1, 1}, {0, 0, 0}), along_x);
  const DoseGrid b = analytic::dose_on_grid(Grid({9, 3, 3}, {1, 1, 1}, {0, 0, 0}), along_x);
  const GammaResult r = compare_gamma(a, b, {.cutoff_pct = 25});
  EXPECT_EQ(r.below_cutoff, 3 * 9);
  EXPECT_EQ(r.not_covered, 2 * 9);
  EXPECT_EQ(r.compared, 6 * 9);
  EXPECT_TRUE(std::isnan(r.map(0, 0, 0)));
  EXPECT_TRUE(std::isnan(r.map(10, 0, 0)));
}

TEST(Gamma, DoesNotDependOnTheThreadCount) {
  const auto ball = [](double x) {
    return [=](PatientPoint p) { return 60 * std::exp(-norm2(p - PatientPoint{x, 0, 0}) / 90); };
  };
  const Grid grid({40, 41, 42}, {1, 1, 1}, {-20, -20, -20});
  const DoseGrid a = analytic::dose_on_grid(grid, ball(0)), b = analytic::dose_on_grid(grid, ball(1.4));
  const int before = thread_count();
  set_thread_count(1);
  const GammaResult one = compare_gamma(a, b, {});
  set_thread_count(3);
  const GammaResult three = compare_gamma(a, b, {});
  set_thread_count(before);
  for (std::size_t v = 0; v < one.map.values().size(); ++v)
    ASSERT_TRUE(one.map.values()[v] == three.map.values()[v] || std::isnan(one.map.values()[v]));
  EXPECT_EQ(one.mean, three.mean);
  EXPECT_EQ(one.histogram, three.histogram);
  EXPECT_LT(one.pass_pct, 100);
}

TEST(Gamma, RefusesWhatHasNoGamma) {
  const DoseGrid dose = analytic::dose_on_grid(reference_grid(), ramp);
  EXPECT_THROW(compare_gamma(dose, dose, {.dose_pct = 0}), InputError);
  EXPECT_THROW(compare_gamma(dose, dose, {.distance_mm = -1}), InputError);
  EXPECT_THROW(compare_gamma(dose, dose, {.cutoff_pct = 100}), InputError);
  EXPECT_THROW(compare_gamma(dose, dose, {.local = true, .cutoff_pct = 0}), InputError);
  EXPECT_THROW(compare_gamma(DoseGrid(reference_grid()), dose, {}), InputError);
  EXPECT_THROW(compare_gamma(dose, DoseGrid(Grid({9, 9, 1}, {1, 1, 1}, {0, 0, 0}), 1.0f), {}), InputError);
  EXPECT_THROW(compare_gamma(dose, DoseGrid(Grid({9, 9, 9}, {1, 1, 1}, {500, 0, 0}), 1.0f), {}), InputError);
  DoseGrid broken = dose;
  broken(1, 1, 1) = NAN;
  EXPECT_THROW(compare_gamma(dose, broken, {}), InputError);
}

}  // namespace
}  // namespace sbrt
