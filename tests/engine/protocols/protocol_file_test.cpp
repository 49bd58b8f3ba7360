#include "engine/evaluation/indices.h"
#include "engine/protocols/protocol.h"
#include "geometry/error.h"
#include "tests/engine/protocols/names_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ProtocolFile : public WithFolder {
 protected:
  static std::string set(const std::string& goals, const std::string& more = R"("fractions": [3, 5],)") {
    return R"({"schema": "sbrtplan-protocol/1", "name": "mine", "source": "here",)" + more + R"("goals": [)" + goals +
           "]}";
  }
  Protocol read(const std::string& text) { return read_protocol(write("set.json", text)); }
  std::string refused(const std::string& text) {
    return complaint<InputError>([&] { read(text); });
  }
};

TEST_F(ProtocolFile, ReadsEveryForm) {
  const Protocol p = read(set(R"(
    {"structure": "SpinalCord", "goal": {"3": "D0.35cc <= 18 Gy", "5": "D0.35cc <= 2300 cGy"}, "minor": {"5": "25 Gy"},
     "priority": 1, "endpoint": "myelitis", "note": "n"},
    {"structure": ["Lungs", "Lungs-GTV"], "goal": "CV12.5Gy[cc] >= 1500 cc", "minor": "1400 cc"},
    {"structure": "Lungs", "goal": "V20Gy <= 10 %"},
    {"structure": "Heart", "goal": "D0.035cc[%] <= 105 %"},
    {"structure": "target", "goal": "ci <= 1.2", "minor": "1.5"},
    {"structure": "target", "goal": "coverage_pct >= 95 %", "minor": "90 %"},
    {"structure": "target", "goal": "r50 <= table", "table": {"tv_cc": [10, 20], "limit": [5, 4], "minor": [6, 5]}})"));
  ASSERT_EQ(p.goals.size(), 7u);
  EXPECT_THAT(p.fractions, ElementsAre(3, 5));
  EXPECT_TRUE(p.applies_to(5));
  EXPECT_FALSE(p.applies_to(4));
  const ProtocolLimit& cord = p.goals[0].limits.at(5);
  EXPECT_DOUBLE_EQ(cord.limit, 23);
  EXPECT_DOUBLE_EQ(*cord.minor, 25);
  EXPECT_FALSE(p.goals[0].limits.at(3).minor);
  EXPECT_EQ(p.goals[0].priority, 1);
  EXPECT_EQ(p.goals[0].endpoint, "myelitis");
  const ProtocolLimit& spare = p.goals[1].limits.at(0);
  EXPECT_EQ(spare.metric->kind, Metric::Kind::cold_volume_at_dose);
  EXPECT_EQ(spare.relation, Goal::Relation::at_least);
  EXPECT_DOUBLE_EQ(*spare.minor, 1400);
  EXPECT_EQ(p.goals[2].limits.at(0).unit, "%");  // the limit's unit is the metric's
  EXPECT_EQ(p.goals[3].limits.at(0).metric->result_unit, Metric::Unit::percent);
  EXPECT_EQ(p.goals[4].limits.at(0).unit, "");
  EXPECT_FALSE(p.goals[4].limits.at(0).metric);
  EXPECT_EQ(p.goals[5].limits.at(0).unit, "%");
  EXPECT_DOUBLE_EQ(p.goals[6].limits.at(0).table->at(15)->limit, 4.5);
  EXPECT_DOUBLE_EQ(*p.goals[6].limits.at(0).table->at(15)->minor, 5.5);
  EXPECT_FALSE(p.goals[6].limits.at(0).table->at(9.99));
  EXPECT_FALSE(p.goals[6].limits.at(0).table->at(20.01));
  EXPECT_EQ(p.sha256.size(), 64u);
}

TEST_F(ProtocolFile, ReadsTheOlderGoalLists) {
  const Protocol p =
      read(R"({"schema": "sbrtplan-goals/1", "goals": ["SpinalCord:D0.03cc <= 21.9 Gy", "PTV:D95% >= 45 Gy"]})");
  EXPECT_EQ(p.name, "set");
  EXPECT_TRUE(p.fractions.empty());
  ASSERT_EQ(p.goals.size(), 2u);
  EXPECT_THAT(p.goals[0].structures, ElementsAre("SpinalCord"));
  EXPECT_DOUBLE_EQ(p.goals[0].limits.at(0).limit, 21.9);
  EXPECT_EQ(p.goals[0].limits.at(0).limit_text, "<= 21.9 Gy");
  EXPECT_EQ(p.goals[1].limits.at(0).relation, Goal::Relation::at_least);
}

TEST_F(ProtocolFile, IsRefusedWithThePlace) {
  const auto goal = [&](const std::string& g) { return refused(set(g)); };
  EXPECT_THAT(refused(R"({"schema": "sbrtplan-protocol/1", "name": "x", "goals": []})"), HasSubstr("source"));
  EXPECT_THAT(refused(R"({"schema": "sbrtplan-protocol/1", "name": "x", "source": " ", "goals": []})"),
              HasSubstr("$.source"));
  EXPECT_THAT(refused(R"({"schema": "sbrtplan-protocol/1", "name": "x", "source": "s"})"), HasSubstr("empty"));
  EXPECT_THAT(refused(set("", R"("fractions": [5, 3],)")), HasSubstr("$.fractions"));
  EXPECT_THAT(
      goal(R"({"structure": "Heart", "goal": "D15cc <= 32 Gy"}, {"structure": "Heart", "gaol": "Max <= 38 Gy"})"),
      AllOf(HasSubstr("set.json: $.goals[1]"), HasSubstr("\"goal\" is missing")));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "D15cc <= 32 Gy", "minr": "40 Gy"})"),
              HasSubstr("$.goals[0].minr"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "D15cc < 32 Gy"})"),
              AllOf(HasSubstr("$.goals[0].goal"), HasSubstr("<=")));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "D15c <= 32 Gy"})"), HasSubstr("$.goals[0].goal"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "D15cc <= 32 cc"})"), HasSubstr("$.goals[0].goal"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "r50 <= 5"})"), HasSubstr("index of a target"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "r50 <= 5 Gy"})"), HasSubstr("pure number"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "coverage_pct >= 95"})"), HasSubstr("in %"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "D15cc <= 32 Gy", "minor": "30 Gy"})"),
              HasSubstr("not beyond the limit"));
  EXPECT_THAT(goal(R"({"structure": "Liver", "goal": "CV21Gy[cc] >= 700 cc", "minor": "800 cc"})"),
              HasSubstr("not beyond the limit"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": {"4": "D15cc <= 32 Gy"}})"), HasSubstr("$.goals[0].goal.4"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": {"5": "D15cc <= 32 Gy"}, "minor": {"3": "40 Gy"}})"),
              HasSubstr("$.goals[0].minor.3"));
  EXPECT_THAT(goal(R"({"structure": [], "goal": "Max <= 1 Gy"})"), HasSubstr("$.goals[0].structure"));
  EXPECT_THAT(goal(R"({"structure": ["Heart", "target"], "goal": "Max <= 1 Gy"})"), HasSubstr("stands in a list"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "r50 <= table"})"), HasSubstr("table is missing"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "r50 <= 5", "table": {"tv_cc": [1, 2], "limit": [5, 4]}})"),
              HasSubstr("no limit refers"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "r50 <= table", "table": {"tv_cc": [2, 1], "limit": [5, 4]}})"),
              HasSubstr("ascend"));
  EXPECT_THAT(goal(R"({"structure": "target", "goal": "r50 <= table", "table": {"tv_cc": [1, 2], "limit": [5]}})"),
              HasSubstr("columns"));
  EXPECT_THAT(goal(R"({"structure": "Heart", "goal": "Max <= 1 Gy", "priority": 0})"),
              HasSubstr("$.goals[0].priority"));
}

TEST(ShippedProtocols, AreReadAndOffered) {
  std::vector<std::string> names;
  for (const Protocol& p : shipped_protocols()) names.push_back(p.name);
  EXPECT_THAT(names, ElementsAre("icru91", "rtog-0813", "rtog-0915", "tg101"));
  EXPECT_EQ(protocol_named_or_file("tg101").name, "tg101");
  try {
    protocol_named_or_file("tg110");
    FAIL() << "an unknown set was found";
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("tg101"), HasSubstr("rtog-0813")));
  }
}

TEST(ShippedProtocols, AreNotInterpolatedBetweenFractions) {
  const Protocol tg101 = protocol_named_or_file("tg101");
  for (const int n : {1, 3, 5}) EXPECT_NO_THROW(check_fractions(tg101, n));
  EXPECT_NO_THROW(check_fractions(protocol_named_or_file("icru91"), 17));
  for (const int n : {2, 4}) {
    try {
      check_fractions(tg101, n);
      FAIL() << n << " fractions were taken";
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), AllOf(HasSubstr("'tg101'"), HasSubstr("not interpolated")));
      EXPECT_EQ(std::string(e.what()).find("rtog-0915") != std::string::npos, n == 4);
    }
  }
}

// Each column of the shipped table is the one the `rtog_0813_0915` part of every report uses.
TEST(ShippedProtocols, RtogTableIsThatOfTheReport) {
  for (const char* name : {"rtog-0813", "rtog-0915"}) {
    const Protocol p = protocol_named_or_file(name);
    const auto table = [&](std::size_t i) { return *p.goals[i].limits.begin()->second.table; };
    ASSERT_EQ(p.goals[1].limits.begin()->second.quantity, "r50");
    ASSERT_EQ(p.goals[2].limits.begin()->second.quantity, "d2cm_pct");
    for (const double cc : {1.8, 2.0, 3.8, 10.0, 13.2, 20.0, 22.0, 60.0, 100.0, 163.0}) {
      const auto limits = rtog_limits(cc);
      ASSERT_TRUE(limits);
      EXPECT_DOUBLE_EQ(table(0).at(cc)->limit, 1.2);
      EXPECT_DOUBLE_EQ(*table(0).at(cc)->minor, 1.5);
      EXPECT_DOUBLE_EQ(table(1).at(cc)->limit, limits->r50_none);
      EXPECT_DOUBLE_EQ(*table(1).at(cc)->minor, limits->r50_minor);
      EXPECT_DOUBLE_EQ(table(2).at(cc)->limit, limits->d2cm_none_pct);
      EXPECT_DOUBLE_EQ(*table(2).at(cc)->minor, limits->d2cm_minor_pct);
    }
    for (const double cc : {1.79, 163.1}) EXPECT_FALSE(table(1).at(cc));
    // Half way between 13.2 and 22 cc.
    EXPECT_DOUBLE_EQ(table(1).at(17.6)->limit, 4.6);
    EXPECT_DOUBLE_EQ(table(2).at(17.6)->limit, 52);
  }
}

}  // namespace
}  // namespace sbrt
