// Real and independent DICOM files (../shared/data/dicom). Expected values are pydicom's unless said otherwise.
#include "dicom/detail/dataset.h"
#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace sbrt::dicom {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using ::testing::HasSubstr;

const fs::path data = fs::path(SBRT_SHARED_DIR) / "data/dicom";

void unpack(const fs::path& archive, const TempFolder& folder) {
  const std::string command = "tar xf '" + archive.string() + "' -C '" + folder.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

// A single file, scanned in a folder of its own because the collection repeats UIDs.
Catalogue scan_file(const fs::path& file) { return scan({file}); }

std::string refusal_of(const fs::path& file) {
  const Catalogue c = scan_file(file);
  return c.refused.empty() ? "not refused" : c.refused[0].reason;
}

// --- geometry -----------------------------------------------------------------------------------------------------

std::string series_refusal(const fs::path& folder) {
  const Catalogue c = scan({folder});
  return c.ct_series.size() == 1 ? c.ct_series[0].refusal : "series: " + std::to_string(c.ct_series.size());
}

TEST(SharedGantryTilt, IsRefusedByName) {
  EXPECT_THAT(series_refusal(data / "gantry_tilt/d2n_gantrytilting_001"), HasSubstr("gantry tilt of 14.0 degrees"));
  EXPECT_THAT(series_refusal(data / "gantry_tilt/d2n_notavolume_001"), HasSubstr("all slices lie at one position"));
  EXPECT_THAT(series_refusal(data / "gantry_tilt/d2n_sliceincrement_001"), HasSubstr("missing slices: a gap of 10 mm"));
  EXPECT_THAT(series_refusal(data / "gantry_tilt/d2n_sliceincrement_002"), HasSubstr("gantry tilt of 15.5 degrees"));
  EXPECT_THAT(series_refusal(data / "gantry_tilt/ge_tilt18.5_variable_spacing"),
              HasSubstr("gantry tilt of 18.5 degrees"));
  TempFolder folder;
  unpack(data / "gantry_tilt/philips_tilt-18.5_S2010.tar.xz", folder);
  EXPECT_THAT(series_refusal(folder.path()), HasSubstr("gantry tilt of 18.5 degrees"));
}

struct Span {
  double low, high;
};
Span span_of(const nlohmann::json& axis) {
  const double a = axis.front(), b = axis.back();
  return {std::min(a, b), std::max(a, b)};
}

// The expected axes are given in the room (IEC fixed: x to the right when facing the gantry, y towards it, z up), so a
// patient axis read with the wrong sign shows at once. Dose pixels are absent; they are filled with numbers that tell
// frames apart.
TEST(SharedOrientation, AllEightPatientPositionsComeOutRight) {
  using Room = std::function<PatientVec(PatientPoint)>;
  const std::map<std::string, Room> room{
      {"HFS",
       [](PatientPoint p) {
         return PatientVec{p.x, p.z, -p.y};
       }},
      {"HFP",
       [](PatientPoint p) {
         return PatientVec{-p.x, p.z, p.y};
       }},
      {"FFS",
       [](PatientPoint p) {
         return PatientVec{-p.x, -p.z, -p.y};
       }},
      {"FFP",
       [](PatientPoint p) {
         return PatientVec{p.x, -p.z, p.y};
       }},
      {"HFDL",
       [](PatientPoint p) {
         return PatientVec{-p.y, p.z, -p.x};
       }},
      {"HFDR",
       [](PatientPoint p) {
         return PatientVec{p.y, p.z, p.x};
       }},
      {"FFDL",
       [](PatientPoint p) {
         return PatientVec{p.y, -p.z, -p.x};
       }},
      {"FFDR",
       [](PatientPoint p) {
         return PatientVec{-p.y, -p.z, p.x};
       }},
  };
  const auto expected = nlohmann::json::parse(std::ifstream(data / "pymedphys_orient/expected_fixed_xyz.json"));
  for (const auto& [position, to_room] : room) {
    SCOPED_TRACE(position);
    const fs::path source = data / ("pymedphys_orient/RD.DICOMORIENT.Dose_" + position + "_empty.dcm");
    EXPECT_THAT(refusal_of(source), HasSubstr("no pixel data"));
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(source.c_str()).good());
    DcmDataset& d = *file.getDataset();
    const int rows = int(*detail::integer(d, DCM_Rows)), columns = int(*detail::integer(d, DCM_Columns));
    const int frames = int(*detail::integer(d, DCM_NumberOfFrames));
    std::vector<Uint16> pixels(std::size_t(rows) * std::size_t(columns) * std::size_t(frames) * 2, 0);
    for (std::size_t f = 0; f < std::size_t(frames); ++f)
      pixels[f * std::size_t(rows) * std::size_t(columns) * 2] = Uint16(f + 1);
    d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
    TempFolder folder;
    ASSERT_TRUE(file.saveFile((folder / "rd.dcm").c_str(), EXS_LittleEndianImplicit).good());
    const DoseGrid dose = load_dose(scan({folder.path()}).doses.at(0)).dose;
    const Grid& grid = dose.grid();
    const PatientVec first = to_room(grid.voxel_centre(0, 0, 0));
    const PatientVec last = to_room(grid.voxel_centre(columns - 1, rows - 1, frames - 1));
    constexpr double header_digits_mm = 1e-4;
    const std::array<std::array<double, 2>, 3> found{{{first.x, last.x}, {first.y, last.y}, {first.z, last.z}}};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const Span want = span_of(expected[position][axis]);
      EXPECT_NEAR(std::min(found[axis][0], found[axis][1]), want.low, header_digits_mm) << axis;
      EXPECT_NEAR(std::max(found[axis][0], found[axis][1]), want.high, header_digits_mm) << axis;
    }
    // Frame f+1 is marked in its first pixel, at ImagePositionPatient plus the offset along row x column.
    const double scaling = *detail::number(d, DCM_DoseGridScaling);
    for (int f = 0; f < frames; f += 25) EXPECT_EQ(dose(0, 0, f), float(scaling * (f + 1)));
  }
}

// --- whole cases ----------------------------------------------------------------------------------------------------

struct RealCase {
  std::string name;                   //!< in volumes.csv
  std::vector<std::string> folders;   //!< below the data folder
  std::vector<std::string> archives;  //!< unpacked beside them
  GridSize size;
  double mean_hu, min_hu, max_hu;  //!< pydicom and numpy, values below -1024 set to -1024
  std::array<int, 3> probe;        //!< voxel whose value follows, slices ascending in z
  float probe_hu;
};

const std::vector<RealCase> real_cases{
    {"onko_esophagus",
     {"onko_esophagus"},
     {"onko_esophagus/CT.tar.xz"},
     {512, 512, 105},
     -852.536060,
     -1000,
     3071,
     {256, 170, 35},
     -108},
    {"lung4d", {"lung4d"}, {"lung4d/CT.tar.xz"}, {512, 512, 99}, -704.015579, -1000, 2976, {256, 170, 33}, 78},
    {"ibsi", {"ibsi_ct_phantom"}, {}, {204, 201, 60}, -266.470367, -1000, 3065, {102, 67, 20}, 66},
    {"openkbp_1", {}, {"derived_openkbp/pt_1.tar.xz"}, {128, 128, 128}, -987.335475, -1024, 2952, {64, 42, 42}, 697},
    {"topas_lung1", {"topas_synthetic_lung"}, {}, {100, 100, 100}, -865.964, -1000, 0, {50, 33, 33}, -700},
    {"plm_oblique", {}, {"derived_plm/oblique.tar.xz"}, {128, 128, 48}, -121.093750, -1000, 0, {64, 42, 16}, 0},
};

class SharedRealCase : public ::testing::TestWithParam<RealCase> {};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> result;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) result.push_back(cell);
  return result;
}

// Contours per ROI as an independent reader counted them.
std::map<std::string, std::size_t> contour_counts(const std::string& name) {
  std::map<std::string, std::size_t> counts;
  std::ifstream in(data / "volumes.csv");
  for (std::string line; std::getline(in, line);)
    if (const auto row = cells(line); row.size() > 3 && row[0] == name) counts[row[2]] = std::stoul(row[3]);
  return counts;
}

TEST_P(SharedRealCase, LoadsWithTheValuesAnIndependentReaderFinds) {
  const RealCase& real = GetParam();
  TempFolder folder;
  for (const auto& archive : real.archives) unpack(data / archive, folder);
  std::vector<fs::path> paths{folder.path()};
  for (const auto& f : real.folders) paths.push_back(data / f);
  const Catalogue catalogue = scan(paths);
  for (const auto& r : catalogue.refused) EXPECT_EQ(r.reason, "not a DICOM file") << r.path;
  const StructureFile& chosen = choose_structures(catalogue);
  const CtSeries& series = choose_ct(catalogue, chosen);
  const LoadedCt ct = load_ct(series);
  EXPECT_EQ(ct.image.grid().size(), real.size);
  double sum = 0;
  float low = 1e9f, high = -1e9f;
  for (const float v : ct.image.values()) sum += v, low = std::min(low, v), high = std::max(high, v);
  constexpr double mean_digits_hu = 1e-6;  // the reference is written with six decimals
  EXPECT_NEAR(sum / double(ct.image.values().size()), real.mean_hu, mean_digits_hu);
  EXPECT_EQ(low, float(real.min_hu));
  EXPECT_EQ(high, float(real.max_hu));
  EXPECT_EQ(ct.image(real.probe[0], real.probe[1], real.probe[2]), real.probe_hu);

  const StructureSet set = load_structures(chosen).structures;
  const auto counts = contour_counts(real.name);
  ASSERT_FALSE(counts.empty());
  const Box box = ct.image.grid().bounding_box().grown(1);
  for (const auto& [name, count] : counts) {
    const Structure& s = set.at(name);
    EXPECT_EQ(s.contours.size(), count) << name;
    for (const auto& c : s.contours)
      for (const auto& p : c.points) ASSERT_TRUE(box.contains(p)) << name << " lies outside the CT";
  }
  if (!catalogue.doses.empty()) {
    EXPECT_EQ(&choose_dose(catalogue, chosen), &catalogue.doses[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, SharedRealCase, ::testing::ValuesIn(real_cases),
                         [](const auto& tested) { return tested.param.name; });

TEST(SharedRealPlan, IsRead) {
  const Catalogue onko = scan({data / "onko_esophagus/RTPLAN.dcm"});
  EXPECT_EQ(onko.plans.at(0).label, "IMRT_23#F");
  EXPECT_EQ(onko.plans.at(0).fractions, 23);
  EXPECT_EQ(onko.plans.at(0).prescription_dose_gy, 41.4);
  const Catalogue eclipse = scan({data / "eclipse_small_rs_rp_rd"});
  EXPECT_EQ(eclipse.plans.at(0).fractions, 5);
  EXPECT_EQ(eclipse.plans.at(0).prescription_dose_gy, 10.0);
  EXPECT_EQ(eclipse.doses.at(0).referenced_plan_uid, eclipse.plans.at(0).reference.sop_instance_uid);
}

struct DoseTruth {
  double max_gy, mean_gy;
  std::array<int, 3> max_at;
};
void expect_dose(const fs::path& file, const DoseTruth& truth) {
  SCOPED_TRACE(file.string());
  const Catalogue c = scan_file(file);
  ASSERT_EQ(c.doses.size(), 1u);
  const DoseGrid dose = load_dose(c.doses[0]).dose;
  double sum = 0, largest = 0;
  for (const float v : dose.values()) sum += v, largest = std::max(largest, double(v));
  constexpr double digits = 1e-6;  // the reference has seven digits
  EXPECT_NEAR(largest, truth.max_gy, digits * truth.max_gy);
  EXPECT_NEAR(sum / double(dose.values().size()), truth.mean_gy, digits * truth.mean_gy);
  EXPECT_EQ(dose(truth.max_at[0], truth.max_at[1], truth.max_at[2]), float(largest));
}

TEST(SharedDose, HasTheValuesAnIndependentReaderFinds) {
  for (const char* name : {"rtdose.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm"})
    expect_dose(data / "odd/pydicom" / name, {1.254, 1.013273, {7, 0, 0}});
  expect_dose(data / "eclipse_small_rs_rp_rd/rtdose.dcm", {20.16302, 6.586155, {8, 7, 38}});
  expect_dose(data / "topas_abdomen/rtdose.dcm", {5.00131, 1.778126, {8, 38, 2}});
  for (const char* name : {"rtdose_1frame.dcm", "rtdose_expb_1frame.dcm", "rtdose_rle_1frame.dcm"}) {
    const Catalogue c = scan_file(data / "odd/pydicom" / name);
    ASSERT_EQ(c.doses.size(), 1u) << name;
    EXPECT_EQ(load_dose(c.doses[0]).dose.grid().size(), (GridSize{10, 10, 1}));
  }
}

TEST(SharedDose, OfAnotherFrameOfReferenceIsRefused) {
  const Catalogue c = scan({data / "topas_abdomen"});
  ASSERT_EQ(c.ct_series.size(), 1u);
  EXPECT_EQ(c.ct_series[0].refusal, "");
  StructureFile on_ct;
  on_ct.patient_study = c.ct_series[0].patient_study;
  on_ct.frame_of_reference_uid = c.ct_series[0].frame_of_reference_uid;
  EXPECT_THROW(choose_dose(c, on_ct), InputError);
}

TEST(SharedOdd, IsRefusedWithTheRightReasonOrRead) {
  const std::map<std::string, std::string> reasons{
      {"corrupted_crlf/RS_crlf.dcm", "truncated"},
      {"corrupted_crlf/RP_crlf.dcm", "truncated"},
      {"corrupted_crlf/RI_crlf.dcm", "damaged"},
      {"pydicom/MR_truncated.dcm", "truncated"},
      {"pydicom/rtplan_truncated.dcm", "truncated"},
      {"pydicom/badVR.dcm", "NumberOfFrames"},
      {"pydicom/rtdose_rle.dcm", "not refused"},
      {"pydicom/rtstruct.dcm", "not refused"},
      {"pydicom/rtstruct.dump", "not a DICOM file"},
      {"pydicom-data/eCT_Supplemental.dcm", "enhanced multi-frame CT"},
      {"pydicom-data/liver.dcm", "SegmentationStorage"},
      {"fo/CT-MONO2-16-ankle", "SecondaryCapture"},
      {"opentps/Dose_SmallWaterPhantom_resampled_optimized.dcm", "no SOPInstanceUID"},
  };
  for (const auto& [name, reason] : reasons) EXPECT_THAT(refusal_of(data / "odd" / name), HasSubstr(reason)) << name;
}

TEST(SharedOdd, ObliqueUnevenSeriesHasItsGeometry) {
  const Catalogue c = scan({data / "odd/rtutils/oriented_data"});
  ASSERT_EQ(c.ct_series.size(), 1u);
  const CtSeries& s = c.ct_series[0];
  EXPECT_EQ(s.columns, 100);
  EXPECT_EQ(s.rows, 50);
  EXPECT_DOUBLE_EQ(s.pixel_spacing_mm[0], 2.5);
  EXPECT_DOUBLE_EQ(s.pixel_spacing_mm[1], 3.5);
  EXPECT_NEAR(s.slice_spacing_mm, 4.5, 1e-6);
  EXPECT_THAT(s.refusal, HasSubstr("FrameOfReferenceUID is missing"));
}

TEST(SharedOdd, OtherPatientsAndFramesAreRefused) {
  const Catalogue c = scan({data / "odd/rtutils/mock_data"});
  EXPECT_THROW(choose_ct(c, choose_structures(c, "rt.dcm")), InputError);
  EXPECT_EQ(choose_structures(c).path.filename(), "invalid_reference_rt.dcm");
  const Catalogue monaco = scan({data / "pymedphys_tinyvmat"});
  EXPECT_EQ(choose_structures(monaco).path.filename(), "TinyFS_StrctrSets.dcm");
  EXPECT_EQ(load_ct(choose_ct(monaco, choose_structures(monaco))).image.grid().size(), (GridSize{5, 5, 5}));
  EXPECT_THROW(choose_ct(monaco, choose_structures(monaco, "monaco_anon_no_meta_structures.dcm")), InputError);
}

TEST(SharedEverything, ScansWithoutACrashAndLoadsWhatItAccepts) {
  const Catalogue c = scan({data});
  EXPECT_GT(c.ct_series.size(), 10u);
  for (const auto& s : c.structures) EXPECT_NO_THROW(load_structures(s)) << s.path;
  for (const auto& d : c.doses) EXPECT_NO_THROW(load_dose(d)) << d.path;
}

}  // namespace
}  // namespace sbrt::dicom
