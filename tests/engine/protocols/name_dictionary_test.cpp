#include "engine/protocols/name_dictionary.h"

#include "geometry/error.h"
#include "tests/engine/protocols/names_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

using testing::HasSubstr;

const NameDictionary& shipped() {
  static const NameDictionary dictionary = NameDictionary::shipped_and({});
  return dictionary;
}

std::string organ(const std::string& name) {
  const auto named = shipped().organ_named(name);
  return named ? named->organ : "";
}

struct Named {
  const char *name, *organ;
};
class RealNames : public testing::TestWithParam<Named> {};

TEST_P(RealNames, MeanOneOrgan) { EXPECT_EQ(organ(GetParam().name), GetParam().organ); }

// Names of RTOG, NRG and TG-263 lists, of contouring programs, and of the real cases of ../shared (marked *).
INSTANTIATE_TEST_SUITE_P(
    Organs, RealNames,
    testing::Values(
        Named{"SpinalCord", "SpinalCord"}, Named{"SPINALCORD", "SpinalCord"} /* * */,
        Named{"cord", "SpinalCord"} /* * */, Named{"Spinal Cord", "SpinalCord"}, Named{"spinal_cord", "SpinalCord"},
        Named{"Spinal-cord", "SpinalCord"}, Named{"LUNG_R", "Lung_R"} /* * */, Named{"LUNG_L", "Lung_L"} /* * */,
        Named{"LUNGS", "Lungs"} /* * */, Named{"lt lung", "Lung_L"} /* * */, Named{"rt lung", "Lung_R"} /* * */,
        Named{"common lung", "Lungs"} /* * */, Named{"Lung Left", "Lung_L"}, Named{"RLung", "Lung_R"},
        Named{"LUNGLT", "Lung_L"}, Named{"Right Lung", "Lung_R"}, Named{"Lung (R)", "Lung_R"},
        Named{"Lungs L+R", "Lungs"}, Named{"Lungs-GTV", "Lungs-GTV"}, Named{"LUNGS - GTV", "Lungs-GTV"},
        Named{"Lungs minus GTV", "Lungs-GTV"}, Named{"HEART", "Heart"} /* * */, Named{"LIVER", "Liver"} /* * */,
        Named{"LeftParotid", "Parotid_L"} /* * */, Named{"RightParotid", "Parotid_R"} /* * */,
        Named{"Mandible", "Bone_Mandible"} /* * */, Named{"Brainstem", "Brainstem"} /* * */,
        Named{"BRAIN STEM", "Brainstem"}, Named{"Oesophagus", "Esophagus"}, Named{"ESOPHAGUS", "Esophagus"},
        Named{"GreatVessels", "GreatVes"}, Named{"Great_Vessels", "GreatVes"},
        Named{"BrachialPlexus_L", "BrachialPlex_L"}, Named{"Rt Brachial Plexus", "BrachialPlex_R"},
        Named{"BrachialPlexs", "BrachialPlexs"}, Named{"Kidney, left", "Kidney_L"}, Named{"L_Kidney", "Kidney_L"},
        Named{"Kidneys", "Kidneys"}, Named{"Kidney_Cortex", "Kidney_Cortex"},
        Named{"Renal Cortex L", "Kidney_Cortex_L"}, Named{"Bowel_Small", "Bowel_Small"},
        Named{"SmallBowel", "Bowel_Small"}, Named{"Bag_Bowel", "Spc_Bowel"}, Named{"BowelBag", "Spc_Bowel"},
        Named{"FemurHead_L", "Femur_Head_L"}, Named{"Femoral Head Rt", "Femur_Head_R"},
        Named{"Femoral heads", "Femur_Heads"}, Named{"OpticNerve_R", "OpticNrv_R"},
        Named{"Optic Chiasm", "OpticChiasm"}, Named{"Chiasm", "OpticChiasm"}, Named{"Cochlea_L", "Cochlea_L"},
        Named{"Penile Bulb", "PenileBulb"}, Named{"CaudaEquina", "CaudaEquina"}, Named{"Sacral Plexus", "SacralPlex"},
        Named{"ProximalBronchialTree", "AirWay_Prox"}, Named{"Main bronchus R", "Bronchus_Main_R"},
        Named{"Bronchus_Main", "Bronchus_Main"}, Named{"Trachea", "Trachea"}, Named{"Chest Wall", "Chestwall"},
        Named{"Ribs", "Rib"}, Named{"aorta", "A_Aorta"}, Named{"Lung", "Lung"}, Named{" Heart ", "Heart"}));

class Traps : public testing::TestWithParam<const char*> {};

TEST_P(Traps, AreNoOrgan) { EXPECT_EQ(organ(GetParam()), ""); }

// Everything near an organ's name that is not the organ. Marked *: from the real cases of ../shared.
INSTANTIATE_TEST_SUITE_P(Names, Traps,
                         testing::Values("prv cord" /* * */, "SpinalCord_PRV05", "SpinalCord_PRV", "CordPRV", "Cord+5",
                                         "Cord + 3mm", "SpinalCord_05", "Brainstem PRV", "heart-ptv" /* * */,
                                         "liver-ptv" /* * */, "REST_COMMON LUNG" /* * */, "RING" /* * */,
                                         "GTVp" /* * */, "CTVp" /* * */, "PTV4140" /* * */, "PTV_41.4" /* * */,
                                         "D1" /* * */, "gtv" /* * */, "CouchSurface" /* * */, "Tumor_c40" /* * */,
                                         "sensitive_volume" /* * */, "~Lung_L", "_SpinalCord", "zSpinalCord",
                                         "z_SpinalCord", "SpinalCord^2", "Cord_avoid", "Avoid_Cord", "optCord",
                                         "Cord_opt", "Lung_L-PTV", "Lung_R_1", "Lung LR", "Lung_RUL", "Heart_old",
                                         "Heart2", "Esophagus_NAdj", "Esophagus_S", "SpinalCord_Cerv", "Liver_cold",
                                         "Skin_5mm", "Dose 20[Gy]", "", " ", "L", "Left", "Lt", "External"));

TEST(NameDictionary, SaysByWhichRule) {
  const auto rule = [](const char* name) { return shipped().organ_named(name)->rule; };
  EXPECT_EQ(rule("SpinalCord"), "TG-263 name");
  EXPECT_EQ(rule("SPINAL CORD"), "TG-263 name 'SpinalCord' without case and punctuation");
  EXPECT_EQ(rule("Cord"), "synonym 'Cord' (tg263)");
  EXPECT_EQ(rule("lt lung"), "synonym 'Lung' with 'Lt' for the side (tg263)");
  EXPECT_EQ(rule("Femur_Heads"), "name");  // not a name of TG-263
}

TEST(NameDictionary, KnowsPairsAndUnions) {
  using testing::ElementsAre;
  EXPECT_THAT(shipped().organ("Lungs")->union_of, ElementsAre("Lung_L", "Lung_R"));
  EXPECT_THAT(shipped().organ("Lung")->sides, ElementsAre("Lung_L", "Lung_R"));
  EXPECT_THAT(shipped().organ("Kidney_Cortex")->union_of, ElementsAre("Kidney_Cortex_L", "Kidney_Cortex_R"));
  EXPECT_TRUE(shipped().organ("Kidney_Cortex")->sides.empty());  // a goal on it is one on both together
  EXPECT_THAT(shipped().organ("OpticPathway")->union_of, ElementsAre("OpticChiasm", "OpticNrvs"));
  EXPECT_EQ(shipped().organ("Nonsense"), nullptr);
}

TEST(LooksDerived, ByWordsNotByLetters) {
  for (const char* name : {"SpinalCord_PRV05", "prv cord", "Cord_opt", "Lungs-GTV", "Heart - PTV", "Cord+5", "~Lung_L",
                           "_Ring", "z_Ring", "Ring 2cm", "cord avoid", "Cord^1"})
    EXPECT_TRUE(looks_derived(name)) << name;
  for (const char* name :
       {"OpticChiasm", "Optic Nerve", "Spring", "Lungs L+R", "Planum", "Isthmus", "Zygoma", "Hypophysis"})
    EXPECT_FALSE(looks_derived(name)) << name;
}

class UserNames : public WithFolder {
 protected:
  static std::string file(const std::string& organs, const std::string& more = "") {
    return R"({"schema": "sbrtplan-names/1", "name": "mine", "source": "our department", )" + more + R"("organs": [)" +
           organs + "]}";
  }
  std::string refused(const std::string& text) {
    const auto path = write("names.json", text);
    return complaint<InputError>([&] { NameDictionary::shipped_and({path}); });
  }
};

TEST_F(UserNames, AddSynonymsSidesAndOrgans) {
  const auto path =
      write("names.json", file(R"({"name": "SpinalCord", "synonyms": ["Rückenmark", "Myelon"]},
      {"name": "Lung", "synonyms": ["Lunge"]}, {"name": "Implant"}, {"name": "Heart", "synonyms": ["Coeur"]})",
                               R"("side_words": {"left": ["links", "li"], "right": ["rechts", "re"]}, )"));
  const NameDictionary mine = NameDictionary::shipped_and({path});
  EXPECT_EQ(mine.organ_named("Rückenmark")->organ, "SpinalCord");
  EXPECT_EQ(mine.organ_named("MYELON")->rule, "synonym 'Myelon' (mine)");
  EXPECT_EQ(mine.organ_named("Lunge li")->organ, "Lung_L");
  EXPECT_EQ(mine.organ_named("Lunge rechts")->organ, "Lung_R");
  EXPECT_EQ(mine.organ_named("Niere rechts"), std::nullopt);
  EXPECT_EQ(mine.organ_named("implant")->organ, "Implant");
  EXPECT_EQ(mine.organ_named("Cord")->organ, "SpinalCord");
  EXPECT_EQ(shipped().organ_named("Myelon"), std::nullopt);
  EXPECT_EQ(mine.organ_named("Trachea_Bronchus")->rule, "name");
}

TEST_F(UserNames, TakePrecedenceOverShippedSynonyms) {
  const auto path = write("names.json", file(R"({"name": "VocalCord", "synonyms": ["Cord"]})"));
  EXPECT_EQ(NameDictionary::shipped_and({path}).organ_named("CORD")->organ, "VocalCord");
}

TEST_F(UserNames, AreRefusedWithThePlace) {
  EXPECT_THAT(refused(file(R"({"name": "Heart", "synonims": ["Cor"]})")), HasSubstr("$.organs[0].synonims"));
  EXPECT_THAT(refused(file(R"({"name": "A", "synonyms": ["X"]}, {"name": "B", "synonyms": ["x."]})")),
              testing::AllOf(HasSubstr("means both 'A' and 'B'"), HasSubstr("$.organs[1]")));
  EXPECT_THAT(refused(file(R"({"name": "SpinalCord", "synonyms": ["SpinalCord_PRV05"]})")),
              testing::AllOf(HasSubstr("cannot be a synonym"), HasSubstr("--match")));
  EXPECT_THAT(refused(file(R"({"name": "Pericardium", "synonyms": ["Heart"]})")),
              HasSubstr("itself the name of an organ"));
  EXPECT_THAT(refused(file(R"({"name": "Pair", "union_of": ["One", "Two"]})")), HasSubstr("unknown organ 'One'"));
  EXPECT_THAT(refused(file(R"({"name": "Lungs", "union_of": ["Lung_L"]})")), HasSubstr("defined twice"));
  EXPECT_THAT(refused(R"({"schema": "sbrtplan-names/2"})"), HasSubstr("sbrtplan-names/1"));
  EXPECT_THAT(refused(R"({"schema": "sbrtplan-names/1", "name": "x", "organs": []})"), HasSubstr("source"));
}

}  // namespace
}  // namespace sbrt
