#include "engine/evaluation/dvh.h"

#include "engine/evaluation/radiobiology.h"
#include "tests/engine/evaluation/analytic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

Dvh two_halves(double hot, double cold) {
  const std::vector<Sample> samples{{{}, 500}, {{}, 500}};
  const std::vector<double> dose{cold, hot};
  return Dvh(samples, dose);
}

std::optional<double> value(const Dvh& dvh, const char* metric, std::optional<DoseReference> reference = std::nullopt) {
  return dvh.value(Metric::parse(metric), reference);
}

TEST(Dvh, LinearDoseGivesTheStraightLine) {
  // 1000 pieces of 1 mm^3 with 0.05, 0.15, ... 99.95 Gy: V(D) = 1000 (1 - D/100).
  std::vector<Sample> samples(1000, Sample{{}, 1.0});
  std::vector<double> dose;
  for (int i = 0; i < 1000; ++i) dose.push_back((i * 7 % 1000 + 0.5) * 0.1);  // 7 and 1000 share no factor: shuffled
  const Dvh dvh(samples, dose);
  constexpr double rounding = 1e-9;
  EXPECT_NEAR(value(dvh, "D95%").value(), 5, rounding);
  EXPECT_NEAR(value(dvh, "D2%").value(), 98, rounding);
  EXPECT_NEAR(value(dvh, "D0.03cc").value(), 97, rounding);
  EXPECT_NEAR(value(dvh, "V20Gy[%]").value(), 80, rounding);
  EXPECT_NEAR(value(dvh, "V20Gy[cc]").value(), 0.8, rounding);
  EXPECT_NEAR(value(dvh, "CV20Gy[cc]").value(), 0.2, rounding);
  EXPECT_NEAR(value(dvh, "Mean").value(), 50, rounding);
  EXPECT_NEAR(value(dvh, "Min").value(), 0.05, rounding);
  EXPECT_NEAR(value(dvh, "Max").value(), 99.95, rounding);
}

TEST(Dvh, SurfacePointsBoundTheExtremes) {
  const std::vector<Sample> samples{{{}, 500}, {{}, 500}};
  const std::vector<double> dose{10, 20}, surface{4, 23, NAN};
  const Dvh dvh(samples, dose, surface);
  EXPECT_DOUBLE_EQ(dvh.min_gy(), 4);
  EXPECT_DOUBLE_EQ(dvh.max_gy(), 23);
  EXPECT_DOUBLE_EQ(dvh.dose_at_volume_gy(0).value(), 23);
  EXPECT_DOUBLE_EQ(dvh.dose_at_volume_gy(1000).value(), 4);
}

TEST(Dvh, UniformDoseIsAStep) {
  const Dvh dvh = two_halves(30, 30);
  EXPECT_DOUBLE_EQ(dvh.volume_at_dose_mm3(30), 1000);
  EXPECT_DOUBLE_EQ(dvh.volume_at_dose_mm3(30.0001), 0);
  EXPECT_DOUBLE_EQ(dvh.dose_at_volume_gy(500).value(), 30);
}

TEST(Dvh, AVolumeThatTheStructureDoesNotHaveHasNoDose) {
  EXPECT_FALSE(value(two_halves(30, 20), "D1.1cc"));
  EXPECT_TRUE(value(two_halves(30, 20), "D1cc"));
}

TEST(Dvh, ThePartOutsideTheGridIsNeverGuessed) {
  const std::vector<Sample> samples{{{}, 600}, {{}, 400}};
  const std::vector<double> dose{20, NAN};
  const Dvh dvh(samples, dose);
  EXPECT_DOUBLE_EQ(dvh.volume_mm3(), 1000);
  EXPECT_DOUBLE_EQ(dvh.covered_mm3(), 600);
  EXPECT_TRUE(value(dvh, "D50%"));
  EXPECT_FALSE(value(dvh, "D95%"));
  EXPECT_FALSE(value(dvh, "CV10Gy[cc]"));
  EXPECT_DOUBLE_EQ(value(dvh, "V10Gy[%]").value(), 60);
}

TEST(Dvh, NothingCoveredHasNoValues) {
  const std::vector<Sample> samples{{{}, 600}};
  const std::vector<double> dose{NAN};
  const Dvh dvh(samples, dose);
  EXPECT_TRUE(dvh.empty());
  EXPECT_FALSE(value(dvh, "Mean"));
  EXPECT_FALSE(value(dvh, "V10Gy[%]"));
}

TEST(Dvh, GeneralisedDoseRunsFromMeanToMaximum) {
  const Dvh dvh = two_halves(40, 20);
  EXPECT_NEAR(dvh.geud_gy(1), 30, 1e-12);
  EXPECT_NEAR(dvh.geud_gy(2), std::sqrt((1600 + 400) / 2.0), 1e-12);
  EXPECT_NEAR(dvh.geud_gy(500), 40, 40 * std::log(2) / 500 * 1.01);  // 2^(-1/a)
  EXPECT_NEAR(dvh.geud_gy(-500), 20, 20 * std::log(2) / 500 * 1.01);
}

TEST(Dvh, PercentOfDoseNeedsAPrescription) {
  const Dvh dvh = two_halves(60, 30);
  EXPECT_FALSE(value(dvh, "Mean[%]"));
  const DoseReference reference{45, 5, {}, false};
  EXPECT_DOUBLE_EQ(value(dvh, "Mean[%]", reference).value(), 100);
  EXPECT_DOUBLE_EQ(value(dvh, "V100%[cc]", reference).value(), 0.5 + 0.25 * (60.0 - 45) / 15 - 0.25);
}

TEST(Dvh, BiologicalDoseIsConvertedPointByPoint) {
  const Dvh dvh = two_halves(60, 30);
  const DoseReference reference{45, 5, {}, false};
  const double mean_of_bed = (bed_gy(60, 5, 10) + bed_gy(30, 5, 10)) / 2;
  EXPECT_NEAR(value(dvh, "BED(Mean)", reference).value(), mean_of_bed, 1e-9);
  EXPECT_GT(mean_of_bed, bed_gy(45, 5, 10));
  EXPECT_NEAR(value(dvh, "EQD2(Max,ab=3)", reference).value(), eqd2_gy(60, 5, 3), 1e-9);
}

TEST(SampledCurve, StartsWithTheWholeVolumeAndEndsEmpty) {
  const DvhCurve curve = sampled_curve(two_halves(30, 20), 0.5);
  EXPECT_DOUBLE_EQ(curve.dose_gy.front(), 0);
  EXPECT_DOUBLE_EQ(curve.volume_cc.front(), 1);
  EXPECT_GT(curve.dose_gy.back(), 30);
  EXPECT_DOUBLE_EQ(curve.volume_cc.back(), 0);
  for (std::size_t i = 1; i < curve.volume_cc.size(); ++i) EXPECT_LE(curve.volume_cc[i], curve.volume_cc[i - 1]);
}

// Nelms 2015 (10.1118/1.4923175): centre (0, -6, 6) mm, radius 12, height 24 mm, 1 Gy/mm, 16 Gy at the centre.
struct NelmsCase {
  const char* name;
  bool (*inside)(PatientVec);
  bool along_y;  // the gradient; else along z (the axis of cylinder and cone)
  double d99, d95, d50, d5, d1, d003cc;
};

bool in_sphere(PatientVec p) { return norm2(p) <= 144; }
bool in_cylinder(PatientVec p) { return p.x * p.x + p.y * p.y <= 144 && std::abs(p.z) <= 12; }
bool in_cone(PatientVec p) {  // base where z is high
  const double radius = 12 * (p.z + 12) / 24;
  return std::abs(p.z) <= 12 && p.x * p.x + p.y * p.y <= radius * radius;
}

class Nelms : public testing::TestWithParam<NelmsCase> {};
INSTANTIATE_TEST_SUITE_P(
    Shapes, Nelms,
    testing::Values(NelmsCase{"sphere", in_sphere, true, 5.4137, 7.2484, 16, 24.7516, 26.5863, 27.0965},
                    NelmsCase{"cylinder_parallel", in_cylinder, false, 4.2400, 5.2000, 16, 26.8000, 27.7600, 27.9337},
                    NelmsCase{"cylinder_across", in_cylinder, true, 4.7880, 6.3354, 16, 25.6646, 27.2120, 27.6670},
                    NelmsCase{"cone_parallel", in_cone, false, 9.1706, 12.8417, 23.0488, 27.5931, 27.9197, 27.9335},
                    NelmsCase{"cone_across", in_cone, true, 6.2111, 8.2957, 16, 23.7043, 25.7889, 25.9518}),
    [](const auto& test) { return std::string(test.param.name); });

// Pieces of 0.3 mm in a dose of 1 Gy/mm; a corner of the shape is missed by up to a piece where a cone ends (0.03 cc =
// 31 mm^3).
constexpr double nelms_gy = 0.1;

TEST_P(Nelms, DoseStatisticsOfTheExactShapeOnEveryGrid) {
  const NelmsCase& c = GetParam();
  const PatientPoint centre{0, -6, 6};
  const std::vector<Sample> samples = analytic::samples_of(centre, {12, 12, 12}, 0.31, c.inside);
  for (const double h : {1.0, 2.0, 3.0}) {
    const DoseGrid dose = analytic::dose_on_grid(
        h, {-20.3, -26.1, -14.2}, 40, [&](PatientPoint p) { return std::max(c.along_y ? 10 - p.y : 10 + p.z, 0.0); });
    const DoseInterpolator interpolate(dose);
    const Dvh dvh(samples, analytic::doses_at(samples, interpolate));
    EXPECT_NEAR(value(dvh, "D99%").value(), c.d99, nelms_gy) << h;
    EXPECT_NEAR(value(dvh, "D95%").value(), c.d95, nelms_gy) << h;
    EXPECT_NEAR(value(dvh, "D50%").value(), c.d50, nelms_gy) << h;
    EXPECT_NEAR(value(dvh, "D5%").value(), c.d5, nelms_gy) << h;
    EXPECT_NEAR(value(dvh, "D1%").value(), c.d1, nelms_gy) << h;
    EXPECT_NEAR(value(dvh, "D0.03cc").value(), c.d003cc, 0.01 * c.d003cc) << h;
  }
}

TEST(GaussianDose, VolumesOfSmallSpheresOnA1MmGrid) {
  // Rx covers exactly r <= R at the 70 % isodose: V100 = 100 %, and r <= R sqrt(ln(2/0.7)/ln(1/0.7)) holds Rx/2.
  for (const double diameter : {3.0, 5.0, 10.0, 20.0})
    for (const double shift : {0.0, 0.31, 0.5}) {
      const double radius = diameter / 2;
      const double reach = radius * std::sqrt(std::log(2 / 0.7) / std::log(1 / 0.7));
      const double s2 = radius * radius / std::log(1 / 0.7);
      const PatientPoint centre{shift, shift / 2, -shift};
      const int n = int(2 * reach * 1.5) + 12;
      const DoseGrid dose = analytic::dose_on_grid(1, {-n / 2.0, -n / 2.0, -n / 2.0}, n + 1, [&](PatientPoint p) {
        return 50 / 0.7 * std::exp(-norm2(p - centre) / s2);
      });
      const DoseInterpolator interpolate(dose);
      const auto sphere = [&](double r) {
        return analytic::samples_of(centre, {r, r, r}, r / 25, [r](PatientVec p) { return norm2(p) <= r * r; });
      };
      const std::vector<Sample> v100 = sphere(1.3 * radius), v50 = sphere(1.1 * reach);
      const double exact100 = 4.0 / 3 * M_PI * std::pow(radius, 3), exact50 = 4.0 / 3 * M_PI * std::pow(reach, 3);
      const double error100 = Dvh(v100, analytic::doses_at(v100, interpolate)).volume_at_dose_mm3(50) / exact100 - 1;
      const double error50 = Dvh(v50, analytic::doses_at(v50, interpolate)).volume_at_dose_mm3(25) / exact50 - 1;
      RecordProperty("v100_" + std::to_string(int(diameter)), std::to_string(error100));
      EXPECT_LT(std::abs(error100), diameter < 5 ? 0.02 : 0.01) << diameter << " mm, shift " << shift;
      EXPECT_LT(std::abs(error50), 0.004) << diameter << " mm, shift " << shift;
    }
}

}  // namespace
}  // namespace sbrt
