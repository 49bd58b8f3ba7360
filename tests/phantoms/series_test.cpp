#include "phantoms/series.h"

#include "dicom/import.h"
#include "phantoms/archived_plan.h"
#include "tests/dicom/export_fixture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sbrt::phantoms {
namespace {

using namespace dicom::test;
using WriteSeries = WriteTest;

std::vector<SeriesLesion> all_lesions(const Series& series) {
  std::vector<SeriesLesion> all;
  for (const SeriesStudy& study : series.studies) all.insert(all.end(), study.lesions.begin(), study.lesions.end());
  return all;
}

TEST(Series, HoldsThePublishedCounts) {
  const Series series = plan_series();
  const std::vector<SeriesLesion> lesions = all_lesions(series);
  ASSERT_EQ(lesions.size(), 58u);
  std::set<int> patients;
  for (const SeriesStudy& study : series.studies) patients.insert(study.patient);
  EXPECT_EQ(patients.size(), 37u);

  std::map<Site, int> sites;
  std::map<std::string, int> schedules;
  std::vector<double> sizes;
  for (const SeriesLesion& l : lesions) {
    ++sites[l.site];
    sizes.push_back(l.form.largest_diameter_mm());
    EXPECT_GE(l.dose_gy, 30);
    EXPECT_LE(l.dose_gy, 75);
    EXPECT_GE(l.fractions, 2);
    EXPECT_LE(l.fractions, 10);
    const auto is = [&](double low, double high, int least, int most) {
      return l.dose_gy >= low && l.dose_gy <= high && l.fractions >= least && l.fractions <= most;
    };
    ++schedules[is(30, 30, 3, 3)   ? "30/3"
                : is(45, 48, 3, 4) ? "45-48/3-4"
                : is(54, 60, 3, 3) ? "54-60/3"
                : is(40, 40, 5, 5) ? "40/5"
                : is(45, 45, 5, 5) ? "45/5"
                : is(50, 50, 5, 5) ? "50/5"
                                   : "other"];
  }
  EXPECT_EQ(sites, (std::map<Site, int>{{Site::lung, 17},
                                        {Site::chest, 5},
                                        {Site::abdomen_pelvis, 18},
                                        {Site::vertebra, 10},
                                        {Site::head_and_neck, 6},
                                        {Site::limb, 2}}));
  EXPECT_EQ(
      schedules,
      (std::map<std::string, int>{
          {"30/3", 8}, {"45-48/3-4", 4}, {"54-60/3", 3}, {"40/5", 5}, {"45/5", 11}, {"50/5", 15}, {"other", 12}}));
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes.front(), 16);
  EXPECT_EQ(sizes.back(), 200);
  EXPECT_EQ((sizes[28] + sizes[29]) / 2, 55);
  EXPECT_EQ(std::count_if(sizes.begin(), sizes.end(), [](double d) { return d <= 50; }), 26);
}

TEST(Series, ArchivedPlansSpanThePublishedIsodosesAndCoverages) {
  std::vector<double> isodoses;
  for (const SeriesLesion& l : all_lesions(plan_series())) {
    isodoses.push_back(l.archived.isodose_pct);
    EXPECT_GT(l.archived.coverage_pct, 47.8);
    EXPECT_LT(l.archived.coverage_pct, 99.76);
    EXPECT_GE(l.archived.ci, 1 - 1e-9);
    EXPECT_LE(l.archived.ci, 2.78);
    EXPECT_LT(l.archived.slope, l.archived.level);  // the isodose goes round the centre
  }
  EXPECT_GE(*std::min_element(isodoses.begin(), isodoses.end()), 55);
  EXPECT_LE(*std::max_element(isodoses.begin(), isodoses.end()), 88);
}

TEST(Series, EverySeedFindsPlaces) {
  for (std::uint64_t seed = 2; seed < 6; ++seed) EXPECT_EQ(all_lesions(plan_series(seed)).size(), 58u) << seed;
}

TEST(Series, SeedsDifferAndRepeat) {
  EXPECT_EQ(series_listing(plan_series(3)), series_listing(plan_series(3)));
  EXPECT_NE(series_listing(plan_series(3)), series_listing(plan_series(4)));
}

TEST(Series, EndsOfTheLongAxisLieOnSlices) {
  constexpr double slice_mm = 3;
  for (const SeriesLesion& l : all_lesions(plan_series())) {
    const double end = l.form.centre.z + l.form.semi_axes_mm.x * l.form.axes[0].z;
    EXPECT_NEAR(end / slice_mm, std::round(end / slice_mm), 1e-9) << l.number;
    EXPECT_NEAR(l.form.centre.z / slice_mm, std::round(l.form.centre.z / slice_mm), 1e-9) << l.number;
  }
}

TEST(ArchivedDose, CoverageAndConformityAreThoseOfTheSampledDose) {
  const Series series = plan_series();
  for (const int number : {1, 21, 40}) {
    const std::vector<SeriesLesion> lesions = all_lesions(series);
    const SeriesLesion& l = lesions[std::size_t(number - 1)];
    const LobedEllipsoid ptv = l.form.grown(series_margin_mm);
    double inside = 0, covered = 0, dosed = 0;
    constexpr int steps = 80;
    const auto at = [](int n) { return 1.6 * (2 * (n + 0.5) / steps - 1); };  // in semi-axes
    const PatientVec semi = ptv.semi_axes_mm;
    for (int i = 0; i < steps; ++i)
      for (int j = 0; j < steps; ++j)
        for (int k = 0; k < steps; ++k) {
          const PatientPoint p =
              ptv.centre + at(i) * semi.x * ptv.axes[0] + at(j) * semi.y * ptv.axes[1] + at(k) * semi.z * ptv.axes[2];
          const bool in = ptv.place_of(p).gauge <= 1;
          const bool high = archived_dose_gy(l.archived, ptv, l.dose_gy, p) >= l.dose_gy;
          inside += in;
          covered += in && high;
          dosed += high;
        }
    // 65000 points inside, 8000 cells at a surface, each wrong by up to half at random: below 0.1 %.
    constexpr double counting = 2e-3;
    EXPECT_NEAR(100 * covered / inside, l.archived.coverage_pct, 100 * counting) << number;
    EXPECT_NEAR(dosed / covered, l.archived.ci, 2 * counting * l.archived.ci) << number;
    EXPECT_NEAR(archived_dose_gy(l.archived, ptv, l.dose_gy, ptv.centre), 100 * l.dose_gy / l.archived.isodose_pct,
                1e-9);
  }
}

TEST_F(WriteSeries, TwoPatientsReadBack) {
  SeriesOptions options;
  options.patients = 2;
  const Series series = write_series(options, this_program(), folder / "s");
  ASSERT_EQ(series.studies.size(), 2u);
  for (const SeriesStudy& study : series.studies) {
    const SeriesLesion& lesion = study.lesions[0];
    const dicom::Catalogue found = dicom::scan({folder / "s" / study.folder()});
    EXPECT_TRUE(found.refused.empty());
    ASSERT_EQ(found.ct_series.size(), 1u);
    EXPECT_EQ(found.ct_series[0].refusal, "");
    EXPECT_EQ(found.ct_series[0].body_part_examined, "LUNG");
    EXPECT_EQ(found.ct_series[0].patient_study.patient_id, study.patient_id());
    ASSERT_EQ(found.plans.size(), 1u);
    EXPECT_EQ(found.plans[0].prescription_dose_gy, lesion.dose_gy);
    EXPECT_EQ(found.plans[0].fractions, lesion.fractions);
    EXPECT_EQ(int(found.plans[0].beams.size()), lesion.archived.beams);

    const dicom::StructureFile& file = dicom::choose_structures(found);
    const StructureSet structures = dicom::load_structures(file).structures;
    ASSERT_NE(structures.body(), nullptr);
    double largest = 0;
    std::vector<PatientPoint> points;
    for (const Contour& contour : structures.at("GTV").contours)
      points.insert(points.end(), contour.points.begin(), contour.points.end());
    for (const PatientPoint a : points)
      for (const PatientPoint b : points) largest = std::max(largest, distance(a, b));
    constexpr double drawn = 0.05;  // [mm] polygons within 0.01 mm of the surface, both ends on slices
    EXPECT_NEAR(largest, lesion.form.largest_diameter_mm(), drawn);

    const DoseGrid dose = dicom::load_dose(dicom::choose_dose(found, file)).dose;
    EXPECT_EQ(found.doses[0].referenced_plan_uid, found.plans[0].reference.sop_instance_uid);
    const double maximum = 100 * lesion.dose_gy / lesion.archived.isodose_pct;
    double worst = 0;
    for (int k = 0; k < dose.grid().size().nz; k += 5)
      for (int j = 0; j < dose.grid().size().ny; j += 5)
        for (int i = 0; i < dose.grid().size().nx; i += 5)
          worst = std::max(
              worst, std::abs(double(dose(i, j, k)) - archived_dose_gy(study, dose.grid().voxel_centre(i, j, k))));
    EXPECT_LT(worst, maximum / 65535);  // half a step of 16 bit, rounding of floats
  }
}

TEST_F(WriteSeries, IsValidForDciodvfy) {
  SeriesOptions options;
  options.patients = 1;
  write_series(options, this_program(), folder / "s");
  const std::filesystem::path study = folder / "s" / "P01" / "S1";
  EXPECT_EQ(dciodvfy_errors(study / "ct" / "CT0004.dcm", "CTImage"), "");
  EXPECT_EQ(dciodvfy_errors(study / "structures.dcm", "RTStructureSet"), "");
  EXPECT_EQ(dciodvfy_errors(study / "dose.dcm", "RTDose"), "");
}

TEST_F(WriteSeries, RefusesMorePatientsThanThereAre) {
  SeriesOptions options;
  options.patients = 38;
  EXPECT_THROW(write_series(options, this_program(), folder / "s"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
}

}  // namespace
}  // namespace sbrt::phantoms
