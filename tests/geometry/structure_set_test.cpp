#include "geometry/structure_set.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Structure named(std::string name, RoiRole role = RoiRole::organ) {
  Structure s;
  s.name = std::move(name);
  s.role = role;
  s.contours.push_back({ContourKind::closed_planar, {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}});
  return s;
}

TEST(StructureSet, FindsTheExactNameFirst) {
  const StructureSet set({named("gtv"), named("GTV"), named("Cord")});
  EXPECT_EQ(set.find("GTV"), &set.structures()[1]);
  EXPECT_EQ(set.find("gtv"), &set.structures()[0]);
  EXPECT_EQ(set.find("cord"), &set.structures()[2]);
  EXPECT_EQ(set.find("Gtv"), nullptr);  // two match without case
  EXPECT_EQ(set.find("PTV"), nullptr);
}

TEST(StructureSet, OffersTheNearestNames) {
  const StructureSet set({named("SpinalCord"), named("Heart"), named("Lung_L"), named("Lung_R")});
  try {
    set.at("spinal_cord");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.remedy(), HasSubstr("'SpinalCord'"));
  }
  EXPECT_THAT(nearest_names("lung l", {"Heart", "Lung_R", "Lung_L"}, 2), ElementsAre("Lung_L", "Lung_R"));
}

TEST(StructureSet, RefusesANameTwice) {
  EXPECT_THROW(StructureSet({named("GTV"), named("GTV")}), InputError);
  StructureSet set({named("GTV")});
  EXPECT_THROW(set.add(named("GTV")), InputError);
  set.add(named("PTV"));
  EXPECT_EQ(set.structures().size(), 2u);
}

TEST(StructureSet, TakesTheBodyByRoleThenByName) {
  EXPECT_EQ(StructureSet({named("skin"), named("BODY")}).body()->name, "BODY");
  EXPECT_EQ(StructureSet({named("Body"), named("Contour 1", RoiRole::external)}).body()->name, "Contour 1");
  EXPECT_EQ(StructureSet({named("GTV")}).body(), nullptr);
  Structure empty = named("External", RoiRole::external);
  empty.contours.clear();
  EXPECT_EQ(StructureSet({empty, named("Skin")}).body()->name, "Skin");
}

}  // namespace
}  // namespace sbrt
