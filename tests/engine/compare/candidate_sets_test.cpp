#include "engine/compare/candidate_sets.h"

#include "engine/compare/compare_case.h"
#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace sbrt {
namespace {

using ::testing::HasSubstr;

class CandidateSets : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("sbrtplan-sets-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  std::string complaint(const std::string& text) {
    try {
      read_candidate_sets(write("bad.json", text));
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
  std::filesystem::path folder;
};

TEST_F(CandidateSets, ListAndCombinations) {
  const auto sets = read_candidate_sets(write("sets.json", R"({"schema": "sbrtplan-sets/1",
    "sets": [{"name": "as it is"}, {"name": "few", "nodes": "mine.csv", "every_node": 3, "count": 500, "coverage_pct": 97}],
    "vary": {"placement": ["isocentric", "non-isocentric"], "collimators_mm": ["auto", [7.5, 20]], "isodose_pct": [70, 80]}})"));
  ASSERT_EQ(sets.size(), 2u + 8u);
  EXPECT_EQ(description_of(sets[0]), "as requested");
  EXPECT_EQ(sets[1].nodes, (folder / "mine.csv").string());
  EXPECT_EQ(sets[1].every_node, 3);
  EXPECT_EQ(sets[2].name, "isocentric_cones-auto_iso70");
  EXPECT_EQ(sets[9].name, "non-isocentric_cones-7.5-20_iso80");
  EXPECT_EQ(sets[9].isocentric, false);
  EXPECT_EQ(sets[9].collimators_mm, (std::vector<double>{7.5, 20}));
  EXPECT_EQ(sets[9].isodose_pct, 80);
  EXPECT_EQ(description_of(sets[2]), "isocentric; collimators by target size; isodose 70 %");
}

TEST_F(CandidateSets, ASetChangesOnlyWhatItStates) {
  PlanRequest request;
  request.count = 700;
  request.collimators_mm = {5};
  request.targets.prescriptions = {Prescription::parse("45Gy/5fx@75%"), Prescription::parse("30Gy/5fx")};
  CandidateSet set;
  set.isodose_pct = 70;
  set.isocentric = true;
  const PlanRequest changed = with_set(request, set);
  EXPECT_EQ(changed.count, 700);
  EXPECT_EQ(changed.collimators_mm, request.collimators_mm);
  EXPECT_TRUE(changed.isocentric);
  for (const Prescription& p : changed.targets.prescriptions) EXPECT_EQ(p.isodose_pct, 70);
  EXPECT_EQ(changed.targets.prescriptions[1].dose_gy, 30);
}

TEST_F(CandidateSets, RefusesByPlaceAndReason) {
  const std::string head = R"({"schema": "sbrtplan-sets/1", )";
  EXPECT_THAT(complaint(head + R"("sets": []})"), HasSubstr("0 candidate sets"));
  EXPECT_THAT(complaint(head + R"("sets": [{"name": "a"}, {"name": "A"}]})"), HasSubstr("two sets"));
  EXPECT_THAT(complaint(head + R"("sets": [{"name": "../out"}]})"), HasSubstr("no name of a set"));
  EXPECT_THAT(complaint(head + R"("sets": [{"name": ".."}]})"), HasSubstr("no name of a set"));
  EXPECT_THAT(complaint(head + R"("sets": [{"name": "a", "colimators_mm": [5]}]})"), HasSubstr("colimators_mm"));
  EXPECT_THAT(complaint(head + R"("sets": [{"name": "a", "placement": "both"}]})"), HasSubstr("placement"));
  EXPECT_THAT(complaint(head + R"("vary": {}})"), HasSubstr("nothing to vary"));
  EXPECT_THAT(complaint(head + R"("vary": {"count": []}})"), HasSubstr("no value"));
}

ComparedSet row(const std::string& name, double nci, double minutes, int missed = 0) {
  ComparedSet set;
  set.name = name;
  ComparedTarget target;
  target.name = "PTV";
  target.nci = nci;
  set.targets = {target};
  set.minutes = minutes;
  set.goals = 2;
  set.goals_missed = missed;
  return set;
}

TEST(CompareFront, NoOtherSetIsBetterInAll) {
  std::vector<ComparedSet> sets{row("good", 1.1, 30),  row("fast", 1.3, 20),      row("beaten", 1.3, 31),
                                row("equal", 1.1, 30), row("misses", 1.0, 10, 1), row("half", 1.2, 30)};
  sets.push_back(row("failed", 1, 1));
  sets.back().failure = "no beam";
  sets.push_back(row("no index", 1, 1));
  sets.back().targets[0].nci.reset();
  mark_front(sets, {"nci", "minutes"});
  std::string front;
  for (const ComparedSet& set : sets)
    if (set.front) front += set.name + " ";
  EXPECT_EQ(front, "good fast equal ");
}

TEST(CompareFront, LargerCoverageIsBetter) {
  std::vector<ComparedSet> sets{row("a", 1.1, 30), row("b", 1.1, 30)};
  sets[0].targets[0].coverage_pct = 95;
  sets[1].targets[0].coverage_pct = 96;
  mark_front(sets, {"coverage_pct"});
  EXPECT_FALSE(sets[0].front);
  EXPECT_TRUE(sets[1].front);
}

TEST(CompareGoals, AreMetByASetThatMissesNone) {
  ComparedSet set = row("a", 1.1, 30);
  EXPECT_TRUE(set.meets_all_goals(true));
  set.goals_minor = 1;
  EXPECT_TRUE(set.meets_all_goals(false));
  EXPECT_FALSE(set.meets_all_goals(true));
  EXPECT_FALSE(row("b", 1.1, 30, 1).meets_all_goals(false));
  set = row("c", 1.1, 30);
  set.failure = "no beam";
  EXPECT_FALSE(set.meets_all_goals(false));
}

TEST(CompareFront, SeveralTargetsCountByTheirWorst) {
  ComparedSet set = row("a", 1.1, 30);
  set.targets.push_back(set.targets[0]);
  set.targets[1].nci = 1.4;
  set.targets[0].coverage_pct = 95;
  set.targets[1].coverage_pct = 97;
  EXPECT_EQ(set.value("nci"), 1.4);
  EXPECT_EQ(set.value("coverage_pct"), 95);
  EXPECT_EQ(set.value("gi"), std::nullopt);
  EXPECT_THROW(set.value("beauty"), InputError);
}

TEST_F(CandidateSets, RecordOfAFinishedSetIsExact) {
  ComparedSet set = row("a", 1.1 + 1e-16, 30.123456789012345, 1);
  set.description = "isocentric";
  set.worst_goal = WorstGoal{"SpinalCord:D0.03cc <= 21.9 Gy", 22.1, 22.1 / 21.9};
  set.beams = 77;
  set.nodes = 41;
  set.total_mu = 1e5 / 3;
  set.dose_area_mu_cm2 = 1e6 / 7;
  set.warnings = {"lung-path"};
  const auto path = write("set.json", set_record_text(set, "key"));
  const ComparedSet read = read_set_record(path, "key");
  EXPECT_EQ(set_record_text(read, "key"), set_record_text(set, "key"));
  EXPECT_EQ(read.minutes, set.minutes);
  EXPECT_THROW(read_set_record(path, "another key"), InputError);
}

}  // namespace
}  // namespace sbrt
