#include "engine/archive/replan_protocol.h"

#include "geometry/error.h"
#include "geometry/sha256.h"
#include "replan_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

using ReplanProtocolFile = ReplanTest;
using ::testing::HasSubstr;

constexpr const char* smallest = R"("targets": {"gtv": "GTV*"}, "margin_mm": 5, "prescription": "45Gy/5fx@75%")";

TEST_F(ReplanProtocolFile, SmallestFile) {
  const ReplanProtocol p = protocol(smallest);
  ASSERT_EQ(p.targets.size(), 1u);
  EXPECT_EQ(p.targets[0].gtv, std::vector<std::string>{"GTV*"});
  EXPECT_EQ(p.base.targets.margin_mm, 5);
  EXPECT_EQ(p.prescription.fixed, (Prescription{45, 5, 75}));
  EXPECT_FALSE(p.prescription.from_plan);
  EXPECT_EQ(p.sha256, sha256_of_file(folder / "protocol.json"));
}

TEST_F(ReplanProtocolFile, EveryKey) {
  write("goals.json", R"({"schema": "sbrtplan-goals/1", "goals": ["Heart:D0.03cc <= 30 Gy"]})");
  write("nodes.json",
        R"({"schema": "sbrtplan-nodes/1", "name": "n", "nodes": [{"id": "a", "offset_mm": [0, -800, 0]}]})");
  const ReplanProtocol p = protocol(R"("name": "n", "description": "d",
    "targets": [{"gtv": ["GTV*", "ITV*"]}, {"target": "PTV*", "gtv": "CTV"}], "exclude": "*old*",
    "sites": [{"site": "lung", "body_part": ["CHEST", "LUNG"], "structures": "Lung*", "targets": "*"}],
    "margin_mm": 5, "prescription": {"from": "plan", "isodose_pct": 80, "otherwise": "54Gy/3fx@80%"}, "coverage_pct": 97,
    "goals": ["SpinalCord:D0.03cc <= 21.9 Gy", "goals.json"], "queries": ["Lung_L:V20Gy[%]"], "goal_sets": ["tg101"],
    "nodes": "nodes.json", "collimators_mm": [10, 20], "count": 500, "seed": 3, "max_beams": 90, "grid_mm": 2,
    "beam_data": "generic-6mv-fff", "density": "thomas", "body": "Skin",
    "rules": [{"site": "lung", "targets": "GTV_1", "from_diameter_mm": 20, "below_diameter_mm": 50, "prescription": "60Gy/8fx",
               "margin_mm": 8, "coverage_pct": 90, "grid_mm": 1, "goals": [], "nodes": "head", "collimators_mm": [15]}],
    "gamma": {"dose_pct": 2, "distance_mm": 1, "cutoff_pct": 20, "local": true})");
  EXPECT_EQ(p.targets.size(), 2u);
  EXPECT_EQ(p.exclude, std::vector<std::string>{"*old*"});
  EXPECT_TRUE(p.prescription.from_plan);
  EXPECT_EQ(p.prescription.isodose_pct, 80);
  EXPECT_EQ(p.base.goals.size(), 2u);
  EXPECT_EQ(p.base.nodes, (folder / "nodes.json").string());
  EXPECT_EQ(p.files.size(), 2u);
  EXPECT_EQ(p.base.count, 500);
  EXPECT_EQ(p.base.patient.density, "thomas");
  ASSERT_EQ(p.rules.size(), 1u);
  EXPECT_EQ(p.rules[0].below_diameter_mm, 50);
  EXPECT_TRUE(p.rules[0].goals && p.rules[0].goals->empty());
  EXPECT_TRUE(p.gamma.local);
}

TEST_F(ReplanProtocolFile, FilesThatItRefersToCount) {
  const auto hash = [&](const std::string& limit) {
    write("goals.json", R"({"schema": "sbrtplan-goals/1", "goals": ["Heart:D0.03cc <= )" + limit + R"( Gy"]})");
    return protocol(std::string(smallest) + R"(, "goals": ["goals.json"])").files_sha256;
  };
  EXPECT_NE(hash("30"), hash("31"));
  EXPECT_EQ(hash("30"), hash("30"));
  EXPECT_EQ(protocol(smallest).files_sha256, "");
}

TEST_F(ReplanProtocolFile, MistakesAreNamedWithTheirPlace) {
  const auto complaint = [&](const std::string& members) -> std::string {
    try {
      protocol(members);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(complaint(std::string(smallest) + R"(, "margin": 3)"), HasSubstr("$.margin"));
  EXPECT_THAT(complaint(std::string(smallest) + R"(, "rules": [{"site": "x", "dose": 3}])"),
              HasSubstr("$.rules[0].dose"));
  EXPECT_THAT(complaint(R"("targets": {"gtv": "GTV*"}, "margin_mm": 5)"), HasSubstr("prescription"));
  EXPECT_THAT(complaint(R"("targets": {"gtv": "GTV*"}, "prescription": "45Gy/5fx")"), HasSubstr("margin_mm"));
  EXPECT_THAT(complaint(R"("targets": [], "margin_mm": 5, "prescription": "45Gy/5fx")"), HasSubstr("$.targets"));
  EXPECT_THAT(complaint(R"("targets": {"gtv": ""}, "margin_mm": 5, "prescription": "45Gy/5fx")"),
              HasSubstr("$.targets.gtv"));
  EXPECT_THAT(complaint(R"("targets": {"gtv": "G"}, "margin_mm": 5, "prescription": "45 apples")"),
              HasSubstr("$.prescription"));
  EXPECT_THAT(complaint(R"("targets": {"gtv": "G"}, "margin_mm": -1, "prescription": "45Gy/5fx")"),
              HasSubstr("$.margin_mm"));
  EXPECT_THROW(read_replan_protocol(folder / "missing.json"), InputError);
  EXPECT_EQ(complaint(R"("targets": {"target": "PTV"}, "prescription": "45Gy/5fx")"), "accepted");
}

}  // namespace
}  // namespace sbrt
