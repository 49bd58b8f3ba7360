// What RTDOSE and RTPLAN say about the parts of a plan, and the DVHs that an RTDOSE holds.
#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace sbrt::dicom {
namespace {

using test::append_item;
using test::put;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

DcmDataset dose_of_beam(int beam, const std::string& uid) {
  DcmDataset d = test::dose({});
  put(d, DCM_SOPInstanceUID, uid);
  put(d, DCM_DoseSummationType, "BEAM");
  DcmItem& plan = append_item(d, DCM_ReferencedRTPlanSequence);
  put(plan, DCM_ReferencedSOPClassUID, UID_RTPlanStorage);
  put(plan, DCM_ReferencedSOPInstanceUID, "1.2.3.60");
  DcmItem& group = append_item(plan, DCM_ReferencedFractionGroupSequence);
  put(group, DCM_ReferencedFractionGroupNumber, "1");
  put(append_item(group, DCM_ReferencedBeamSequence), DCM_ReferencedBeamNumber, std::to_string(beam));
  return d;
}

DcmDataset plan(int fractions) {
  DcmDataset d;
  put(d, DCM_SOPClassUID, UID_RTPlanStorage);
  put(d, DCM_SOPInstanceUID, "1.2.3.60");
  put(d, DCM_Modality, "RTPLAN");
  test::put_patient(d);
  DcmItem& group = append_item(d, DCM_FractionGroupSequence);
  put(group, DCM_NumberOfFractionsPlanned, std::to_string(fractions));
  // Beam 4 has no meterset, beam 5 belongs to no fraction group, beam 3 is for set-up.
  for (const auto& [number, meterset] : {std::pair{"1", "100"}, {"2", "50"}, {"3", "5"}, {"4", "0"}}) {
    DcmItem& beam = append_item(group, DCM_ReferencedBeamSequence);
    put(beam, DCM_ReferencedBeamNumber, number);
    put(beam, DCM_BeamMeterset, meterset);
  }
  for (const char* number : {"1", "2", "3", "4", "5"}) {
    DcmItem& beam = append_item(d, DCM_BeamSequence);
    put(beam, DCM_BeamNumber, number);
    put(beam, DCM_BeamName, std::string("beam ") + number);
    put(beam, DCM_TreatmentDeliveryType, *number == '3' ? "SETUP" : "TREATMENT");
    put(beam, DCM_NumberOfControlPoints, "2");
  }
  return d;
}

StructureFile structures() {
  StructureFile s;
  s.frame_of_reference_uid = "1.2.3.30";
  s.patient_study.patient_id = "P1";
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

TEST(ForeignDose, SaysWhichBeamsItIsAndThePlanWhichItTreatsWith) {
  TempFolder folder;
  DcmDataset beam = dose_of_beam(2, "1.2.3.52"), rtplan = plan(5);
  test::save(beam, folder / "rd.dcm");
  test::save(rtplan, folder / "rp.dcm");
  const Catalogue c = scan({folder.path()});
  ASSERT_EQ(c.doses.size(), 1u);
  EXPECT_EQ(c.doses[0].beams, std::vector<int>{2});
  EXPECT_EQ(c.doses[0].fraction_groups, std::vector<int>{1});
  EXPECT_EQ(c.doses[0].referenced_plan_uid, "1.2.3.60");
  ASSERT_EQ(c.plans.size(), 1u);
  EXPECT_EQ(c.plans[0].fractions, 5);
  EXPECT_EQ(c.plans[0].fraction_groups, 1);
  ASSERT_EQ(c.plans[0].beams.size(), 2u);
  EXPECT_EQ(c.plans[0].beams[0].number, 1);
  EXPECT_EQ(c.plans[0].beams[1].name, "beam 2");
  EXPECT_EQ(c.plans[0].beams[1].control_points, 2);
}

TEST(ForeignDose, AllBeamsOfAPlanAreChosenTogether) {
  TempFolder folder;
  for (const int n : {1, 2}) {
    DcmDataset d = dose_of_beam(n, "1.2.3.5" + std::to_string(n));
    test::save(d, folder / ("beam" + std::to_string(n) + ".dcm"));
  }
  const Catalogue c = scan({folder.path()});
  EXPECT_EQ(choose_doses(c, structures(), {}).files.size(), 2u);
  EXPECT_EQ(choose_doses(c, structures(), {{"beam2.dcm"}}).files.size(), 1u);
  EXPECT_THAT(message_of([&] { choose_dose(c, structures()); }), HasSubstr("several RT Doses"));
  EXPECT_THAT(message_of([&] { choose_doses(c, structures(), {{"beam2.dcm", "1.2.3.52"}}); }), HasSubstr("twice"));
  Catalogue other = c;
  other.doses[1].referenced_plan_uid = "another";
  EXPECT_THAT(message_of([&] { choose_doses(other, structures(), {}); }),
              AllOf(HasSubstr("--rtdose 1.2.3.51"), HasSubstr("beam 2"), HasSubstr("--sum")));
}

TEST(ForeignDose, AFrameOfReferenceIsIgnoredOnlyByRequest) {
  TempFolder folder;
  DcmDataset d = test::dose({});
  test::save(d, folder / "rd.dcm");
  const Catalogue c = scan({folder.path()});
  StructureFile elsewhere = structures();
  elsewhere.frame_of_reference_uid = "9.9";
  EXPECT_THAT(message_of([&] { choose_doses(c, elsewhere, {}); }), HasSubstr("--ignore-frame-of-reference"));
  EXPECT_EQ(choose_doses(c, elsewhere, {{}, true}).warnings.at(0).code, "other-frame-of-reference");
  elsewhere.frame_of_reference_uid.clear();
  EXPECT_EQ(choose_doses(c, elsewhere, {}).warnings.at(0).code, "frame-of-reference-not-stated");
}

using Edit = std::function<void(DcmItem&)>;

DcmDataset dose_with_dvh(const std::string& data, const Edit& edit = {}) {
  DcmDataset d = test::dose({});
  DcmItem& dvh = append_item(d, DCM_DVHSequence);
  DcmItem& roi = append_item(dvh, DCM_DVHReferencedROISequence);
  put(roi, DCM_ReferencedROINumber, "7");
  put(roi, DCM_DVHROIContributionType, "INCLUDED");
  put(dvh, DCM_DVHType, "CUMULATIVE");
  put(dvh, DCM_DoseUnits, "GY");
  put(dvh, DCM_DoseType, "PHYSICAL");
  put(dvh, DCM_DVHDoseScaling, "2");
  put(dvh, DCM_DVHVolumeUnits, "CM3");
  put(dvh, DCM_DVHData, data);
  put(dvh, DCM_DVHMeanDose, "1.5");
  if (edit) edit(dvh);
  return d;
}

LoadedDvhs dvhs_of(DcmDataset d) {
  TempFolder folder;
  test::save(d, folder / "rd.dcm");
  return load_dvhs(scan({folder.path()}).doses.at(0));
}

TEST(EmbeddedDvh, CumulativeVolumesBelongToTheLowerEdges) {
  const LoadedDvhs loaded = dvhs_of(dose_with_dvh("0.5\\8\\0.5\\8\\1\\2\\1\\0"));
  ASSERT_EQ(loaded.dvhs.size(), 1u);
  const EmbeddedDvh& dvh = loaded.dvhs[0];
  EXPECT_EQ(dvh.dose_gy, (std::vector<double>{0, 1, 2, 4, 6}));
  EXPECT_EQ(dvh.volume, (std::vector<double>{8, 8, 2, 0, 0}));
  EXPECT_EQ(dvh.rois.at(0).number, 7);
  EXPECT_EQ(dvh.mean_gy, 1.5);
  EXPECT_FALSE(dvh.max_gy.has_value());
}

TEST(EmbeddedDvh, DifferentialVolumesAddUpFromAbove) {
  const LoadedDvhs loaded =
      dvhs_of(dose_with_dvh("0.5\\0\\0.5\\6\\1\\2", [](DcmItem& d) { put(d, DCM_DVHType, "DIFFERENTIAL"); }));
  EXPECT_EQ(loaded.dvhs.at(0).volume, (std::vector<double>{8, 8, 2, 0}));
}

TEST(EmbeddedDvh, ThatCannotBeUsedIsNamedWithItsReason) {
  const std::string sound = "0.5\\8\\0.5\\8\\1\\2\\1\\0";
  const std::vector<std::tuple<std::string, Edit, std::string>> cases{
      {"0.5\\8\\0.5", {}, "not pairs"},
      {"0.5\\nan\\0.5\\8", {}, "finite numbers"},
      {"0.5\\8\\0.5\\x", {}, "finite numbers"},
      {"0.5\\8\\-0.5\\8", {}, "bin 2 has the width -0.5"},
      {"0.5\\8\\0.5\\9\\1\\0", {}, "rises at bin 2"},
      {"0.5\\0\\0.5\\0", {}, "no volume"},
      {"0.5\\8\\0.5\\8", {}, "cut off"},
      {"1e30\\8\\1\\0", {}, "absurd"},
      {sound, [](DcmItem& d) { d.findAndDeleteElement(DCM_DVHData); }, "missing"},
      {sound, [](DcmItem& d) { put(d, DCM_DVHDoseScaling, "0"); }, "DVHDoseScaling"},
      {sound, [](DcmItem& d) { d.findAndDeleteElement(DCM_DVHDoseScaling); }, "DVHDoseScaling"},
      {sound, [](DcmItem& d) { put(d, DCM_DVHType, "NATURAL"); }, "NATURAL"},
      {sound, [](DcmItem& d) { put(d, DCM_DVHVolumeUnits, "PER_U"); }, "PER_U"},
      {sound, [](DcmItem& d) { put(d, DCM_DoseUnits, "RELATIVE"); }, "RELATIVE"},
      {sound, [](DcmItem& d) { put(d, DCM_DoseType, "EFFECTIVE"); }, "EFFECTIVE"},
      {sound, [](DcmItem& d) { put(d, DCM_DVHNumberOfBins, "5"); }, "DVHNumberOfBins says 5"},
      {sound, [](DcmItem& d) { d.findAndDeleteElement(DCM_DVHReferencedROISequence); }, "no ROI"},
      {"1\\8\\2\\8\\3\\2\\4\\1\\5\\0", [](DcmItem& d) { put(d, DCM_DVHMaximumDose, "4"); }, "instead of bin widths"},
  };
  for (const auto& [data, edit, reason] : cases) {
    const LoadedDvhs loaded = dvhs_of(dose_with_dvh(data, edit));
    EXPECT_TRUE(loaded.dvhs.empty()) << reason;
    ASSERT_EQ(loaded.warnings.size(), 1u) << reason;
    EXPECT_EQ(loaded.warnings[0].code, "embedded-dvh-refused");
    EXPECT_THAT(loaded.warnings[0].text, AllOf(HasSubstr(reason), HasSubstr("rd.dcm")));
  }
}

TEST(EmbeddedDvh, FlippedBytesNeverCrash) {
  TempFolder folder;
  DcmDataset sound = dose_with_dvh("0.5\\8\\0.5\\8\\1\\2\\1\\0");
  test::save(sound, folder / "sound.dcm");
  const std::string bytes = test::bytes_of(folder / "sound.dcm");
  std::filesystem::remove(folder / "sound.dcm");
  const std::size_t at = bytes.find("CUMULATIVE"), end = std::min(bytes.size(), at + 200);
  ASSERT_NE(at, std::string::npos);
  constexpr int trials = 150;
  int read = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::mt19937 random(static_cast<unsigned>(trial));
    std::string damaged = bytes;
    for (int n = 0; n < 1 + trial % 4; ++n) damaged[at + random() % (end - at)] = char(random() % 256);
    test::write_bytes(folder / "file", damaged);
    const Catalogue c = scan({folder.path()});
    for (const DoseFile& dose : c.doses) read += int(load_dvhs(dose).dvhs.size());
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace sbrt::dicom
