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
    const SampledStructure sampled = with_hot_spot(plain, *hot);
    EXPECT_GT(sampled.samples.size(), plain.samples.size() + 10'000);  // a cubic centimetre in pieces of 0.064 mm^3
    const Dvh curve(sampled.samples, sampled.dose_gy);
    EXPECT_NEAR(*curve.dose_at_volume_gy(hot_mm3), expected, tolerance * expected);
    EXPECT_NEAR(curve.volume_mm3(), organ.volume_mm3(), 1e-6 * organ.volume_mm3());
  }
}

}  // namespace
}  // namespace sbrt
