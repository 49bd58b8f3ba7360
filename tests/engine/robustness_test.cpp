#include "engine/robustness.h"

#include "geometry/parallel.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sbrt {
namespace {

/// Twelve beams of unequal weight on a ball, so that no symmetry hides a wrong sign.
struct Case {
  WaterCase water{8};
  Shape organ = ball_shape("Cord", WaterCase::centre + PatientVec{0, 14, 2}, 4);
  RobustnessCase c;
  Case() {
    const NodeSet nodes = NodeSet::body();
    for (int n = 0; n < 12; ++n) {
      const Node& node = nodes.nodes[std::size_t(9 * n)];
      Beam b;
      b.id = std::to_string(n);
      b.node = node.id;
      b.source = WaterCase::centre + node.offset_mm;
      b.aim = WaterCase::centre + PatientVec{0.3 * n - 2, 1, 0.2 * n - 1};
      b.collimator_mm = n % 2 ? 15 : 20;
      b.weight_mu = 300 + 40 * n;
      c.beams.push_back(b);
    }
    c.targets.push_back({&water.problem.targets[0].shape, {20, 5, 75.0}});
    c.organs.push_back(&organ);
    c.goals = {Goal::parse("Cord:Max <= 12 Gy"), Goal::parse("PTV:D95% >= 18 Gy")};
    c.density = &water.density;
    c.beam_data = &water.beam_data;
  }
};

const RobustnessBand& band(const Robustness& r, const std::string& text) {
  for (const RobustnessBand& b : r.bands)
    if (b.text == text) return b;
  throw std::runtime_error("no band " + text);
}

RobustnessOptions nothing() {
  RobustnessOptions o;
  o.shifts_mm = {};
  o.rotation_deg = o.density_pct = o.output_pct = 0;
  o.jitter_draws = 0;
  return o;
}

// Entries of the influence matrix have 16 bits of their block's largest: 2^-16 of it.
constexpr double rounding = 5e-5;

TEST(Robustness, OutputErrorScalesTheDose) {
  const Case s;
  RobustnessOptions o = nothing();
  o.output_pct = 2;
  const Robustness r = test_robustness(s.c, o);
  EXPECT_EQ(r.scenarios, 2);
  const RobustnessBand& b = band(r, "PTV maximum");
  EXPECT_GT(b.nominal, 5);
  EXPECT_NEAR(b.low, 0.98 * b.nominal, 1e-9 * b.nominal);
  EXPECT_NEAR(b.high, 1.02 * b.nominal, 1e-9 * b.nominal);
  EXPECT_EQ(b.low_scenario, "output -2 %");
}

TEST(Robustness, ShiftedPatientEqualsThePatientMovedUnderTheSameBeams) {
  const Case s;
  RobustnessOptions o = nothing();
  o.shifts_mm = {2};
  const Robustness r = test_robustness(s.c, o);
  EXPECT_EQ(r.scenarios, 6);
  // Patient, density and structures moved by +2 mm along y; the beams stay.
  const PatientVec by{0, 2, 0};
  const Grid& g = s.water.density.grid();
  const Grid there(g.size(), g.spacing_mm(), g.origin() + by);
  DensityMap density(there, 0.0f);
  for (int k = 0; k < g.size().nz; ++k)
    for (int j = 0; j < g.size().ny; ++j)
      for (int i = 0; i < g.size().nx; ++i) density(i, j, k) = s.water.density(i, j, k);
  const Shape target = ball_shape("PTV", WaterCase::centre + by, 8);
  const Shape organ = ball_shape("Cord", WaterCase::centre + PatientVec{0, 14, 2} + by, 4);
  RobustnessCase moved = s.c;
  moved.density = &density;
  moved.targets[0].shape = &target;
  moved.organs = {&organ};
  const Robustness there_nominal = test_robustness(moved, nothing());
  // The organ lies towards +y of the target: it is hottest when the patient moves to -y, so the low one is +y.
  const RobustnessBand& b = band(r, "Cord maximum");
  EXPECT_EQ(b.low_scenario, "patient +2 mm y");
  EXPECT_NEAR(b.low, band(there_nominal, "Cord maximum").nominal, 20 * rounding * b.low);
  EXPECT_LT(b.low, 0.98 * b.nominal);
  EXPECT_GT(b.high, b.nominal);
}

TEST(Robustness, RotationLeavesABallInRoundWaterAlmostAlone) {
  // About z, through the targets' centre; the ellipse is not round, so depths change: 1 degree, a few promille.
  const Case s;
  RobustnessOptions o = nothing();
  o.rotation_deg = 1;
  const Robustness r = test_robustness(s.c, o);
  EXPECT_EQ(r.scenarios, 6);
  const RobustnessBand& b = band(r, "PTV maximum");
  EXPECT_NEAR(b.low, b.nominal, 0.02 * b.nominal);
  EXPECT_NEAR(b.high, b.nominal, 0.02 * b.nominal);
  EXPECT_GT(b.high - b.low, 0);
}

TEST(Robustness, DenserPatientGetsLessDose) {
  const Case s;
  RobustnessOptions o = nothing();
  o.density_pct = 3;
  const Robustness r = test_robustness(s.c, o);
  const RobustnessBand& b = band(r, "PTV D98%");
  EXPECT_EQ(b.low_scenario, "density +3 %");
  EXPECT_EQ(b.high_scenario, "density -3 %");
  // 60 to 140 mm of water at 0.04 to 0.05 per cm: 3 % of it change the dose by 0.7 to 2.2 %.
  EXPECT_NEAR(b.high / b.low - 1, 0.028, 0.016);
}

TEST(Robustness, AimingIsSeededAndTheSameForAnyThreadCount) {
  const Case s;
  RobustnessOptions o = nothing();
  o.jitter_draws = 4;
  const int before = thread_count();
  set_thread_count(1);
  const Robustness one = test_robustness(s.c, o);
  set_thread_count(3);
  const Robustness three = test_robustness(s.c, o);
  set_thread_count(before);
  for (std::size_t n = 0; n < one.bands.size(); ++n) {
    EXPECT_EQ(one.bands[n].low, three.bands[n].low);
    EXPECT_EQ(one.bands[n].high, three.bands[n].high);
  }
  o.seed = 2;
  EXPECT_NE(band(test_robustness(s.c, o), "Cord maximum").high, band(one, "Cord maximum").high);
  o.jitter_mm = 0;
  const RobustnessBand still = band(test_robustness(s.c, o), "Cord maximum");
  EXPECT_EQ(still.high, still.nominal);
}

TEST(Robustness, GoalsCountTheScenariosThatMissThem) {
  const Case s;
  RobustnessOptions o = nothing();
  o.output_pct = 2;
  RobustnessCase c = s.c;
  const double cord = band(test_robustness(s.c, o), "Cord maximum").nominal;
  c.goals = {Goal::parse("Cord:Max <= " + std::to_string(1.01 * cord) + " Gy"), Goal::parse("Cord:NTCP <= 5 %")};
  const Robustness r = test_robustness(c, o);
  EXPECT_EQ(band(r, c.goals[0].text).missed, 1);  // +2 %
  EXPECT_THROW(band(r, c.goals[1].text), std::runtime_error);
}

}  // namespace
}  // namespace sbrt
