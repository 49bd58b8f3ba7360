#include "engine/planning/goal_conflicts.h"

#include "tests/engine/planning/planning_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt {
namespace {

using testing::HasSubstr;

class GoalConflicts : public testing::Test {
 protected:
  GoalConflicts() : c(8) {
    c.problem.organs.push_back(ball_shape("Cord", WaterCase::centre + PatientVec{0, 20, 0}, 6));
  }
  Warnings conflicts(const std::vector<std::string>& goals) {
    c.problem.goals.clear();
    for (const std::string& g : goals) c.problem.goals.push_back(Goal::parse(g));
    Warnings ignored;
    return contradictory_goals(c.problem, goal_terms(c.problem, ignored), 95);
  }
  WaterCase c;
};

TEST_F(GoalConflicts, NamedWithTheGyBetweenThem) {
  const Warnings w = conflicts({"Cord:Min >= 20 Gy", "Cord:Max <= 12.5 Gy"});
  ASSERT_EQ(w.size(), 1u);
  EXPECT_EQ(w[0].code, "goals-contradict");
  EXPECT_THAT(w[0].text, HasSubstr("Cord:Min >= 20 Gy"));
  EXPECT_THAT(w[0].text, HasSubstr("Cord:Max <= 12.5 Gy"));
  EXPECT_THAT(w[0].text, HasSubstr("7.50 Gy"));
}

TEST_F(GoalConflicts, PrescriptionCountsAsAGoal) {
  EXPECT_THAT(conflicts({"PTV:Max <= 40 Gy"}).at(0).text, HasSubstr("5.00 Gy"));
  EXPECT_EQ(conflicts({"PTV:V40Gy[%] <= 50 %"}).size(), 1u);  // 95 % need 45 Gy
  EXPECT_TRUE(conflicts({"PTV:Max <= 60 Gy"}).empty());
}

TEST_F(GoalConflicts, PartsThatNeedNotOverlapAreAllowed) {
  EXPECT_TRUE(conflicts({"Cord:D30% >= 20 Gy", "Cord:V12Gy[%] <= 50 %"}).empty());   // 30 % hot, 50 % cold
  EXPECT_EQ(conflicts({"Cord:D60% >= 20 Gy", "Cord:V12Gy[%] <= 50 %"}).size(), 1u);  // 60 % hot, 50 % cold
}

}  // namespace
}  // namespace sbrt
