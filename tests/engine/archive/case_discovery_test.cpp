#include "engine/archive/case_discovery.h"

#include "replan_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace sbrt {
namespace {

using ::testing::HasSubstr;

ArchiveEntry entry(const std::string& modality, const std::string& patient, const std::string& uid) {
  ArchiveEntry e;
  e.modality = modality;
  e.patient_id = patient;
  e.study_uid = "study-" + patient;
  e.study_date = "20190304";
  e.frame_of_reference_uid = "frame-" + patient;
  e.instances = 1;
  (modality == "CT" ? e.series_uid : e.sop_uid) = uid;
  return e;
}

ArchiveEntry structures(const std::string& patient, const std::string& uid, const std::string& ct,
                        std::vector<std::string> names) {
  ArchiveEntry e = entry("RTSTRUCT", patient, uid);
  e.referenced_series_uids = {ct};
  e.structure_names = std::move(names);
  return e;
}

class CaseDiscovery : public ReplanTest {
 protected:
  std::vector<ReplanCase> discover(std::vector<ArchiveEntry> entries, const std::set<std::string>& own = {}) {
    ArchiveListing listing;
    listing.entries = std::move(entries);
    ArchiveSelection everything;
    everything.with_structure_names = true;
    select_and_sort(listing.entries, everything);
    return discover_cases(listing, rules, own);
  }
  std::vector<std::string> uids(const ReplanCase& one, const std::string& modality) {
    std::vector<std::string> all;
    for (const ArchiveEntry& e : one.objects)
      if (e.modality == modality) all.push_back(e.sop_uid.empty() ? e.series_uid : e.sop_uid);
    std::sort(all.begin(), all.end());
    return all;
  }

  ReplanProtocol rules = protocol(R"("targets": [{"gtv": ["GTV*", "ITV*"]}, {"target": "PTV*"}], "exclude": "*_old",
    "sites": [{"site": "lung", "structures": "Lung_?"}, {"site": "spine", "body_part": "*SPINE"}],
    "margin_mm": 5, "prescription": "45Gy/5fx@75%")");
};

TEST_F(CaseDiscovery, EveryTargetOfEveryStructureSetIsACase) {
  const auto cases =
      discover({entry("CT", "a", "ct-a"), structures("a", "rs-1", "ct-a", {"GTV_1", "GTV_2", "GTV_old", "PTV"}),
                structures("a", "rs-2", "ct-a", {"PTV_1", "Heart"})});
  ASSERT_EQ(cases.size(), 3u);
  std::set<std::string> found;
  for (const ReplanCase& one : cases) {
    found.insert(one.structure_uid + " " + one.target + (one.expand ? " expanded" : " as drawn"));
    EXPECT_EQ(one.problem, "");
    EXPECT_EQ(one.ct_series_uid, "ct-a");
    EXPECT_EQ(one.study_date, "20190304");
    EXPECT_EQ(one.neighbours.size(), one.structure_uid == "rs-1" ? 1u : 0u);
    for (const std::string& name : one.neighbours) EXPECT_EQ(name, one.target == "GTV_1" ? "GTV_2" : "GTV_1");
  }
  EXPECT_EQ(found, (std::set<std::string>{"rs-1 GTV_1 expanded", "rs-1 GTV_2 expanded", "rs-2 PTV_1 as drawn"}));
}

TEST_F(CaseDiscovery, SetsWithoutTargetOrCtAreNotPassedOver) {
  const auto cases = discover({entry("CT", "a", "ct-a"), structures("a", "rs-1", "ct-a", {"Heart", "Lung_L"}),
                               structures("b", "rs-2", "ct-a", {"GTV"})});
  ASSERT_EQ(cases.size(), 2u);
  for (const ReplanCase& one : cases)
    EXPECT_THAT(one.problem, HasSubstr(one.patient_id == "a" ? "Heart, Lung_L" : "no CT of this patient"));
}

TEST_F(CaseDiscovery, CtByReferenceThenByImagesThenByFrame) {
  ArchiveEntry other = entry("CT", "a", "ct-other"), by_image = entry("CT", "a", "ct-image");
  by_image.image_uids = {"image-1", "image-2"};
  by_image.frame_of_reference_uid = "frame-other";
  ArchiveEntry set = structures("a", "rs", "ct-gone", {"GTV"});
  EXPECT_EQ(uids(discover({other, by_image, set}).at(0), "CT"), (std::vector<std::string>{"ct-other"}));
  set.referenced_image_uids = {"image-2"};
  EXPECT_EQ(uids(discover({other, by_image, set}).at(0), "CT"), (std::vector<std::string>{"ct-image"}));
  set.referenced_series_uids = {"ct-other"};
  EXPECT_EQ(uids(discover({other, by_image, set}).at(0), "CT"), (std::vector<std::string>{"ct-other"}));
}

TEST_F(CaseDiscovery, PlansAndDosesOfTheStructureSetOnly) {
  ArchiveEntry plan = entry("RTPLAN", "a", "plan"), dose = entry("RTDOSE", "a", "dose");
  plan.referenced_structure_uid = "rs";
  dose.referenced_plan_uid = "plan";
  ArchiveEntry strange = entry("RTDOSE", "a", "strange");
  strange.referenced_structure_uid = "rs-other";
  ArchiveEntry of_b = entry("RTDOSE", "b", "of-b");
  of_b.referenced_structure_uid = "rs";
  const std::vector<ArchiveEntry> all{
      entry("CT", "a", "ct"), structures("a", "rs", "ct", {"GTV"}), plan, dose, strange, of_b};
  const auto cases = discover(all);
  EXPECT_EQ(uids(cases.at(0), "RTPLAN"), std::vector<std::string>{"plan"});
  EXPECT_EQ(uids(cases.at(0), "RTDOSE"), std::vector<std::string>{"dose"});
  EXPECT_EQ(uids(discover(all, {"dose"}).at(0), "RTDOSE"), std::vector<std::string>{});
}

TEST_F(CaseDiscovery, OwnStructureSetsAreNoCases) {
  const std::vector<ArchiveEntry> all{entry("CT", "a", "ct"), structures("a", "rs", "ct", {"GTV"}),
                                      structures("a", "made", "ct", {"GTV", "PTV"})};
  EXPECT_EQ(discover(all).size(), 2u);
  EXPECT_EQ(discover(all, {"made"}).size(), 1u);
}

TEST_F(CaseDiscovery, SitesByRuleThenByBodyPart) {
  ArchiveEntry ct = entry("CT", "a", "ct");
  ct.body_part = "TSPINE";
  EXPECT_EQ(discover({ct, structures("a", "rs", "ct", {"GTV", "Lung_L"})}).at(0).site, "lung");
  EXPECT_EQ(discover({ct, structures("a", "rs", "ct", {"GTV"})}).at(0).site, "spine");
  ct.body_part = "ABDOMEN";
  EXPECT_EQ(discover({ct, structures("a", "rs", "ct", {"GTV"})}).at(0).site, "abdomen");
  ct.body_part = "";
  EXPECT_EQ(discover({ct, structures("a", "rs", "ct", {"GTV"})}).at(0).site, "unknown");
}

TEST_F(CaseDiscovery, EqualNamesOfDifferentPatientsAreDifferentCases) {
  const auto cases = discover({entry("CT", "a/b", "ct-1"), structures("a/b", "rs-1", "ct-1", {"GTV"}),
                               entry("CT", "a b", "ct-2"), structures("a b", "rs-2", "ct-2", {"GTV"})});
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_NE(cases[0].id, cases[1].id);
}

TEST(ArchiveSelection, LeavesOutWhatItDoesNotName) {
  ArchiveEntry undated = entry("RTSTRUCT", "a", "undated");
  undated.study_date = "";
  const std::vector<ArchiveEntry> all{entry("CT", "a", "ct"), structures("b", "rs", "ct", {"GTV"}), undated};
  const auto count = [&](auto choose) {
    ArchiveSelection selection;
    choose(selection);
    std::vector<ArchiveEntry> entries = all;
    select_and_sort(entries, selection);
    return entries.size();
  };
  EXPECT_EQ(count([](auto&) {}), 3u);
  EXPECT_EQ(count([](auto& s) { s.patient_id = "B"; }), 1u);
  EXPECT_EQ(count([](auto& s) { s.date_from = s.date_to = "20190304"; }), 2u);
  EXPECT_EQ(count([](auto& s) { s.date_from = "20190305"; }), 0u);
  EXPECT_EQ(count([](auto& s) { s.modalities = {"CT"}; }), 1u);
  // The CT stays: structures are asked of structure sets only.
  EXPECT_EQ(count([](auto& s) { s.structure_name = "gtv*"; }), 2u);
}

}  // namespace
}  // namespace sbrt
