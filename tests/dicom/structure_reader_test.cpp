#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt::dicom {
namespace {

using test::put;
using test::RoiRecipe;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

LoadedStructures load(DcmDataset d) {
  TempFolder folder;
  test::save(d, folder / "rs.dcm");
  const Catalogue catalogue = scan({folder.path()});
  if (catalogue.structures.empty()) throw std::runtime_error("refused: " + catalogue.refused.at(0).reason);
  return load_structures(catalogue.structures[0]);
}

LoadedStructures load(const std::vector<RoiRecipe>& rois) { return load(test::structure_set(rois)); }

std::string message_of(DcmDataset d) {
  try {
    load(d);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

DcmItem& first_contour(DcmDataset& d) {
  DcmItem *roi = nullptr, *contour = nullptr;
  d.findAndGetSequenceItem(DCM_ROIContourSequence, roi);
  roi->findAndGetSequenceItem(DCM_ContourSequence, contour);
  return *contour;
}

TEST(StructureReader, ReadsContoursNumbersColoursAndFrame) {
  const auto loaded = load({{7, "GTV", "GTV", {test::square(2), test::square(4.5, 3)}}});
  EXPECT_TRUE(loaded.warnings.empty());
  const StructureSet& set = loaded.structures;
  EXPECT_EQ(set.frame_of_reference_uid(), "1.2.3.30");
  const Structure& gtv = set.at("GTV");
  EXPECT_EQ(gtv.number, 7);
  EXPECT_EQ(gtv.role, RoiRole::gtv);
  EXPECT_EQ(gtv.colour, (std::array<std::uint8_t, 3>{10, 20, 255}));
  ASSERT_EQ(gtv.contours.size(), 2u);
  EXPECT_EQ(gtv.contours[1].points,
            (std::vector<PatientPoint>{{-3, -3, 4.5}, {3, -3, 4.5}, {3, 3, 4.5}, {-3, 3, 4.5}}));
}

TEST(StructureReader, KnowsEveryContourType) {
  const auto set = load({{1,
                          "A",
                          "",
                          {test::square(0),
                           {"CLOSEDPLANAR_XOR", test::square(0, 2).data},
                           {"OPEN_PLANAR", {0, 0, 0, 1, 0, 0}},
                           {"OPEN_NONPLANAR", {0, 0, 0, 1, 0, 5}},
                           {"POINT", {1, 2, 3}}}}});
  const auto& contours = set.structures.at("A").contours;
  ASSERT_EQ(contours.size(), 5u);
  EXPECT_EQ(contours[0].kind, ContourKind::closed_planar);
  EXPECT_EQ(contours[1].kind, ContourKind::closed_planar_xor);
  EXPECT_EQ(contours[2].kind, ContourKind::open_planar);
  EXPECT_EQ(contours[3].kind, ContourKind::open_nonplanar);
  EXPECT_EQ(contours[4].kind, ContourKind::point);
}

TEST(StructureReader, RemovesRepeatedAndClosingPointsAndEmptyContours) {
  const auto loaded = load({{1,
                             "A",
                             "",
                             {{"CLOSED_PLANAR", {0, 0, 1, 0, 0, 1, 4, 0, 1, 4, 4, 1, 4, 4, 1, 0, 0, 1, 0, 0, 1}},
                              {"CLOSED_PLANAR", {0, 0, 2, 4, 0, 2, 0, 0, 2}},
                              {"CLOSED_PLANAR", {}}}}});
  const auto& contours = loaded.structures.at("A").contours;
  ASSERT_EQ(contours.size(), 1u);
  EXPECT_EQ(contours[0].points, (std::vector<PatientPoint>{{0, 0, 1}, {4, 0, 1}, {4, 4, 1}}));
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].code, "degenerate-contours");
  EXPECT_THAT(loaded.warnings[0].text,
              AllOf(HasSubstr("2 closed contour(s)"), HasSubstr("structure \"A\", contour 2")));
}

TEST(StructureReader, GivesNoRoiANameThatSeveralShare) {
  const auto loaded =
      load({{1, " Cord ", "", {}}, {2, "Cord", "", {}}, {3, "Cord_2", "", {}}, {4, "", "", {}}, {5, "Cord", "", {}}});
  std::vector<std::string> names;
  for (const auto& s : loaded.structures.structures()) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Cord (ROI 1)", "Cord (ROI 2)", "Cord_2", "ROI_4", "Cord (ROI 5)"}));
  EXPECT_EQ(loaded.warnings.size(), 2u);
  EXPECT_THAT(loaded.warnings.back().text, AllOf(HasSubstr("3 ROIs are called \"Cord\""), HasSubstr("1, 2, 5")));
}

TEST(StructureReader, TakesRolesFromTheTypeElseFromTheName) {
  const std::vector<std::tuple<std::string, std::string, RoiRole>> cases{{"x", "EXTERNAL", RoiRole::external},
                                                                         {"x1", "GTV", RoiRole::gtv},
                                                                         {"x2", "CTV", RoiRole::ctv},
                                                                         {"x3", "PTV", RoiRole::ptv},
                                                                         {"x4", "ORGAN", RoiRole::organ},
                                                                         {"x5", "AVOIDANCE", RoiRole::avoidance},
                                                                         {"x6", "SUPPORT", RoiRole::support},
                                                                         {"x7", "MARKER", RoiRole::marker},
                                                                         {"x8", "BOLUS", RoiRole::other},
                                                                         {"GTV-1", "", RoiRole::gtv},
                                                                         {"ctv_high", "", RoiRole::ctv},
                                                                         {"ITV", "", RoiRole::itv},
                                                                         {"PTV56", "ORGAN", RoiRole::ptv},
                                                                         {"Body", "", RoiRole::external},
                                                                         {"SKIN", "", RoiRole::external},
                                                                         {"External", "", RoiRole::external},
                                                                         {"CouchSurface", "", RoiRole::support},
                                                                         {"Table top", "", RoiRole::support},
                                                                         {"Lung_L", "", RoiRole::other},
                                                                         {"Bodyguard", "", RoiRole::other}};
  std::vector<RoiRecipe> rois;
  int number = 0;
  for (const auto& [name, type, role] : cases) rois.push_back({++number, name, type, {}});
  const auto loaded = load(rois);
  for (const auto& [name, type, role] : cases) EXPECT_EQ(loaded.structures.at(name).role, role) << name << " " << type;
}

TEST(StructureReader, NamesStructureContourAndValueOfBadNumbers) {
  for (const auto& [data, problem] :
       std::vector<std::pair<std::string, std::string>>{{"0\\0\\0\\1\\0\\nan\\1\\1\\0", "\"nan\""},
                                                        {"0\\0\\0\\1\\0\\1e9\\1\\1\\0", "\"1e9\""},
                                                        {"0\\0\\0\\1\\0\\\\1\\1\\0", "\"\""},
                                                        {"0\\0\\0\\1\\0\\1.2.3\\1\\1\\0", "\"1.2.3\""},
                                                        {"0\\0\\0\\1\\0\\inf\\1\\1\\0", "\"inf\""}}) {
    auto d = test::structure_set({{1, "Liver", "", {test::square(0)}}});
    put(first_contour(d), DCM_ContourData, data);
    put(first_contour(d), DCM_NumberOfContourPoints, "3");
    EXPECT_THAT(message_of(d),
                AllOf(HasSubstr("structure \"Liver\", contour 1"), HasSubstr("value 6"), HasSubstr(problem)));
  }
}

TEST(StructureReader, RefusesIncompleteContours) {
  auto d = test::structure_set({{1, "Liver", "", {test::square(0)}}});
  put(first_contour(d), DCM_NumberOfContourPoints, "5");
  EXPECT_THAT(message_of(d),
              AllOf(HasSubstr("structure \"Liver\", contour 1"), HasSubstr("12 coordinates where 5 points need 15")));
  put(first_contour(d), DCM_NumberOfContourPoints, "");
  put(first_contour(d), DCM_ContourData, "0\\0\\0\\1");
  EXPECT_THAT(message_of(d), HasSubstr("incomplete"));
}

TEST(StructureReader, RefusesUnknownTypesAndSharedNumbers) {
  auto d = test::structure_set({{1, "Liver", "", {test::square(0)}}});
  put(first_contour(d), DCM_ContourGeometricType, "CLOSED_CURVED");
  EXPECT_THAT(message_of(d), AllOf(HasSubstr("unknown contour type"), HasSubstr("Liver")));
  EXPECT_THAT(message_of(test::structure_set({{1, "A", "", {}}, {1, "B", "", {}}})), HasSubstr("share a number"));
}

TEST(StructureReader, WarnsOfContoursWithoutRoi) {
  auto d = test::structure_set({{1, "A", "", {test::square(0)}}});
  put(test::append_item(d, DCM_ROIContourSequence), DCM_ReferencedROINumber, "9");
  const auto loaded = load(d);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].code, "contours-without-roi");
}

TEST(StructureReader, WarnsWhereNoTypesAreStated) {
  auto d = test::structure_set({{1, "PTV", "", {test::square(0)}}});
  d.findAndDeleteElement(DCM_RTROIObservationsSequence);
  const auto loaded = load(d);
  EXPECT_EQ(loaded.structures.at("PTV").role, RoiRole::ptv);
  EXPECT_EQ(loaded.warnings.at(0).code, "roi-types-missing");
}

TEST(StructureReader, AcceptsSignsBlanksAndExponents) {
  auto d = test::structure_set({{1, "A", "", {test::square(0)}}});
  put(first_contour(d), DCM_ContourData, "+1.5 \\ -2e1\\0\\ 3.25E+1\\0\\0\\0\\1\\0");
  put(first_contour(d), DCM_NumberOfContourPoints, "3");
  EXPECT_EQ(load(d).structures.at("A").contours.at(0).points,
            (std::vector<PatientPoint>{{1.5, -20, 0}, {32.5, 0, 0}, {0, 1, 0}}));
}

TEST(StructureReader, ReadsContoursLongerThanSixtyFourKilobytes) {
  test::ContourRecipe contour{"CLOSED_PLANAR", {}};
  for (int n = 0; n < 6000; ++n)
    for (const double v : {50 * std::cos(n / 954.93), 40 * std::sin(n / 954.93), -12.5}) contour.data.push_back(v);
  auto d = test::structure_set({{1, "A", "", {contour}}});
  TempFolder folder;
  test::save(d, folder / "rs.dcm", EXS_LittleEndianImplicit);
  const auto loaded = load_structures(scan({folder.path()}).structures.at(0));
  EXPECT_EQ(loaded.structures.at("A").contours.at(0).points.size(), 6000u);
}

TEST(StructureReader, WarnsWhereNoFrameOfReferenceIsStated) {
  TempFolder folder;
  auto d = test::structure_set({{1, "A", "", {test::square(0)}}}, "");
  test::save(d, folder / "rs.dcm");
  const Catalogue c = scan({folder.path()});
  ASSERT_EQ(c.warnings.size(), 1u);
  EXPECT_EQ(c.warnings[0].code, "structures-without-frame-of-reference");
}

}  // namespace
}  // namespace sbrt::dicom
