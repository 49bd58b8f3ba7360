#include "engine/evaluation/hot_spot.h"

#include "engine/evaluation/dvh.h"
#include "engine/evaluation/structure_dose.h"
#include "tests/engine/evaluation/analytic.h"
#include "tests/engine/evaluation/contoured.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

// D = 50 Gy exp(-r^2 / 2 s^2): the hottest V fill the ball of that volume, D(V) = 50 Gy exp(-(3V / 4 pi)^(2/3) / 2
// s^2).
TEST(HotSpot, DoseOfTheHottestCubicMillimetresInALargeOrgan) {
  constexpr double highest_gy = 50, sigma_mm = 6, hot_mm3 = 30, coarse_mm = 3;
  constexpr double tolerance = 1e-3;  // of 470 pieces, at a place where 1 % of the volume changes the dose by 0.03 %
  const double radius = std::cbrt(3 * hot_mm3 / (4 * M_PI));
  const double expected = highest_gy * std::exp(-radius * radius / (2 * sigma_mm * sigma_mm));
  const PatientPoint hottest{3.2, -7.7, 5.1};
  const Shape organ = Shape::from_structure(contoured::sphere("Organ", {0, 0, 0}, 30));
  const double c = std::cos(0.5), s = std::sin(0.5);
  for (const Axes& axes : {Axes{}, Axes{{c, s, 0}, {-s, c, 0}, {0, 0, 1}}}) {
    const Grid grid({60, 60, 60}, {1.5, 1.5, 1.5}, PatientPoint{0, 0, 0} + (-44.25) * (axes.i + axes.j + axes.k), axes);
    const DoseGrid dose = analytic::dose_on_grid(
        grid, [&](PatientPoint p) { return highest_gy * std::exp(-norm2(p - hottest) / (2 * sigma_mm * sigma_mm)); });
    const DoseInterpolator interpolate(dose);
    const SampledStructure plain = sample_dose(organ, interpolate, coarse_mm);
    const auto hot = find_hot_spot(organ, interpolate, hot_step_mm, plain);
    ASSERT_TRUE(hot);
    const SampledStructure sampled = with_hot_spot(plain, hot->threshold_gy, hot->pieces);
    EXPECT_GT(sampled.samples.size(), plain.samples.size() + 10'000);  // a cubic centimetre in pieces of 0.064 mm^3
    const Dvh curve(sampled.samples, sampled.dose_gy);
    EXPECT_NEAR(*curve.dose_at_volume_gy(hot_mm3), expected, tolerance * expected);
    EXPECT_NEAR(curve.volume_mm3(), organ.volume_mm3(), 1e-6 * organ.volume_mm3());
  }
}

// The pieces of a hot spot drawn twice as coarse tell its error as those of the whole structure do.
TEST(HotSpot, TellsItsSamplingErrorByCoarseDraws) {
  constexpr double sigma_mm = 6, hot_mm3 = 30;
  const double radius = std::cbrt(3 * hot_mm3 / (4 * M_PI));
  const double expected = 50 * std::exp(-radius * radius / (2 * sigma_mm * sigma_mm));
  const Shape organ = Shape::from_structure(contoured::sphere("Organ", {0, 0, 0}, 30));
  const Grid grid({60, 60, 60}, {1.5, 1.5, 1.5}, {-44.25, -44.25, -44.25});
  int within = 0, cases = 0;
  double squares = 0;
  for (int n = 0; n < 24; ++n) {
    const PatientPoint hottest{0.37 * n - 5, 4 - 0.53 * n, 0.29 * n};
    const DoseGrid dose = analytic::dose_on_grid(
        grid, [&](PatientPoint p) { return 50 * std::exp(-norm2(p - hottest) / (2 * sigma_mm * sigma_mm)); });
    const DoseInterpolator interpolate(dose);
    const SampledStructure plain = sample_dose(organ, interpolate, 3);
    const auto hot = find_hot_spot(organ, interpolate, 0.8, plain);
    ASSERT_TRUE(hot);
    EXPECT_DOUBLE_EQ(hot->pieces.step_mm, 0.8);
    const auto dose_of = [&](const SampledStructure& coarse, const SampledStructure& pieces) {
      const SampledStructure all = with_hot_spot(coarse, hot->threshold_gy, pieces);
      return *Dvh(all.samples, all.dose_gy).dose_at_volume_gy(hot_mm3);
    };
    const std::vector<SampledStructure> draws = twice_as_coarse(plain), hot_draws = twice_as_coarse(hot->pieces);
    std::vector<double> coarse;
    for (std::size_t d = 0; d < draws.size(); ++d) coarse.push_back(dose_of(draws[d], hot_draws[d]));
    const Measured found = with_sampling_error(dose_of(plain, hot->pieces), coarse, 0);
    const double half = (found.interval.high - found.interval.low) / 2;
    within += std::abs(found.value - expected) <= half;
    squares += (found.value - expected) * (found.value - expected) / (half * half);
    ++cases;
  }
  EXPECT_GE(within, 0.75 * cases);  // of two standard deviations, told by few pieces: 60 of 0.5 mm^3
  EXPECT_NEAR(std::sqrt(squares / cases), 0.55, 0.25);
}

// Most of the box around a hot cap is cold and does not keep the pieces from being short.
TEST(HotSpot, HasShortPiecesWhereOnlyACapOfItsBoxIsHot) {
  const Shape organ = Shape::from_structure(contoured::sphere("Organ", {0, 0, 0}, 28));
  const Grid grid({60, 60, 60}, {1.5, 1.5, 1.5}, {-44.25, -44.25, -44.25});
  const DoseGrid dose = analytic::dose_on_grid(grid, [&](PatientPoint p) { return std::max(0.0, 30 + 0.7 * p.x); });
  const DoseInterpolator interpolate(dose);
  const SampledStructure plain = sample_dose(organ, interpolate, 6);
  const auto hot = find_hot_spot(organ, interpolate, hot_step_mm, plain);
  ASSERT_TRUE(hot);
  // A cap of 3.4 mm and 27 mm across, in a box grown by 6 mm: 200 000 voxels of the whole box would be 0.49 mm long.
  EXPECT_LT(hot->pieces.step_mm, 0.45);
  double volume = 0;
  for (std::size_t i = 0; i < hot->pieces.samples.size(); ++i)
    if (hot->pieces.dose_gy[i] >= hot->threshold_gy) volume += hot->pieces.samples[i].volume_mm3;
  EXPECT_NEAR(volume, 1000, 350);  // a cubic centimetre as pieces of 6 mm know it
}

}  // namespace
}  // namespace sbrt
