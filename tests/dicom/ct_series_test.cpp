#include "dicom/import.h"
#include "tests/dicom/dicom_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt::dicom {
namespace {

using test::CtRecipe;
using test::put;
using test::TempFolder;
using ::testing::HasSubstr;

using Edit = std::function<bool(DcmDataset&, int)>;

Catalogue catalogue_of(const CtRecipe& recipe, const Edit& edit = {}) {
  TempFolder folder;
  test::write_ct_files(recipe, folder.path(), edit);
  return scan({folder.path()});
}

std::string refusal_of(const CtRecipe& recipe, const Edit& edit = {}) {
  const Catalogue catalogue = catalogue_of(recipe, edit);
  EXPECT_EQ(catalogue.ct_series.size(), 1u);
  return catalogue.ct_series.empty() ? "no series" : catalogue.ct_series[0].refusal;
}

CtRecipe with_positions(std::vector<double> positions_mm) {
  CtRecipe r;
  r.positions_mm = std::move(positions_mm);
  return r;
}

TEST(CtSeries, IsDescribedAndSortedAlongTheNormal) {
  CtRecipe r;
  r.axes = {{1, 0, 0}, {0, -1, 0}, {0, 0, -1}};
  const Catalogue catalogue = catalogue_of(r);
  ASSERT_EQ(catalogue.ct_series.size(), 1u);
  const CtSeries& s = catalogue.ct_series[0];
  EXPECT_EQ(s.refusal, "");
  EXPECT_EQ(s.series_instance_uid, "1.2.3.20");
  EXPECT_EQ(s.frame_of_reference_uid, "1.2.3.30");
  EXPECT_EQ(s.patient_study.patient_id, "P1");
  EXPECT_EQ(s.patient_study.study_date, "20200102");
  EXPECT_EQ(s.rows, 5);
  EXPECT_EQ(s.columns, 7);
  EXPECT_DOUBLE_EQ(s.pixel_spacing_mm[0], 0.8);
  EXPECT_DOUBLE_EQ(s.pixel_spacing_mm[1], 1.3);
  EXPECT_DOUBLE_EQ(s.slice_spacing_mm, 2);
  ASSERT_EQ(s.slices.size(), 6u);
  for (std::size_t k = 0; k < 6; ++k) EXPECT_EQ(s.slices[k].reference.sop_instance_uid, r.instance_uid(int(k)));
  EXPECT_LT(s.slices[5].position.z, s.slices[0].position.z);
}

TEST(CtSeries, RefusesMissingSlices) {
  EXPECT_THAT(refusal_of(with_positions({0, 2, 4, 8, 10, 12})),
              HasSubstr("missing slices: a gap of 4 mm after slice 3"));
  EXPECT_THAT(refusal_of(with_positions({0, 2, 4, 6, 18, 20, 22})), HasSubstr("missing slices: a gap of 12 mm"));
  EXPECT_THAT(refusal_of(with_positions({0, 2, 4, 6, 10})), HasSubstr("missing slices"));  // last but one
  EXPECT_THAT(refusal_of(with_positions({0, 4, 6, 8, 10})), HasSubstr("missing slices"));  // second
  EXPECT_THAT(refusal_of(with_positions({0, 2, 4, 6, 10, 14, 16, 18, 20})),
              HasSubstr("missing slices"));  // two holes in a row
  // A hole in the coarse part of a series of two spacings.
  EXPECT_THAT(refusal_of(with_positions({0, 1, 2, 3, 4, 7, 10, 13, 19, 22, 25, 28})), HasSubstr("missing slices"));
}

TEST(CtSeries, AcceptsOtherIrregularSpacingForResampling) {
  const std::vector<std::vector<double>> cases{
      {0, 1, 2, 3, 6, 9, 12, 15},  // fine then coarse: two spacings, no hole
      {0, 5, 10, 15, 17, 22, 27},  // one slice closer
      {0, 2, 4.9, 7, 9, 11},       // one slice shifted
      {0, 2, 4, 6, 9, 11, 13},     // a gap of one and a half
  };
  for (const auto& positions : cases) {
    const Catalogue catalogue = catalogue_of(with_positions(positions));
    ASSERT_EQ(catalogue.ct_series.size(), 1u);
    const CtSeries& s = catalogue.ct_series[0];
    EXPECT_EQ(s.refusal, "");
    ASSERT_EQ(s.warnings.size(), 1u);
    EXPECT_EQ(s.warnings[0].code, "irregular-slices");
    double smallest = 1e9;
    for (std::size_t n = 1; n < positions.size(); ++n) smallest = std::min(smallest, positions[n] - positions[n - 1]);
    EXPECT_LE(s.slice_spacing_mm, smallest + 1e-9);
    const double planes = (positions.back() - positions.front()) / s.slice_spacing_mm;
    EXPECT_NEAR(planes, std::round(planes), 1e-6) << "the last slice is a plane of the grid";
  }
}

TEST(CtSeries, ToleratesRoundedPositions) {
  // A spacing of 0.625 mm written with one decimal.
  const auto s = catalogue_of(with_positions({0, 0.6, 1.2, 1.9, 2.5, 3.1, 3.8})).ct_series.at(0);
  EXPECT_EQ(s.refusal, "");
  EXPECT_TRUE(s.warnings.empty());
  EXPECT_NEAR(s.slice_spacing_mm, 3.8 / 6, 1e-12);
}

TEST(CtSeries, RefusesDuplicatePositions) {
  EXPECT_THAT(refusal_of(with_positions({0, 2, 2, 4, 6})), HasSubstr("duplicate positions: 1 of 5 slices"));
  EXPECT_THAT(refusal_of(with_positions({0, 0, 0})), HasSubstr("all slices lie at one position"));
}

TEST(CtSeries, RefusesGantryTiltWithItsAngle) {
  const double angle = 15 * 3.14159265358979323846 / 180;
  const PatientVec couch{0, 0, 1};
  CtRecipe r;
  r.axes.j = {0, std::cos(angle), std::sin(angle)};
  r.axes.k = cross(r.axes.i, r.axes.j);
  const auto refusal = refusal_of(r, [&](DcmDataset& d, int k) {
    const PatientPoint p = r.origin + (2.5 * k) * couch;
    put(d, DCM_ImagePositionPatient, test::joined({p.x, p.y, p.z}));
    return true;
  });
  EXPECT_THAT(refusal, HasSubstr("gantry tilt of 15.0 degrees"));
}

TEST(CtSeries, RefusesSlicesShiftedSideways) {
  CtRecipe r;
  EXPECT_THAT(refusal_of(r,
                         [&](DcmDataset& d, int k) {
                           PatientPoint p = r.slice_origin(k);
                           if (k == 3) p.x += 0.5;
                           put(d, DCM_ImagePositionPatient, test::joined({p.x, p.y, p.z}));
                           return true;
                         }),
              HasSubstr("shifted sideways against each other by up to 0.5 mm"));
}

TEST(CtSeries, RefusesOneSlice) { EXPECT_THAT(refusal_of(with_positions({0})), HasSubstr("one slice only")); }

TEST(CtSeries, RefusesMissingFrameOfReference) {
  CtRecipe r;
  r.frame_uid.clear();
  EXPECT_THAT(refusal_of(r), HasSubstr("FrameOfReferenceUID is missing"));
}

TEST(CtSeries, RefusesUnknownOrMixedRescale) {
  const CtRecipe r;
  EXPECT_THAT(refusal_of(r, [](DcmDataset& d, int) { return d.findAndDeleteElement(DCM_RescaleSlope).good(); }),
              HasSubstr("not known to be HU"));
  EXPECT_THAT(refusal_of(r,
                         [](DcmDataset& d, int) {
                           put(d, DCM_RescaleType, "ED");
                           return true;
                         }),
              HasSubstr("RescaleType is ED"));
  EXPECT_THAT(refusal_of(r,
                         [](DcmDataset& d, int k) {
                           if (k == 2) put(d, DCM_RescaleType, "US");
                           return true;
                         }),
              HasSubstr("mixed rescale types"));
}

TEST(CtSeries, RefusesLossyCompressionHistory) {
  EXPECT_THAT(refusal_of(CtRecipe{},
                         [](DcmDataset& d, int k) {
                           if (k == 4) put(d, DCM_LossyImageCompression, "01");
                           return true;
                         }),
              HasSubstr("compressed with loss"));
}

TEST(CtSeries, RefusesDifferentPatientsInOneSeries) {
  EXPECT_THAT(refusal_of(CtRecipe{},
                         [](DcmDataset& d, int k) {
                           if (k == 4) put(d, DCM_PatientID, "P2");
                           return true;
                         }),
              HasSubstr("different patients"));
}

TEST(CtSeries, RefusesTwoStacksOfDifferentOrientationInOneSeries) {
  const Catalogue catalogue = catalogue_of(CtRecipe{}, [](DcmDataset& d, int k) {
    if (k >= 3) put(d, DCM_ImageOrientationPatient, "0\\1\\0\\0\\0\\-1");
    return true;
  });
  ASSERT_EQ(catalogue.ct_series.size(), 2u);
  for (const auto& s : catalogue.ct_series) EXPECT_THAT(s.refusal, HasSubstr("mixed orientations in one series"));
}

TEST(CtSeries, LeavesOutLocalizersAndStrayImages) {
  CtRecipe r = with_positions({0, 2, 4, 6, 8, 10, 12});
  const Catalogue catalogue = catalogue_of(r, [](DcmDataset& d, int k) {
    if (k == 5) put(d, DCM_ImageType, "ORIGINAL\\PRIMARY\\LOCALIZER");
    if (k == 6) put(d, DCM_ImageOrientationPatient, "0\\1\\0\\0\\0\\-1");
    return true;
  });
  ASSERT_EQ(catalogue.ct_series.size(), 1u);
  EXPECT_EQ(catalogue.ct_series[0].slices.size(), 5u);
  EXPECT_EQ(catalogue.ct_series[0].refusal, "");
  ASSERT_EQ(catalogue.refused.size(), 2u);
  const std::string reasons = catalogue.refused[0].reason + catalogue.refused[1].reason;
  EXPECT_THAT(reasons, HasSubstr("localizer image"));
  EXPECT_THAT(reasons, HasSubstr("stray image of a CT series (mixed orientations with the other 5 slices)"));
}

TEST(CtSeries, RefusesImagesWithoutGeometryOrWithAbsurdOne) {
  const std::vector<std::pair<Edit, std::string>> cases{
      {[](DcmDataset& d, int) { return d.findAndDeleteElement(DCM_PixelSpacing).good(); }, "PixelSpacing is missing"},
      {[](DcmDataset& d, int) { return d.findAndDeleteElement(DCM_ImagePositionPatient).good(); },
       "ImagePositionPatient is missing"},
      {[](DcmDataset& d, int) { return d.findAndDeleteElement(DCM_ImageOrientationPatient).good(); },
       "ImageOrientationPatient is missing"},
      {[](DcmDataset& d, int) {
         put(d, DCM_PixelSpacing, "0\\1");
         return true;
       },
       "PixelSpacing 0 mm is absurd"},
      {[](DcmDataset& d, int) {
         put(d, DCM_PixelSpacing, "nan\\1");
         return true;
       },
       "PixelSpacing is missing or not two numbers"},
      {[](DcmDataset& d, int) {
         put(d, DCM_ImagePositionPatient, "1e9\\0\\0");
         return true;
       },
       "is absurd"},
      {[](DcmDataset& d, int) {
         put(d, DCM_ImageOrientationPatient, "1\\0\\0\\1\\0\\0");
         return true;
       },
       "not two perpendicular unit vectors"},
      {[](DcmDataset& d, int) {
         put(d, DCM_RescaleSlope, "0");
         return true;
       },
       "absurd"},
      {[](DcmDataset& d, int) {
         d.putAndInsertUint16(DCM_Rows, 6);
         return true;
       },
       "its pixel data have 70 bytes"},
      {[](DcmDataset& d, int) { return d.findAndDeleteElement(DCM_PixelData).good(); }, "no pixel data"},
      {[](DcmDataset& d, int) {
         put(d, DCM_NumberOfFrames, "2");
         d.putAndInsertUint16(DCM_Columns, 0);
         return true;
       },
       "out of range"},
      {[](DcmDataset& d, int) {
         put(d, DCM_PhotometricInterpretation, "RGB");
         return true;
       },
       "RGB"},
      {[](DcmDataset& d, int) {
         put(d, DCM_SOPClassUID, UID_EnhancedCTImageStorage);
         return true;
       },
       "enhanced multi-frame CT"},
  };
  for (const auto& [edit, reason] : cases) {
    const Catalogue catalogue = catalogue_of(with_positions({0, 2, 4}), edit);
    EXPECT_TRUE(catalogue.ct_series.empty()) << reason;
    ASSERT_EQ(catalogue.refused.size(), 3u) << reason;
    EXPECT_THAT(catalogue.refused[0].reason, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace sbrt::dicom
