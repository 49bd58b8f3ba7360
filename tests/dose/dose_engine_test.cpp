#include "dose/dose_engine.h"

#include "fixtures.h"
#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

using testing::beam;
using testing::generic_data;
using testing::water_cube;

/// Grid of the single point.
Grid grid_at(PatientPoint p) { return Grid({1, 1, 1}, {1, 1, 1}, p); }

double dose_at(const BeamSet& beams, const DensityMap& density, PatientPoint p, DosePath path) {
  return compute_dose(beams, density, generic_data(), grid_at(p), {.path = path}).dose.values()[0];
}

constexpr double single_precision = 3e-7;  // of a value: the grid holds float

TEST(DoseEngine, ReferenceConditionsGiveOneCentigrayPerMu) {
  const DensityMap water = water_cube(300, 2);
  // Surface at y = -150; 15 mm deep is y = -135; the source 800 mm from there.
  const Beam b = beam({0, -935, 0}, {0, 0, 0}, 60, 100);
  EXPECT_NEAR(dose_at({b}, water, {0, -135, 0}, DosePath::exact), 1.0, single_precision);
  const auto parts = trace_point({b}, water, generic_data(), {0, -135, 0});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_NEAR(parts[0].dose_gy, 1.0, 1e-12);
  EXPECT_NEAR(parts[0].d_eff_mm, 15, 1e-9);
  EXPECT_NEAR(parts[0].z_mm, 800, 1e-9);
}

TEST(DoseEngine, RefusesBeamsThatCannotBe) {
  const DensityMap water = water_cube(100, 5);
  const auto refused = [&](Beam b) {
    try {
      compute_dose({b}, water, generic_data(), grid_at({0, 0, 0}));
      return std::string("accepted");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
  };
  EXPECT_NE(refused(beam({0, -800, 0}, {0, 0, 0}, 11)).find("11 mm"), std::string::npos);
  EXPECT_NE(refused(beam({0, -800, 0}, {0, -800, 0}, 10)).find("same point"), std::string::npos);
  EXPECT_NE(refused(beam({0, -800, 0}, {0, 0, 0}, 10, -1)).find("-1 MU"), std::string::npos);
  EXPECT_NE(refused(beam({0, -800, 0}, {0, 0, 0}, 10, NAN)).find("nan MU"), std::string::npos);
  EXPECT_NE(refused(beam({0, -40, 0}, {0, 0, 0}, 10)).find("inside the body"), std::string::npos);
  EXPECT_NE(refused(beam({0, NAN, 0}, {0, 0, 0}, 10)).find("not finite"), std::string::npos);
}

TEST(DoseEngine, BeamThatMissesTheBodyAddsNothingAndIsNamed) {
  const DensityMap water = water_cube(100, 5);
  const Beam hit = beam({0, -800, 0}, {0, 0, 0}, 10, 50, "hit"),
             miss = beam({0, -800, 0}, {0, -800, 500}, 10, 50, "miss");
  const DoseResult with = compute_dose({hit, miss}, water, generic_data(), grid_at({1, 2, 3}));
  const DoseResult without = compute_dose({hit}, water, generic_data(), grid_at({1, 2, 3}));
  EXPECT_EQ(with.dose.values(), without.dose.values());
  ASSERT_EQ(with.warnings.size(), 1u);
  EXPECT_EQ(with.warnings[0].code, "beam-misses-body");
  EXPECT_NE(with.warnings[0].text.find("miss"), std::string::npos);
  EXPECT_TRUE(without.warnings.empty());
}

}  // namespace
}  // namespace sbrt
