#include "dicom/import.h"
#include "geometry/parallel.h"
#include "tests/dicom/dicom_builder.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt::dicom {
namespace {

using test::CtRecipe;
using test::TempFolder;
using ::testing::HasSubstr;

LoadedCt load_only(const std::filesystem::path& folder) {
  const Catalogue catalogue = scan({folder});
  EXPECT_EQ(catalogue.ct_series.size(), 1u);
  for (const auto& r : catalogue.refused) ADD_FAILURE() << r.path << ": " << r.reason;
  EXPECT_EQ(catalogue.ct_series.at(0).refusal, "");
  return load_ct(catalogue.ct_series.at(0));
}

// Positions are written with ten digits and axes with ten: 1e-7 mm over these images.
constexpr double position_tolerance_voxels = 1e-6;

// Every stored value is found at the patient point that PS3.3 equation C.7.6.2.1-1 gives for its pixel.
void expect_every_pixel_in_place(const CtRecipe& r, const CtImage& image) {
  const Grid& grid = image.grid();
  ASSERT_EQ(grid.size(), (GridSize{r.columns, r.rows, int(r.positions_mm.size())}));
  EXPECT_GT(dot(cross(grid.axes().i, grid.axes().j), grid.axes().k), 0.999999);
  for (int k = 0; k < int(r.positions_mm.size()); ++k)
    for (int j = 0; j < r.rows; ++j)
      for (int i = 0; i < r.columns; ++i) {
        const PatientPoint p = r.slice_origin(k) + (i * r.spacing_x * r.axes.i + j * r.spacing_y * r.axes.j);
        const VoxelPoint v = grid.to_voxel(p);
        const int a = int(std::lround(v.x)), b = int(std::lround(v.y)), c = int(std::lround(v.z));
        ASSERT_NEAR(std::abs(v.x - a) + std::abs(v.y - b) + std::abs(v.z - c), 0, position_tolerance_voxels);
        ASSERT_TRUE(a >= 0 && a < r.columns && b >= 0 && b < r.rows && c >= 0 && c < int(r.positions_mm.size()));
        ASSERT_EQ(image(a, b, c), float(r.stored(i, j, k) - 1024)) << i << " " << j << " " << k;
      }
}

Axes axes_from(PatientVec i, PatientVec j) { return {i, j, cross(i, j)}; }

struct Orientation {
  const char* name;
  Axes axes;
};

class CtOrientation : public ::testing::TestWithParam<Orientation> {};

TEST_P(CtOrientation, PutsEveryPixelWhereTheHeaderSays) {
  for (const bool descending : {false, true}) {
    TempFolder folder;
    CtRecipe r;
    r.axes = GetParam().axes;
    if (descending) std::reverse(r.positions_mm.begin(), r.positions_mm.end());
    test::write_ct_files(r, folder.path());
    expect_every_pixel_in_place(r, load_only(folder.path()).image);
  }
}

const double c20 = std::cos(0.35), s20 = std::sin(0.35);
INSTANTIATE_TEST_SUITE_P(
    AllPatientPositions, CtOrientation,
    ::testing::Values(
        Orientation{"HFS", axes_from({1, 0, 0}, {0, 1, 0})}, Orientation{"HFP", axes_from({-1, 0, 0}, {0, -1, 0})},
        Orientation{"FFS", axes_from({-1, 0, 0}, {0, 1, 0})}, Orientation{"FFP", axes_from({1, 0, 0}, {0, -1, 0})},
        Orientation{"HFDL", axes_from({0, -1, 0}, {1, 0, 0})}, Orientation{"HFDR", axes_from({0, 1, 0}, {-1, 0, 0})},
        Orientation{"FFDL", axes_from({0, 1, 0}, {1, 0, 0})}, Orientation{"FFDR", axes_from({0, -1, 0}, {-1, 0, 0})},
        Orientation{"Sagittal", axes_from({0, 1, 0}, {0, 0, -1})},
        Orientation{"Noise", axes_from({1, -1.224647e-16, 0}, {1.224647e-16, 1, 0})},
        Orientation{"Oblique", axes_from({c20, s20, 0}, {-s20 * c20, c20* c20, -s20})}),
    [](const auto& tested) { return tested.param.name; });

TEST(CtReader, AppliesTheRescaleOfEachSliceWithFractionalSlopes) {
  TempFolder folder;
  CtRecipe r;
  r.slopes = {0.5, 1, 2, 0.01526, 1.25, 3};
  r.intercepts = {-1024, -1000, -100.5, -20, 0, 7};
  r.stored = [](int i, int j, int k) { return 10 * i + 100 * j + k; };
  test::write_ct_files(r, folder.path());
  const CtImage image = load_only(folder.path()).image;
  for (int k = 0; k < 6; ++k)
    for (int j = 0; j < r.rows; ++j)
      for (int i = 0; i < r.columns; ++i)
        ASSERT_EQ(image(i, j, k), float(r.stored(i, j, k) * r.slopes[std::size_t(k)] + r.intercepts[std::size_t(k)]));
}

TEST(CtReader, ReadsSignedTwelveBitsAndRemovesOverlayBits) {
  TempFolder folder;
  CtRecipe r;
  r.bits_stored = 12;
  r.intercepts = {0};
  r.stored = [](int i, int j, int k) { return -900 + i + 10 * j + 100 * k; };
  test::write_ct_files(r, folder.path(), [](DcmDataset& d, int) {
    const Uint16* pixels = nullptr;
    unsigned long count = 0;
    d.findAndGetUint16Array(DCM_PixelData, pixels, &count);
    std::vector<Uint16> with_overlay(pixels, pixels + count);
    for (std::size_t n = 0; n < count; n += 3) with_overlay[n] |= 0x8000;  // an overlay plane in the highest bit
    d.putAndInsertUint16Array(DCM_PixelData, with_overlay.data(), count);
    return true;
  });
  const CtImage image = load_only(folder.path()).image;
  for (int k = 0; k < 6; ++k)
    for (int j = 0; j < r.rows; ++j)
      for (int i = 0; i < r.columns; ++i) ASSERT_EQ(image(i, j, k), float(r.stored(i, j, k)));
}

TEST(CtReader, ReadsUnsignedPixels) {
  TempFolder folder;
  CtRecipe r;
  r.is_signed = false;
  r.stored = [](int i, int j, int k) { return 40000 + i + 10 * j + 100 * k; };
  r.intercepts = {-40000};
  test::write_ct_files(r, folder.path());
  EXPECT_EQ(load_only(folder.path()).image(2, 3, 4), 432.0f);
}

class CtSyntax : public ::testing::TestWithParam<E_TransferSyntax> {};

TEST_P(CtSyntax, GivesTheSameHounsfieldUnits) {
  DcmRLEEncoderRegistration::registerCodecs();
  TempFolder folder;
  CtRecipe r;
  test::write_ct_files(
      r, folder.path(),
      [](DcmDataset& d, int) {
        return d.chooseRepresentation(GetParam(), nullptr).good() && d.canWriteXfer(GetParam());
      },
      GetParam());
  expect_every_pixel_in_place(r, load_only(folder.path()).image);
}

INSTANTIATE_TEST_SUITE_P(WithoutLoss, CtSyntax,
                         ::testing::Values(EXS_LittleEndianImplicit, EXS_LittleEndianExplicit, EXS_BigEndianExplicit,
                                           EXS_DeflatedLittleEndianExplicit, EXS_RLELossless),
                         [](const auto& tested) {
                           std::string name = DcmXfer(tested.param).getXferName();
                           std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return name;
                         });

TEST(CtReader, ResamplesIrregularSlicesLinearlyAndSaysSo) {
  TempFolder folder;
  CtRecipe r;
  // Two spacings; HU grow linearly along the normal, which linear interpolation reproduces and averaging does not.
  r.positions_mm = {0, 1, 2, 3, 4.5, 6, 7.5, 9};
  r.intercepts = {0};
  const auto positions = r.positions_mm;
  r.stored = [positions](int i, int, int k) { return int(std::lround(100 * positions[std::size_t(k)])) + i; };
  test::write_ct_files(r, folder.path());
  const LoadedCt ct = load_only(folder.path());
  EXPECT_EQ(ct.image.grid().size().nz, 10);
  EXPECT_DOUBLE_EQ(ct.image.grid().spacing_mm()[2], 1.0);
  constexpr float rounding_hu = 1e-3f;  // float at 1000 HU
  for (int k = 0; k < 10; ++k) EXPECT_NEAR(ct.image(3, 2, k), 100.0f * float(k) + 3, rounding_hu);
  ASSERT_EQ(ct.warnings.size(), 1u);
  EXPECT_EQ(ct.warnings[0].code, "irregular-slices");
}

TEST(CtReader, SetsPaddingToVacuumAndCountsIt) {
  TempFolder folder;
  CtRecipe r;
  r.stored = [](int i, int, int k) { return i == 0 ? -2000 : i == 1 && k == 0 ? -5 : 1024; };
  test::write_ct_files(r, folder.path(), [](DcmDataset& d, int) {
    d.putAndInsertString(DCM_PixelPaddingValue, "63536");  // -2000 written unsigned, as found in real files
    return true;
  });
  const LoadedCt ct = load_only(folder.path());
  EXPECT_EQ(ct.image(0, 2, 3), -1024.0f);
  EXPECT_EQ(ct.image(1, 2, 0), -1024.0f);
  EXPECT_EQ(ct.image(2, 2, 3), 0.0f);
  ASSERT_EQ(ct.warnings.size(), 1u);
  EXPECT_EQ(ct.warnings[0].code, "padding-clamped");
  EXPECT_THAT(ct.warnings[0].text, HasSubstr("35 voxels"));  // 5 rows x (6 slices + 1)
}

TEST(CtReader, ReplacesPaddingBrighterThanTissueButKeepsTissue) {
  TempFolder folder;
  CtRecipe r;
  r.stored = [](int i, int, int) { return i == 0 ? 32767 : 1024; };
  test::write_ct_files(r, folder.path(), [](DcmDataset& d, int) {
    d.putAndInsertSint16(DCM_PixelPaddingValue, 32767);
    return true;
  });
  EXPECT_EQ(load_only(folder.path()).image(0, 1, 1), -1024.0f);

  TempFolder water;  // a padding value that is water would turn water into air
  test::write_ct_files(r, water.path(), [](DcmDataset& d, int) {
    d.putAndInsertSint16(DCM_PixelPaddingValue, 1024);
    return true;
  });
  const LoadedCt ct = load_only(water.path());
  EXPECT_EQ(ct.image(1, 1, 1), 0.0f);
  EXPECT_EQ(ct.warnings.at(0).code, "padding-kept");
}

TEST(CtReader, GivesTheSameBytesForAnyThreadCount) {
  TempFolder folder;
  test::write_ct_files(CtRecipe{}, folder.path());
  const int before = thread_count();
  set_thread_count(1);
  const auto one = load_only(folder.path()).image;
  set_thread_count(3);
  const auto three = load_only(folder.path()).image;
  set_thread_count(before);
  EXPECT_EQ(one.values(), three.values());
  EXPECT_EQ(one.grid(), three.grid());
}

TEST(CtReader, NamesTheFileThatChangedAfterTheScan) {
  TempFolder folder;
  CtRecipe r;
  test::write_ct_files(r, folder.path());
  const Catalogue catalogue = scan({folder.path()});
  const auto victim = catalogue.ct_series.at(0).slices.at(2).path;
  const std::string bytes = test::bytes_of(victim);
  test::write_bytes(victim, bytes.substr(0, bytes.size() - 20));
  try {
    load_ct(catalogue.ct_series[0]);
    FAIL() << "loaded a truncated slice";
  } catch (const InputError& error) {
    EXPECT_THAT(error.where(), HasSubstr(victim.filename().string()));
    EXPECT_THAT(error.why(), HasSubstr("truncated"));
  }
}

TEST(CtReader, StopsWhenTheUserCancels) {
  class Cancelling final : public Progress {
   public:
    void begin(std::string_view, std::int64_t) override {}
    void advance(std::int64_t) override { throw Cancelled(); }
    void end() override {}
  } cancelling;
  TempFolder folder;
  test::write_ct_files(CtRecipe{}, folder.path());
  const Catalogue catalogue = scan({folder.path()});
  EXPECT_THROW(load_ct(catalogue.ct_series.at(0), cancelling), Cancelled);
  EXPECT_THROW(scan({folder.path()}, cancelling), Cancelled);
}

}  // namespace
}  // namespace sbrt::dicom
