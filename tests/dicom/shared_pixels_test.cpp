// Pixels of real compressed slices (../shared/data/dicom). Expected values are pydicom's unless said otherwise.
#include "dicom/detail/dataset.h"
#include "dicom/detail/pixel_decoder.h"
#include "dicom/import.h"
#include "tests/dicom/dicom_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

namespace sbrt::dicom {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

const fs::path data = fs::path(SBRT_SHARED_DIR) / "data/dicom";

std::vector<double> hounsfield(const fs::path& file) {
  const auto parsed = detail::parse_file(file, detail::ValueLoading::complete);
  if (!parsed.file) throw std::runtime_error(parsed.refusal);
  std::string refusal;
  const auto format = detail::pixel_format_of(parsed.dataset(), refusal);
  if (!refusal.empty()) throw std::runtime_error(refusal);
  const double slope = *detail::number(parsed.dataset(), DCM_RescaleSlope);
  const double intercept = *detail::number(parsed.dataset(), DCM_RescaleIntercept);
  std::vector<double> hu;
  for (const auto v : detail::decode_pixels(parsed.dataset(), format, file.string()))
    hu.push_back(v * slope + intercept);
  return hu;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / double(values.size());
}

TEST(SharedCompressedCt, FifteenTransferSyntaxesGiveTheSameHounsfieldUnits) {
  const auto reference = hounsfield(data / "compressed_ct/CTImage.dcm");
  EXPECT_NEAR(mean(reference), -949.076, 5e-4);  // GDCM's and DCMTK's mean, three decimals
  int same = 0, near = 0;
  for (const auto& entry : fs::directory_iterator(data / "compressed_ct")) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("CTImage.dcm_", 0) != 0) continue;
    SCOPED_TRACE(name);
    const auto hu = hounsfield(entry.path());
    ASSERT_EQ(hu.size(), reference.size());
    const bool lossy = name.find("Lossy") != std::string::npos || name.find("JPEG2000Transfer") != std::string::npos ||
                       name.find("Process1T") != std::string::npos || name.find("Process2_4") != std::string::npos ||
                       name.find("Process6_8") != std::string::npos || name.find("Process10_12") != std::string::npos;
    if (!lossy) {
      EXPECT_EQ(hu, reference);
      ++same;
    } else {
      // Eight bits over 8000 HU are steps of 32 HU, so the mean stays within one step.
      EXPECT_NEAR(mean(hu), mean(reference), 32);
      ++near;
    }
    const Catalogue c = scan({entry.path()});
    ASSERT_EQ(c.ct_series.size(), 1u);
    EXPECT_EQ(c.ct_series[0].refusal.find("compressed with loss") != std::string::npos, lossy);
  }
  EXPECT_EQ(same, 9);
  EXPECT_EQ(near, 6);
}

TEST(SharedCompressedCt, Jpeg2000EqualsTheUncompressedOriginals) {
  EXPECT_EQ(hounsfield(data / "odd/pydicom-data/693_J2KR.dcm"), hounsfield(data / "odd/pydicom-data/693_UNCR.dcm"));
  EXPECT_EQ(hounsfield(data / "compressed_ct/CT1_J2KR"), hounsfield(data / "odd/fo/D_CLUNIE_CT1_RLE_FRAGS.dcm"));
}

TEST(SharedCompressedCt, DamagedCodestreamsNeverCrash) {
  const std::vector<std::string> names{"JPEG2000LosslessOnly", "JPEGProcess14SV1", "JPEGLSLossless", "RLELossless"};
  int decoded = 0, refused = 0;
  for (const auto& entry : fs::directory_iterator(data / "compressed_ct")) {
    const std::string name = entry.path().filename().string();
    if (std::none_of(names.begin(), names.end(), [&](const auto& n) { return name.find(n) != std::string::npos; }))
      continue;
    const std::string sound = test::bytes_of(entry.path());
    constexpr unsigned trials = 10;
    for (unsigned seed = 0; seed < trials; ++seed) {
      std::mt19937 random(seed);
      std::string bytes = sound;
      // The first kilobytes behind the header hold the codestream's own header, where damage does most.
      for (int n = 0; n < 6; ++n) bytes[1500 + random() % (n < 3 ? 1500 : bytes.size() - 1500)] = char(random() % 256);
      TempFolder folder;
      test::write_bytes(folder / "slice", bytes);
      try {
        hounsfield(folder / "slice");
        ++decoded;
      } catch (const std::exception& error) {
        EXPECT_STRNE(error.what(), "");
        ++refused;
      }
    }
  }
  EXPECT_GT(decoded, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace sbrt::dicom
