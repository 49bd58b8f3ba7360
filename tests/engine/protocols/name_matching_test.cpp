#include "engine/protocols/name_matching.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const NameDictionary& shipped() {
  static const NameDictionary dictionary = NameDictionary::shipped_and({});
  return dictionary;
}

StructureMatcher matcher(const std::vector<std::string>& names, const std::vector<ToldMatch>& told = {}) {
  std::vector<CaseStructure> structures;
  for (const std::string& name : names) structures.push_back({name, RoiRole::organ});
  return StructureMatcher(shipped(), structures, told);
}

std::vector<std::string> members(const StructureMatcher& m, const OrganSite& site) {
  std::vector<std::string> names;
  for (const std::size_t i : site.members) names.push_back(m.structures()[i].name);
  return names;
}

TEST(StructureMatcher, FindsTheOnlyCandidate) {
  const StructureMatcher m = matcher({"HEART", "cord", "prv cord", "Ring"});
  const OrganMatch cord = m.find("SpinalCord");
  ASSERT_EQ(cord.sites.size(), 1u);
  EXPECT_THAT(members(m, cord.sites[0]), ElementsAre("cord"));
  EXPECT_EQ(cord.sites[0].rule, "synonym 'Cord' (tg263)");
  EXPECT_THAT(members(m, m.find("cor d").sites.at(0)), ElementsAre("cord"));  // a protocol may use a synonym as well
  EXPECT_TRUE(m.find("Esophagus").sites.empty());
  EXPECT_FALSE(m.find("Esophagus").ambiguous);
}

TEST(StructureMatcher, NeverChoosesBetweenTwo) {
  const OrganMatch match = matcher({"Cord", "SpinalCord"}).find("SpinalCord");
  EXPECT_TRUE(match.sites.empty());
  EXPECT_TRUE(match.ambiguous);
  EXPECT_THAT(match.why_not, testing::AllOf(HasSubstr("'Cord'"), HasSubstr("'SpinalCord'"), HasSubstr("--match")));
  const StructureMatcher told = matcher({"Cord", "SpinalCord"}, {{"SpinalCord", "Cord"}});
  EXPECT_THAT(members(told, told.find("SpinalCord").sites.at(0)), ElementsAre("Cord"));
  // An ambiguous first choice does not hand over to the second.
  EXPECT_TRUE(matcher({"Heart", "HEART", "Pericardium"}).find_first({"Heart", "Pericardium"}).ambiguous);
}

TEST(StructureMatcher, JoinsPairsAndSaysWhatLacks) {
  const StructureMatcher both = matcher({"Lung_L", "rt lung"});
  const OrganMatch lungs = both.find("Lungs");
  ASSERT_TRUE(lungs.complete());
  EXPECT_THAT(members(both, lungs.sites.at(0)), ElementsAre("Lung_L", "rt lung"));
  EXPECT_THAT(lungs.sites[0].rule, HasSubstr("union of Lung_L"));
  const StructureMatcher drawn = matcher({"Lung_L", "Lung_R", "Lungs"});
  EXPECT_THAT(members(drawn, drawn.find("Lungs").sites.at(0)), ElementsAre("Lungs"));
  const OrganMatch half = matcher({"Lung_L"}).find("Lungs");
  EXPECT_FALSE(half.complete());
  EXPECT_THAT(half.sites.at(0).missing, ElementsAre("Lung_R"));
  EXPECT_TRUE(matcher({"Lung"}).find("Lungs").sites.empty());  // one lung or both? not known
  EXPECT_TRUE(matcher({"Lung_L", "LUNG_L", "Lung_R"}).find("Lungs").ambiguous);
}

TEST(StructureMatcher, ALateralOrganIsJudgedOnEachSide) {
  const StructureMatcher m = matcher({"Cochlea_R", "Lt Cochlea"});
  const OrganMatch match = m.find("Cochlea");
  ASSERT_EQ(match.sites.size(), 2u);
  EXPECT_EQ(match.sites[0].organ, "Cochlea_L");
  EXPECT_THAT(members(m, match.sites[0]), ElementsAre("Lt Cochlea"));
  EXPECT_EQ(match.sites[1].organ, "Cochlea_R");
}

TEST(StructureMatcher, TakesTheFirstThatIsWhole) {
  const StructureMatcher m = matcher({"Lung_L", "Lungs-GTV"});
  EXPECT_THAT(members(m, m.find_first({"Lungs", "Lungs-GTV"}).sites.at(0)), ElementsAre("Lungs-GTV"));
  const StructureMatcher part = matcher({"Trachea"});
  const OrganMatch airway = part.find_first({"Trachea_Bronchus", "AirWay_Prox"});
  EXPECT_THAT(airway.sites.at(0).missing, ElementsAre("Bronchus_Main"));
  const StructureMatcher nested = matcher({"Trachea", "Main bronchus L", "Main bronchus R"});
  EXPECT_THAT(members(nested, nested.find("Trachea_Bronchus").sites.at(0)),
              ElementsAre("Trachea", "Main bronchus L", "Main bronchus R"));
}

TEST(StructureMatcher, BodyTargetsAndTypesAreNoOrgans) {
  const StructureMatcher m(shipped(), {{"Skin", RoiRole::organ, true, false},
                                       {"Liver", RoiRole::other, false, true},
                                       {"Heart", RoiRole::ptv, false, false},
                                       {"Esophagus", RoiRole::avoidance, false, false},
                                       {"Cord_PRV", RoiRole::organ, false, false},
                                       {"Spleen", RoiRole::organ, false, false},
                                       {"Blob", RoiRole::organ, false, false}});
  for (const char* organ : {"Skin", "Liver", "Heart", "SpinalCord"}) EXPECT_TRUE(m.find(organ).sites.empty()) << organ;
  EXPECT_EQ(m.find("Esophagus").sites.size(), 1u);  // many systems give every organ the type AVOIDANCE
  EXPECT_EQ(m.describe(0), "the body");
  EXPECT_EQ(m.describe(1), "a target");
  EXPECT_EQ(m.describe(2), "of type PTV");
  EXPECT_EQ(m.describe(4), "derived or for planning, by its name");
  EXPECT_EQ(m.describe(5), "known as Spleen (TG-263 name)");
  EXPECT_EQ(m.describe(6), "name not known");
}

TEST(StructureMatcher, UnknownOrgansAreFoundByTheirOwnName) {
  const StructureMatcher m = matcher({"Stent graft", "SpinalCord_PRV05"});
  EXPECT_THAT(members(m, m.find("stent_graft").sites.at(0)), ElementsAre("Stent graft"));
  EXPECT_EQ(m.find("Stent graft").sites.at(0).rule, "same name");
  EXPECT_THAT(members(m, m.find("SpinalCord_PRV05").sites.at(0)), ElementsAre("SpinalCord_PRV05"));
}

TEST(StructureMatcher, RefusesAssignmentsThatNameNothing) {
  EXPECT_THROW(matcher({"Heart"}, {{"Heart", "Hart"}}), InputError);
  EXPECT_THROW(matcher({"A", "B"}, {{"Heart", "A"}, {"heart", "B"}}), InputError);
  EXPECT_THROW(parse_told_match("SpinalCord"), InputError);
  EXPECT_THROW(parse_told_match("=x"), InputError);
  EXPECT_EQ(parse_told_match("Cord=a=b").structure, "a=b");
}

}  // namespace
}  // namespace sbrt
