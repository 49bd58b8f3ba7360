#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace sbrt::dicom {
namespace {

namespace fs = std::filesystem;
using test::CtRecipe;
using test::put;
using test::TempFolder;
using ::testing::HasSubstr;

std::string reason_for(const Catalogue& catalogue, const std::string& name) {
  for (const auto& r : catalogue.refused)
    if (r.path.filename() == name) return r.reason;
  return "not refused";
}

TEST(Scan, FindsEveryKindInNestedFolders) {
  TempFolder folder;
  test::write_ct_files(CtRecipe{}, folder / "a/b/ct");
  fs::create_directories(folder / "c");
  auto rs = test::structure_set({{1, "GTV", "GTV", {test::square(2)}}, {2, "Cord", "ORGAN", {}}});
  test::save(rs, folder / "c/rs.dcm");
  auto rd = test::dose({});
  put(test::append_item(rd, DCM_ReferencedRTPlanSequence), DCM_ReferencedSOPInstanceUID, "1.2.3.60");
  test::save(rd, folder / "c/rd.dcm");
  DcmDataset rp;
  put(rp, DCM_SOPClassUID, UID_RTPlanStorage);
  put(rp, DCM_SOPInstanceUID, "1.2.3.60");
  put(rp, DCM_RTPlanLabel, "Five");
  test::put_patient(rp);
  put(test::append_item(rp, DCM_FractionGroupSequence), DCM_NumberOfFractionsPlanned, "5");
  DcmItem& reference = test::append_item(rp, DCM_DoseReferenceSequence);
  put(reference, DCM_DoseReferenceType, "TARGET");
  put(reference, DCM_TargetPrescriptionDose, "45");
  put(test::append_item(rp, DCM_ReferencedStructureSetSequence), DCM_ReferencedSOPInstanceUID, "1.2.3.40");
  test::save(rp, folder / "rp.dcm");

  const Catalogue c = scan({folder.path()});
  EXPECT_TRUE(c.refused.empty());
  EXPECT_TRUE(c.warnings.empty());
  ASSERT_EQ(c.ct_series.size(), 1u);
  EXPECT_EQ(c.ct_series[0].slices.size(), 6u);
  ASSERT_EQ(c.structures.size(), 1u);
  EXPECT_EQ(c.structures[0].roi_names, (std::vector<std::string>{"GTV", "Cord"}));
  EXPECT_EQ(c.structures[0].frame_of_reference_uid, "1.2.3.30");
  EXPECT_EQ(c.structures[0].referenced_series_uids, (std::vector<std::string>{"1.2.3.20"}));
  EXPECT_EQ(c.structures[0].label, "Drawn");
  ASSERT_EQ(c.doses.size(), 1u);
  EXPECT_EQ(c.doses[0].units, "GY");
  EXPECT_EQ(c.doses[0].type, "PHYSICAL");
  EXPECT_EQ(c.doses[0].summation_type, "PLAN");
  EXPECT_EQ(c.doses[0].referenced_plan_uid, "1.2.3.60");
  ASSERT_EQ(c.plans.size(), 1u);
  EXPECT_EQ(c.plans[0].label, "Five");
  EXPECT_EQ(c.plans[0].fractions, 5);
  EXPECT_EQ(c.plans[0].prescription_dose_gy, 45.0);
  EXPECT_EQ(c.plans[0].referenced_structure_uid, "1.2.3.40");
}

TEST(Scan, StatesNoPrescriptionWhereTargetsDiffer) {
  TempFolder folder;
  DcmDataset rp;
  put(rp, DCM_SOPClassUID, UID_RTPlanStorage);
  put(rp, DCM_SOPInstanceUID, "1.2.3.60");
  for (const char* dose : {"45", "50"}) {
    DcmItem& reference = test::append_item(rp, DCM_DoseReferenceSequence);
    put(reference, DCM_DoseReferenceType, "TARGET");
    put(reference, DCM_TargetPrescriptionDose, dose);
  }
  test::save(rp, folder / "rp.dcm");
  EXPECT_FALSE(scan({folder.path()}).plans.at(0).prescription_dose_gy.has_value());
}

TEST(Scan, ListsWhatItCannotUseWithTheReason) {
  TempFolder folder;
  test::write_bytes(folder / "notes.txt", "hello, this is not DICOM at all, and long enough to look at");
  test::write_bytes(folder / "empty.dcm", "");
  test::write_bytes(folder / "short.dcm", "DI");
  DcmDataset mr;
  put(mr, DCM_SOPClassUID, UID_MRImageStorage);
  put(mr, DCM_SOPInstanceUID, "1.2.9");
  test::save(mr, folder / "mr.dcm");
  DcmDataset nameless;
  put(nameless, DCM_PatientName, "Nobody");
  // DCMTK does not write a file without SOP class, so these are the bytes of the data set alone.
  DcmFileFormat file(&nameless);
  file.saveFile((folder / "nameless.dcm").c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_recalcGL,
                EPD_noChange, 0, 0, EWM_dataset);
  fs::create_symlink(folder / "nowhere", folder / "broken");
  const Catalogue c = scan({folder.path()});
  EXPECT_EQ(reason_for(c, "notes.txt"), "not a DICOM file");
  EXPECT_EQ(reason_for(c, "empty.dcm"), "empty file");
  EXPECT_EQ(reason_for(c, "short.dcm"), "not a DICOM file");
  EXPECT_THAT(reason_for(c, "mr.dcm"), HasSubstr("MRImageStorage is not used"));
  EXPECT_THAT(reason_for(c, "broken"), HasSubstr("broken link"));
  EXPECT_NE(reason_for(c, "nameless.dcm"), "not refused");
  EXPECT_TRUE(c.ct_series.empty());
}

TEST(Scan, ReadsFilesWithoutPreamble) {
  for (const auto syntax : {EXS_LittleEndianImplicit, EXS_LittleEndianExplicit, EXS_BigEndianExplicit}) {
    TempFolder folder;
    CtRecipe r;
    for (int k = 0; k < 3; ++k) {
      DcmDataset d = test::ct_slice(r, k);
      DcmFileFormat file(&d);
      ASSERT_TRUE(file.saveFile((folder / ("s" + std::to_string(k))).c_str(), syntax, EET_ExplicitLength, EGL_recalcGL,
                                EPD_noChange, 0, 0, EWM_dataset)
                      .good());
    }
    const Catalogue c = scan({folder.path()});
    ASSERT_EQ(c.ct_series.size(), 1u) << DcmXfer(syntax).getXferName();
    EXPECT_EQ(load_ct(c.ct_series[0]).image(3, 2, 1), float(r.stored(3, 2, 1) - 1024));
  }
}

TEST(Scan, ReadsKnownAttributesOfUnknownRepresentation) {
  TempFolder folder;
  auto rs = test::structure_set({{1, "GTV", "GTV", {test::square(2)}}});
  test::save(rs, folder / "rs.dcm");
  std::string bytes = test::bytes_of(folder / "rs.dcm");
  // StructureSetLabel (3006,0002) SH becomes UN, whose header has a four byte length.
  const std::string known("\x06\x30\x02\x00SH\x06\x00", 8), unknown("\x06\x30\x02\x00UN\x00\x00\x06\x00\x00\x00", 12);
  const auto at = bytes.find(known);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, known.size(), unknown);
  test::write_bytes(folder / "rs.dcm", bytes);
  EXPECT_EQ(scan({folder.path()}).structures.at(0).label, "Drawn");
}

TEST(Scan, DoesNotDependOnPathsOrLinks) {
  TempFolder folder;
  test::write_ct_files(CtRecipe{}, folder / "ct");
  fs::create_directory_symlink(folder.path(), folder / "ct/loop");
  fs::create_directory_symlink(folder / "ct", folder / "again");
  const Catalogue once = scan({folder.path()});
  ASSERT_EQ(once.ct_series.size(), 1u);
  EXPECT_EQ(once.ct_series[0].slices.size(), 6u);
  EXPECT_TRUE(once.warnings.empty());
  const Catalogue twice = scan({folder / "ct", folder.path(), once.ct_series[0].slices[0].path});
  EXPECT_EQ(twice.ct_series.at(0).slices.size(), 6u);
  EXPECT_TRUE(twice.refused.empty());
}

TEST(Scan, RefusesAPathThatDoesNotExist) { EXPECT_THROW(scan({"/nonexistent/folder"}), InputError); }

TEST(Scan, CountsIdenticalCopiesOnceAndRefusesOthersUnderTheSameUid) {
  TempFolder folder;
  CtRecipe r;
  test::write_ct_files(r, folder / "ct");
  fs::create_directories(folder / "z");
  DcmDataset same = test::ct_slice(r, 2), other = test::ct_slice(r, 3);
  test::save(same, folder / "z/same.dcm");
  put(other, DCM_SeriesDescription, "Changed");
  test::save(other, folder / "z/other.dcm");
  const Catalogue c = scan({folder.path()});
  ASSERT_EQ(c.ct_series.size(), 1u);
  EXPECT_EQ(c.ct_series[0].slices.size(), 6u);
  EXPECT_EQ(c.ct_series[0].refusal, "");
  EXPECT_EQ(reason_for(c, "same.dcm"), "not refused");
  EXPECT_THAT(reason_for(c, "other.dcm"), HasSubstr("other content"));
  ASSERT_EQ(c.warnings.size(), 2u);
  EXPECT_EQ(c.warnings[0].code, "duplicate-files");
  EXPECT_EQ(c.warnings[1].code, "duplicate-uid");
}

TEST(Scan, IgnoresDicomdir) {
  TempFolder folder;
  DcmFileFormat file;
  DcmDataset& d = *file.getDataset();
  put(d, DCM_FileSetID, "SET");
  put(*file.getMetaInfo(), DCM_MediaStorageSOPClassUID, UID_MediaStorageDirectoryStorage);
  put(*file.getMetaInfo(), DCM_MediaStorageSOPInstanceUID, "1.2.3");
  put(*file.getMetaInfo(), DCM_TransferSyntaxUID, UID_LittleEndianExplicitTransferSyntax);
  ASSERT_TRUE(file.saveFile((folder / "DICOMDIR").c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_recalcGL,
                            EPD_noChange, 0, 0, EWM_dontUpdateMeta)
                  .good());
  const Catalogue c = scan({folder.path()});
  EXPECT_TRUE(c.refused.empty()) << c.refused[0].reason;
}

TEST(Scan, ConvertsNamesToUtf8) {
  TempFolder folder;
  auto rs = test::structure_set({{1, "K\xF6rper", "", {}}});
  put(rs, DCM_SpecificCharacterSet, "ISO_IR 100");
  put(rs, DCM_PatientName, "M\xFCller^Jos\xE9");
  test::save(rs, folder / "latin.dcm");
  auto unmarked = test::structure_set({{1, "K\xF6rper", "", {}}});
  put(unmarked, DCM_SOPInstanceUID, "1.2.3.49");
  test::save(unmarked, folder / "unmarked.dcm");
  const Catalogue c = scan({folder.path()});
  ASSERT_EQ(c.structures.size(), 2u);
  EXPECT_EQ(c.structures[0].patient_study.patient_name, "M\u00fcller^Jos\u00e9");
  EXPECT_EQ(c.structures[0].roi_names[0], "K\u00f6rper");
  EXPECT_EQ(c.structures[1].roi_names[0], "K\u00f6rper");  // bytes that are not UTF-8 are taken as Latin-1
}

TEST(Scan, ReportsItsProgress) {
  class Counting final : public Progress {
   public:
    void begin(std::string_view name, std::int64_t n) override { stage = name, total = n; }
    void advance(std::int64_t steps) override { done += steps; }
    void end() override { ended = true; }
    std::string stage;
    std::int64_t total = 0;
    std::atomic<std::int64_t> done = 0;
    bool ended = false;
  } counting;
  TempFolder folder;
  test::write_ct_files(CtRecipe{}, folder.path());
  scan({folder.path()}, counting);
  EXPECT_EQ(counting.stage, "reading headers");
  EXPECT_EQ(counting.total, 6);
  EXPECT_EQ(counting.done, 6);
  EXPECT_TRUE(counting.ended);
}

// Parsing degrades silently without DCMTK's dictionary, which is loaded when the program starts.
TEST(ScanDeathTest, SaysThatTheDictionaryIsMissing) {
  const char* const before = std::getenv("DCMDICTPATH");
  const std::string saved = before ? before : "";
  setenv("DCMDICTPATH", "/nonexistent", 1);
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // starts this program anew
  EXPECT_EXIT(
      {
        try {
          scan({"."});
        } catch (const InputError& error) {
          std::fputs(error.what(), stderr);
          std::exit(3);
        }
        std::exit(0);
      },
      ::testing::ExitedWithCode(3), "data dictionary is not loaded");
  if (before)
    setenv("DCMDICTPATH", saved.c_str(), 1);
  else
    unsetenv("DCMDICTPATH");
}

TEST(LibraryVersions, NamesTheLibraries) {
  EXPECT_THAT(library_versions(), ::testing::AllOf(HasSubstr("dcmtk 3."), HasSubstr("itk 5."), HasSubstr("gdcm 3.")));
}

}  // namespace
}  // namespace sbrt::dicom
