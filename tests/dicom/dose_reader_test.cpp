#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt::dicom {
namespace {

using test::DoseRecipe;
using test::put;
using test::TempFolder;
using ::testing::HasSubstr;

LoadedDose load(DcmDataset d, E_TransferSyntax syntax = EXS_LittleEndianImplicit) {
  TempFolder folder;
  test::save(d, folder / "rd.dcm", syntax);
  const Catalogue catalogue = scan({folder.path()});
  if (catalogue.doses.empty()) throw InputError("refused", "", catalogue.refused.at(0).reason, "");
  return load_dose(catalogue.doses[0]);
}

std::string message_of(DcmDataset d) {
  try {
    load(std::move(d));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// Origins and axes are written with ten digits.
constexpr double position_tolerance_voxels = 1e-6;

// Frame f lies at `distance(f)` along row x column; every value must be found at the point that follows from the
// header.
void expect_every_value_in_place(const DoseRecipe& r, const DoseGrid& dose,
                                 const std::function<double(int)>& distance) {
  const Grid& grid = dose.grid();
  ASSERT_EQ(grid.size(), (GridSize{r.columns, r.rows, int(r.offsets.size())}));
  EXPECT_GT(dot(cross(grid.axes().i, grid.axes().j), grid.axes().k), 0.999999);
  const PatientVec normal = cross(r.axes.i, r.axes.j);
  for (int f = 0; f < int(r.offsets.size()); ++f)
    for (int j = 0; j < r.rows; ++j)
      for (int i = 0; i < r.columns; ++i) {
        const PatientPoint p =
            r.origin + (i * r.spacing_x * r.axes.i + j * r.spacing_y * r.axes.j + distance(f) * normal);
        const VoxelPoint v = grid.to_voxel(p);
        const int a = int(std::lround(v.x)), b = int(std::lround(v.y)), c = int(std::lround(v.z));
        ASSERT_NEAR(std::abs(v.x - a) + std::abs(v.y - b) + std::abs(v.z - c), 0, position_tolerance_voxels);
        ASSERT_TRUE(a >= 0 && a < r.columns && b >= 0 && b < r.rows && c >= 0 && c < int(r.offsets.size()));
        ASSERT_EQ(dose(a, b, c), float(r.scaling * r.stored(i, j, f)));
      }
}

Axes axes_from(PatientVec i, PatientVec j) { return {i, j, cross(i, j)}; }
const double c20 = std::cos(0.35), s20 = std::sin(0.35);
const std::vector<Axes> orientations{axes_from({1, 0, 0}, {0, 1, 0}),
                                     axes_from({-1, 0, 0}, {0, -1, 0}),
                                     axes_from({-1, 0, 0}, {0, 1, 0}),
                                     axes_from({1, 0, 0}, {0, -1, 0}),
                                     axes_from({0, -1, 0}, {1, 0, 0}),
                                     axes_from({0, 1, 0}, {-1, 0, 0}),
                                     axes_from({0, 1, 0}, {1, 0, 0}),
                                     axes_from({0, -1, 0}, {-1, 0, 0}),
                                     axes_from({c20, s20, 0}, {-s20 * c20, c20* c20, -s20})};

TEST(DoseReader, PutsEveryValueWhereTheHeaderSaysInAnyOrientation) {
  for (const auto& axes : orientations)
    for (const double sign : {1.0, -1.0}) {  // descending and negative offsets are legal
      DoseRecipe r;
      r.axes = axes;
      for (double& o : r.offsets) o *= sign;
      expect_every_value_in_place(r, load(test::dose(r)).dose, [&](int f) { return r.offsets[std::size_t(f)]; });
    }
}

TEST(DoseReader, UnderstandsOffsetsThatArePatientPositions) {
  for (const double normal_z : {1.0, -1.0})
    for (const double sign : {1.0, -1.0}) {
      DoseRecipe r;
      r.axes = axes_from({1, 0, 0}, {0, normal_z, 0});
      for (double& o : r.offsets) o = r.origin.z + sign * o;
      expect_every_value_in_place(r, load(test::dose(r)).dose,
                                  [&](int f) { return normal_z * (r.offsets[std::size_t(f)] - r.origin.z); });
    }
}

TEST(DoseReader, RefusesOffsetsOfUnknownMeaning) {
  DoseRecipe r;
  r.offsets = {5, 7, 9};
  EXPECT_THAT(message_of(test::dose(r)), HasSubstr("starts with 5 mm"));
  DoseRecipe oblique;
  oblique.axes = orientations.back();
  oblique.offsets = {30, 32, 34};
  EXPECT_THAT(message_of(test::dose(oblique)), HasSubstr("neither 0 nor the z position of a transverse grid"));
}

TEST(DoseReader, ReadsEverySyntaxAndWidth) {
  DcmRLEEncoderRegistration::registerCodecs();
  for (const int bits : {16, 32})
    for (const auto syntax : {EXS_LittleEndianImplicit, EXS_LittleEndianExplicit, EXS_BigEndianExplicit,
                              EXS_DeflatedLittleEndianExplicit, EXS_RLELossless}) {
      DoseRecipe r;
      r.bits = bits;
      if (bits == 16) r.stored = [](int i, int j, int f) { return std::uint32_t(40000 + i + 10 * j + 100 * f); };
      DcmDataset d = test::dose(r);
      if (syntax == EXS_RLELossless) {
        ASSERT_TRUE(d.chooseRepresentation(syntax, nullptr).good());
      }
      if (bits == 32 && syntax == EXS_BigEndianExplicit) {
        // DCMTK swaps 16 bit words; a correct big endian file holds the high word first.
        const Uint16* words = nullptr;
        unsigned long count = 0;
        d.findAndGetUint16Array(DCM_PixelData, words, &count);
        std::vector<Uint16> swapped(words, words + count);
        for (std::size_t n = 0; n + 1 < count; n += 2) std::swap(swapped[n], swapped[n + 1]);
        d.putAndInsertUint16Array(DCM_PixelData, swapped.data(), count);
      }
      SCOPED_TRACE(std::to_string(bits) + " " + DcmXfer(syntax).getXferName());
      expect_every_value_in_place(r, load(d, syntax).dose, [&](int f) { return r.offsets[std::size_t(f)]; });
    }
}

TEST(DoseReader, AcceptsRoundedOffsetsAsRegular) {
  DoseRecipe r;
  r.offsets = {0, 2.39999999999998, 4.79999999999995, 7.2, 9.6};
  const auto loaded = load(test::dose(r));
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_DOUBLE_EQ(loaded.dose.grid().spacing_mm()[2], 2.4);
}

TEST(DoseReader, ResamplesIrregularFramesLinearly) {
  DoseRecipe r;
  r.offsets = {0, 1, 2, 5, 8};
  const auto offsets = r.offsets;
  // 0.1 Gy/mm along the normal plus a term in i: linear interpolation is exact.
  r.stored = [offsets](int i, int, int f) {
    return std::uint32_t(std::lround(1000 * offsets[std::size_t(f)])) + std::uint32_t(i);
  };
  const auto loaded = load(test::dose(r));
  ASSERT_EQ(loaded.dose.grid().size().nz, 9);
  constexpr float rounding_gy = 1e-6f;
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(loaded.dose(3, 1, k), 0.1f * float(k) + 3e-4f, rounding_gy);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].code, "irregular-frames");
}

TEST(DoseReader, ReadsAPlaneWithoutNumberOfFrames) {
  DoseRecipe r;
  r.offsets = {0};
  DcmDataset d = test::dose(r);
  d.findAndDeleteElement(DCM_NumberOfFrames);
  d.findAndDeleteElement(DCM_GridFrameOffsetVector);
  put(d, DCM_SliceThickness, "2.5");
  const auto loaded = load(d);
  EXPECT_EQ(loaded.dose.grid().size(), (GridSize{4, 3, 1}));
  EXPECT_DOUBLE_EQ(loaded.dose.grid().spacing_mm()[2], 2.5);
  EXPECT_EQ(loaded.warnings.at(0).code, "planar-dose");
}

TEST(DoseReader, KeepsRelativeDoseAndSaysSo) {
  DcmDataset d = test::dose({});
  put(d, DCM_DoseUnits, "RELATIVE");
  EXPECT_EQ(load(d).warnings.at(0).code, "relative-dose");
}

TEST(DoseReader, ReadsSignedValuesAndWarnsOfNegativeOnes) {
  DoseRecipe r;
  r.stored = [](int i, int, int) { return i == 0 ? std::uint32_t(-100) : 100u; };
  DcmDataset d = test::dose(r);
  d.putAndInsertUint16(DCM_PixelRepresentation, 1);
  const auto loaded = load(d);
  EXPECT_EQ(loaded.dose(0, 0, 0), -0.01f);
  EXPECT_EQ(loaded.warnings.at(0).code, "negative-dose");
}

TEST(DoseReader, RefusesWhatCannotBeADose) {
  using Edit = std::function<void(DcmDataset&)>;
  const std::vector<std::pair<Edit, std::string>> cases{
      {[](DcmDataset& d) { put(d, DCM_DoseGridScaling, "0"); }, "DoseGridScaling"},
      {[](DcmDataset& d) { put(d, DCM_DoseGridScaling, "nan"); }, "DoseGridScaling"},
      {[](DcmDataset& d) { put(d, DCM_DoseGridScaling, "-1"); }, "DoseGridScaling"},
      {[](DcmDataset& d) { put(d, DCM_DoseGridScaling, "1"); }, "absurd"},
      {[](DcmDataset& d) { d.findAndDeleteElement(DCM_DoseGridScaling); }, "DoseGridScaling is missing"},
      {[](DcmDataset& d) { put(d, DCM_DoseUnits, "CGY"); }, "DoseUnits is \"CGY\""},
      {[](DcmDataset& d) { put(d, DCM_DoseType, "ERROR"); }, "uncertainties"},
      {[](DcmDataset& d) { put(d, DCM_GridFrameOffsetVector, "0\\2\\4"); }, "3 values for 5 frames"},
      {[](DcmDataset& d) { put(d, DCM_GridFrameOffsetVector, "0\\2\\4\\4\\6"); }, "two frames lie at one position"},
      {[](DcmDataset& d) { put(d, DCM_GridFrameOffsetVector, "0\\2\\4\\4.001\\9999"); }, "too irregular"},
      {[](DcmDataset& d) { put(d, DCM_GridFrameOffsetVector, "0\\2\\x\\4\\6"); }, "not numbers"},
      {[](DcmDataset& d) { d.findAndDeleteElement(DCM_GridFrameOffsetVector); }, "frame positions are unknown"},
      {[](DcmDataset& d) { put(d, DCM_NumberOfFrames, "6"); }, "its pixel data have 240 bytes"},
      {[](DcmDataset& d) { put(d, DCM_NumberOfFrames, "1A"); }, "not a number of frames"},
      {[](DcmDataset& d) { put(d, DCM_PixelSpacing, "2"); }, "PixelSpacing"},
      {[](DcmDataset& d) { d.findAndDeleteElement(DCM_PixelData); }, "no pixel data"},
  };
  for (const auto& [edit, reason] : cases) {
    DcmDataset d = test::dose({});
    edit(d);
    EXPECT_THAT(message_of(d), HasSubstr(reason));
  }
}

}  // namespace
}  // namespace sbrt::dicom
