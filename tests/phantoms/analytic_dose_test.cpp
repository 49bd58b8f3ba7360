#include "phantoms/analytic_dose.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt::phantoms {
namespace {

// Published to four decimals [Gy] and six [cc].
constexpr double printed_gy = 0.5001e-4;
constexpr double printed_mm3 = 0.5001e-3;

struct Row {
  const char* name;
  LinearDvh dvh;
  double volume_cc, d99, d95, d50, d5, d1, d003cc;
};

std::vector<Row> published() {
  constexpr double r = 12, h = 24;
  const auto dvh = [](auto volume_above) { return LinearDvh(volume_above, -12, 12, 16, 1); };
  return {
      {"sphere", dvh([](double u) { return sphere_volume_above(r, u); }), 7.238229, 5.4137, 7.2484, 16, 24.7516,
       26.5863, 27.0965},
      {"cylinder along", dvh([](double u) { return cylinder_along_volume_above(r, h, u); }), 10.857344, 4.2400, 5.2000,
       16, 26.8000, 27.7600, 27.9337},
      {"cylinder across", dvh([](double u) { return cylinder_across_volume_above(r, h, u); }), 10.857344, 4.7880,
       6.3354, 16, 25.6646, 27.2120, 27.6670},
      {"cone base high", dvh([](double u) { return cone_base_high_volume_above(r, h, u); }), 3.619115, 9.1706, 12.8417,
       23.0488, 27.5931, 27.9197, 27.9335},
      {"cone across", dvh([](double u) { return cone_across_volume_above(r, h, u); }), 3.619115, 6.2111, 8.2957, 16,
       23.7043, 25.7889, 25.9518},
  };
}

TEST(LinearDvh, ReproducesThePublishedTable) {
  for (const Row& row : published()) {
    EXPECT_NEAR(row.dvh.volume_mm3(), row.volume_cc * 1000, printed_mm3) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_percent_gy(99), row.d99, printed_gy) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_percent_gy(95), row.d95, printed_gy) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_percent_gy(50), row.d50, printed_gy) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_percent_gy(5), row.d5, printed_gy) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_percent_gy(1), row.d1, printed_gy) << row.name;
    EXPECT_NEAR(row.dvh.dose_at_volume_gy(30), row.d003cc, printed_gy) << row.name;
  }
}

TEST(LinearDvh, ConeBaseLowMirrorsBaseHigh) {
  for (const double u : {-12.0, -3.5, 0.0, 7.25, 12.0})
    EXPECT_NEAR(cone_base_low_volume_above(12, 24, u),
                cone_base_high_volume_above(12, 24, -12) - cone_base_high_volume_above(12, 24, -u), 1e-9);
}

TEST(LinearDvh, EndCapsAddTheirVolume) {
  // Published cylinder with 1.5 mm caps (3 mm planes): 12.2145 cc.
  EXPECT_NEAR(cylinder_along_volume_above(12, 24, -100, 1.5), 12214.5, 0.05);
  EXPECT_NEAR(cylinder_across_volume_above(12, 24, -100, 1.5), 12214.5, 0.05);
  const double cap = 144 * 3.14159265358979 * 1.5, cone = 3619.1147;
  EXPECT_NEAR(cone_base_high_volume_above(12, 24, -100, 1.5), cone + cap, 1e-3);
  EXPECT_NEAR(cone_base_low_volume_above(12, 24, -100, 1.5), cone + cap, 1e-3);
  EXPECT_NEAR(cone_base_high_volume_above(12, 24, 12.75, 1.5), cap / 2, 1e-3);
  EXPECT_NEAR(cone_base_low_volume_above(12, 24, -12.75, 1.5), cone + cap / 2, 1e-3);
}

/// Volume of each Nelms solid above a dose, summed over thin columns cut by the solid's own chords: independent of the
/// formulas.
double summed_volume(const Solid& solid, const LinearDose& dose, double at_least_gy) {
  constexpr double step = 0.1;
  double volume = 0;
  const Box box = solid.bounding_box();
  const PatientVec g = dose.gradient_gy_per_mm;
  for (double x = box.low.x + step / 2; x < box.high.x; x += step)
    for (double w = step / 2; w < 24; w += step) {
      // Columns run along the gradient, so the dose limit cuts a chord at a known place.
      const PatientPoint start = g.z != 0 ? PatientPoint{x, box.low.y + w, 0} : PatientPoint{x, 0, box.low.z + w};
      for (const RayInterval& i : solid.crossings(start, g))
        volume += std::max(0.0, i.leave - std::max(i.enter, at_least_gy - dose.at_origin_gy)) * step * step;
    }
  return volume;
}

TEST(NelmsCases, SolidsAndDvhsBelongTogether) {
  // Midpoint sums over columns of 0.1 mm: the edge of the projection (radius 12) is missed by less than 0.05 mm times
  // its length.
  constexpr double midpoint_mm3 = 8;
  for (const NelmsCase& c : nelms_cases()) {
    EXPECT_NEAR(*c.solid.volume_mm3(), c.along_z.volume_mm3(), 1e-6) << c.name;
    EXPECT_NEAR(*c.solid.volume_mm3(), c.along_y.volume_mm3(), 1e-6) << c.name;
    for (const double dose : {5.0, 13.0, 16.0, 21.5, 26.0}) {
      EXPECT_NEAR(summed_volume(c.solid, nelms_dose_along_z, dose), c.along_z.volume_at_dose_mm3(dose), midpoint_mm3)
          << c.name << dose;
      EXPECT_NEAR(summed_volume(c.solid, nelms_dose_along_y, dose), c.along_y.volume_at_dose_mm3(dose), midpoint_mm3)
          << c.name << dose;
    }
  }
}

TEST(GaussianDose, R50OfAFittedSphere) {
  EXPECT_NEAR(gaussian_r50(1 / 0.7), 5.0497, 0.5e-4);
  // Whatever the radius, the ratio of the volumes is the same.
  for (const double radius : {2.0, 10.0, 31.0}) {
    const double maximum = 60, prescription = 42, sigma = radius / std::sqrt(2 * std::log(maximum / prescription));
    EXPECT_NEAR(gaussian_radius_at_dose_mm(maximum, sigma, prescription), radius, 1e-12 * radius);
    EXPECT_NEAR(gaussian_volume_at_dose_mm3(maximum, sigma, prescription / 2) /
                    gaussian_volume_at_dose_mm3(maximum, sigma, prescription),
                5.0497, 0.5e-4);
  }
  EXPECT_EQ(gaussian_volume_at_dose_mm3(60, 5, 61), 0);
}

TEST(AnalyticDose, SamplesAtVoxelCentresOfAnyGrid) {
  const Grid grid({3, 4, 5}, {1.5, 2, 2.5}, {-4, 5, -6}, Axes{{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}});
  const LinearDose dose{10, {0.5, -0.25, 1}};
  const DoseGrid sampled = sample(dose, grid);
  const PatientPoint p = grid.voxel_centre(2, 1, 3);
  EXPECT_FLOAT_EQ(sampled(2, 1, 3), float(10 + 0.5 * p.x - 0.25 * p.y + p.z));
  EXPECT_EQ(dose({0, 0, -100}), 0);
}

}  // namespace
}  // namespace sbrt::phantoms
