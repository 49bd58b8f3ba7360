#include "engine/planning/goal_terms.h"

#include "geometry/error.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

class GoalTerms : public testing::Test {
 protected:
  GoalTerms() : case_(10) {
    case_.problem.organs.push_back(ball_shape("Cord", WaterCase::centre + PatientVec{0, 20, 0}, 6));
  }
  GoalTerm term(const std::string& goal) {
    case_.problem.goals = {Goal::parse(goal)};
    const std::vector<GoalTerm> terms = goal_terms(case_.problem, warnings_);
    return terms.empty() ? GoalTerm{} : terms[0];
  }
  WaterCase case_;
  Warnings warnings_;
};

TEST_F(GoalTerms, MetricsBecomeDoseAndFreeVolume) {
  const double cord = case_.problem.organs[0].volume_mm3(), ptv = case_.problem.targets[0].shape.volume_mm3();
  GoalTerm t = term("Cord:D0.03cc <= 21.9 Gy");
  EXPECT_EQ(t.kind, GoalTerm::Kind::upper);
  EXPECT_EQ(t.role, PointRole::organ);
  EXPECT_DOUBLE_EQ(t.dose_gy, 21.9);
  EXPECT_DOUBLE_EQ(t.free_mm3, 30);
  t = term("Cord:V18Gy[%] <= 10 %");
  EXPECT_EQ(t.kind, GoalTerm::Kind::upper);
  EXPECT_DOUBLE_EQ(t.dose_gy, 18);
  EXPECT_DOUBLE_EQ(t.free_mm3, 0.1 * cord);
  t = term("Cord:Max <= 22 Gy");
  EXPECT_DOUBLE_EQ(t.free_mm3, 0);
  t = term("Cord:Mean <= 8 Gy");
  EXPECT_EQ(t.kind, GoalTerm::Kind::mean_upper);
  t = term("Cord:CV10Gy[cc] >= 0.5 cc");  // at least 0.5 cc below 10 Gy = at most the rest above
  EXPECT_EQ(t.kind, GoalTerm::Kind::upper);
  EXPECT_DOUBLE_EQ(t.dose_gy, 10);
  EXPECT_DOUBLE_EQ(t.free_mm3, cord - 500);
  t = term("PTV:D95% >= 45 Gy");
  EXPECT_EQ(t.kind, GoalTerm::Kind::lower);
  EXPECT_EQ(t.role, PointRole::target);
  EXPECT_NEAR(t.free_mm3, 0.05 * ptv, 1e-9 * ptv);
  t = term("PTV:V100%[%] >= 98 %");
  EXPECT_DOUBLE_EQ(t.dose_gy, 45);
  EXPECT_NEAR(t.free_mm3, 0.02 * ptv, 1e-9 * ptv);
  t = term("PTV:Min >= 40 Gy");
  EXPECT_EQ(t.kind, GoalTerm::Kind::lower);
  EXPECT_DOUBLE_EQ(t.free_mm3, 0);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(GoalTerms, WhatCannotBePlannedForIsSaid) {
  term("Cord:Mean >= 8 Gy");
  term("Cord:gEUD(a=8) <= 12 Gy");
  ASSERT_EQ(warnings_.size(), 2u);
  EXPECT_EQ(warnings_[0].code, "goal-not-planned");
  EXPECT_THROW(term("Chord:Max <= 8 Gy"), InputError);
}

TEST(DoseExceededBy, FollowsTheCumulativeCurve) {
  // Four pieces of 10 mm^3: the curve passes each dose at the middle of its piece.
  const std::vector<double> dose{2, 8, 4, 6}, volume{10, 10, 10, 10};
  EXPECT_DOUBLE_EQ(dose_exceeded_by(dose, volume, 0), 8);
  EXPECT_DOUBLE_EQ(dose_exceeded_by(dose, volume, 5), 8);
  EXPECT_DOUBLE_EQ(dose_exceeded_by(dose, volume, 10), 7);
  EXPECT_DOUBLE_EQ(dose_exceeded_by(dose, volume, 15), 6);
  EXPECT_DOUBLE_EQ(dose_exceeded_by(dose, volume, 40), 2);
  // A point without volume counts as maximum only.
  EXPECT_DOUBLE_EQ(dose_exceeded_by({9, 8}, {0, 10}, 0), 9);
  EXPECT_DOUBLE_EQ(dose_exceeded_by({9, 8}, {0, 10}, 5), 8);
}

}  // namespace
}  // namespace sbrt
