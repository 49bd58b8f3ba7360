#include "dicom/import.h"
#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt::dicom {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CtSeries ct(const std::string& uid, const std::string& frame, const std::string& patient = "P1") {
  CtSeries s;
  s.series_instance_uid = uid;
  s.frame_of_reference_uid = frame;
  s.patient_study.patient_id = patient;
  s.patient_study.study_date = "20200102";
  s.series_description = "series " + uid;
  for (int n = 0; n < 3; ++n) s.slices.push_back({"f", {"1", uid + "." + std::to_string(n)}, {}, 1, 0});
  return s;
}

StructureFile drawn(const std::string& uid, const std::string& frame, std::vector<std::string> series = {},
                    const std::string& patient = "P1") {
  StructureFile s;
  s.path = "/data/rs_" + uid + ".dcm";
  s.reference.sop_instance_uid = uid;
  s.frame_of_reference_uid = frame;
  s.referenced_series_uids = std::move(series);
  s.patient_study.patient_id = patient;
  s.label = "label " + uid;
  return s;
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ChooseCt, PrefersTheReferencedSeriesOverOthersOfTheFrame) {
  Catalogue c;
  c.ct_series = {ct("1", "F"), ct("2", "F")};
  EXPECT_EQ(choose_ct(c, drawn("R", "F", {"2"})).series_instance_uid, "2");
}

TEST(ChooseCt, FollowsTheReferencedImagesWhereNoSeriesIsNamed) {
  Catalogue c;
  c.ct_series = {ct("1", "F"), ct("2", "F")};
  StructureFile s = drawn("R", "");
  s.referenced_image_uids = {"2.0", "2.1"};
  EXPECT_EQ(choose_ct(c, s).series_instance_uid, "2");
}

TEST(ChooseCt, TakesTheOnlyOneOfTheFrame) {
  Catalogue c;
  c.ct_series = {ct("1", "F"), ct("2", "G")};
  EXPECT_EQ(choose_ct(c, drawn("R", "G", {"gone"})).series_instance_uid, "2");
}

TEST(ChooseCt, ListsSeveralWithTheOption) {
  Catalogue c;
  c.ct_series = {ct("1", "F"), ct("2", "F")};
  const auto text = message_of([&] { choose_ct(c, drawn("R", "F")); });
  EXPECT_THAT(text, AllOf(HasSubstr("several CT series"), HasSubstr("--ct 1"), HasSubstr("--ct 2"),
                          HasSubstr("\"series 1\""), HasSubstr("3 slices"), HasSubstr("20200102")));
  EXPECT_EQ(choose_ct(c, drawn("R", "F"), "2").series_instance_uid, "2");
  c.ct_series[0].refusal = "gantry tilt";  // the only usable one is no choice
  EXPECT_EQ(choose_ct(c, drawn("R", "F")).series_instance_uid, "2");
}

TEST(ChooseCt, RefusesAnUnknownUidAndListsTheKnown) {
  Catalogue c;
  c.ct_series = {ct("1", "F")};
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "F"), "7"); }), AllOf(HasSubstr("--ct 7"), HasSubstr("--ct 1")));
}

TEST(ChooseCt, RefusesAnotherPatientOrFrame) {
  Catalogue c;
  c.ct_series = {ct("1", "F")};
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "F", {"1"}, "P2")); }), HasSubstr("another patient"));
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "G", {"1"})); }), HasSubstr("another frame of reference"));
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "G"), "1"); }), HasSubstr("another frame of reference"));
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "G")); }),
              AllOf(HasSubstr("no CT matches"), HasSubstr("--ct 1")));
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "G", {}, "P2")); }), HasSubstr("another patient"));
}

TEST(ChooseCt, SaysWhyTheOnlyMatchIsRefused) {
  Catalogue c;
  c.ct_series = {ct("1", "F")};
  c.ct_series[0].refusal = "missing slices: a gap of 9 mm";
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "F")); }), HasSubstr("missing slices: a gap of 9 mm"));
}

TEST(ChooseCt, SaysWhyThereIsNone) {
  Catalogue c;
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "F")); }), HasSubstr("no CT series was found"));
  c.refused = {{"/data/slice.dcm", "CT image: PixelSpacing is missing or not two numbers"}};
  EXPECT_THAT(message_of([&] { choose_ct(c, drawn("R", "F")); }), HasSubstr("PixelSpacing is missing"));
}

TEST(ChooseStructures, TakesTheOnlyOneOrTheOnlyOneOfACt) {
  Catalogue c;
  c.structures = {drawn("R", "F")};
  EXPECT_EQ(choose_structures(c).reference.sop_instance_uid, "R");
  c.ct_series = {ct("1", "F")};
  c.structures = {drawn("R", "F"), drawn("S", "G"), drawn("T", "F", {}, "P2")};
  EXPECT_EQ(choose_structures(c).reference.sop_instance_uid, "R");
}

TEST(ChooseStructures, ListsSeveralWithTheOption) {
  Catalogue c;
  c.structures = {drawn("R", "F"), drawn("S", "F")};
  EXPECT_THAT(message_of([&] { choose_structures(c); }), AllOf(HasSubstr("--rtstruct R"), HasSubstr("--rtstruct S"),
                                                               HasSubstr("\"label S\""), HasSubstr("/data/rs_S.dcm")));
  EXPECT_EQ(choose_structures(c, "S").reference.sop_instance_uid, "S");
  EXPECT_EQ(choose_structures(c, "rs_S.dcm").reference.sop_instance_uid, "S");
  EXPECT_EQ(choose_structures(c, "/data/rs_S.dcm").reference.sop_instance_uid, "S");
  EXPECT_THAT(message_of([&] { choose_structures(c, "x.dcm"); }),
              AllOf(HasSubstr("--rtstruct x.dcm"), HasSubstr("--rtstruct R")));
}

TEST(ChooseStructures, SaysWhyThereIsNone) {
  Catalogue c;
  EXPECT_THAT(message_of([&] { choose_structures(c); }), HasSubstr("no RT Structure Set (RTSTRUCT) was found"));
  c.refused = {{"/data/rs.dcm", "truncated: the file ends inside its data set"}};
  EXPECT_THAT(message_of([&] { choose_structures(c); }), AllOf(HasSubstr("/data/rs.dcm"), HasSubstr("truncated")));
}

DoseFile computed(const std::string& uid, const std::string& frame, const std::string& summation) {
  DoseFile d;
  d.path = "/data/rd_" + uid + ".dcm";
  d.reference.sop_instance_uid = uid;
  d.frame_of_reference_uid = frame;
  d.summation_type = summation;
  d.patient_study.patient_id = "P1";
  return d;
}

TEST(ChooseDose, TakesThePlanSumOfTheFrame) {
  Catalogue c;
  c.doses = {computed("1", "F", "BEAM"), computed("2", "F", "PLAN"), computed("3", "G", "PLAN")};
  EXPECT_EQ(choose_dose(c, drawn("R", "F")).reference.sop_instance_uid, "2");
  EXPECT_EQ(choose_dose(c, drawn("R", "F"), "rd_1.dcm").reference.sop_instance_uid, "1");
}

TEST(ChooseDose, RefusesAnotherFrameOrPatientAndListsSeveral) {
  Catalogue c;
  c.doses = {computed("1", "F", "PLAN")};
  EXPECT_THAT(message_of([&] { choose_dose(c, drawn("R", "G")); }), HasSubstr("another frame of reference"));
  EXPECT_THAT(message_of([&] { choose_dose(c, drawn("R", "F", {}, "P2")); }), HasSubstr("another patient"));
  EXPECT_THAT(message_of([&] { choose_dose(c, drawn("R", "G"), "1"); }), HasSubstr("another frame of reference"));
  c.doses.push_back(computed("2", "F", "PLAN"));
  EXPECT_THAT(message_of([&] { choose_dose(c, drawn("R", "F")); }),
              AllOf(HasSubstr("--rtdose 1"), HasSubstr("--rtdose 2")));
  EXPECT_THAT(message_of([&] { choose_dose(Catalogue{}, drawn("R", "F")); }),
              HasSubstr("no RT Dose (RTDOSE) was found"));
}

}  // namespace
}  // namespace sbrt::dicom
