#include "dose/beam_data_fit.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

namespace sbrt {
namespace {

constexpr double of_sigma = 0.005, tpr_sigma = 0.003, ocr_sigma = 0.01, tail_sigma = 0.002;

GenericModelParameters truth() {
  GenericModelParameters p;
  p.kernel_quality = 0.662;
  p.blur_sigma_mm = 1.15;
  p.fluence_fall_per_mm2 = 1.1e-4;
  p.transmission = 0.004;
  p.apertures = {{10, 5.2}, {30, 15.25}, {60, 30.7}};
  return p;
}

/// What an afternoon gives: per cone an output factor, four TPR and a profile of up to twelve points, the last three in
/// the tail.
std::vector<MeasuredPoint> afternoon() {
  std::vector<MeasuredPoint> points;
  int line = 2;
  for (const double c : {10.0, 30.0, 60.0}) {
    points.push_back({MeasuredKind::output_factor, line++, c, 15, 0, 800, 0, of_sigma});
    for (const double d : {50.0, 100.0, 200.0, 300.0})
      points.push_back({MeasuredKind::tissue_phantom_ratio, line++, c, d, 0, 800, 0, tpr_sigma});
    for (const double x : {-8.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 25.0})
      if (c / 2 + x > 0)
        points.push_back({MeasuredKind::off_axis_ratio, line++, c, 50, (c / 2 + x) * 850 / 800, 850, 0,
                          x < 8 ? ocr_sigma : tail_sigma});
  }
  const std::vector<double> values = model_points(truth(), points);
  for (std::size_t i = 0; i < points.size(); ++i) points[i].value = values[i];
  return points;
}

TEST(BeamDataFit, RecoversTheParametersThatMadeThePoints) {
  const BeamDataFit fit = fit_generic_model(afternoon());
  // The points are exact: what is left is where the solver stops (1e-10 of the sum of squares, itself near 0).
  EXPECT_NEAR(fit.parameters.kernel_quality, 0.662, 1e-4);
  EXPECT_NEAR(fit.parameters.blur_sigma_mm, 1.15, 1e-3);
  EXPECT_NEAR(fit.parameters.fluence_fall_per_mm2, 1.1e-4, 1e-7);
  EXPECT_NEAR(fit.parameters.transmission, 0.004, 1e-5);
  ASSERT_EQ(fit.parameters.apertures.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(fit.parameters.apertures[i].radius_mm, truth().apertures[i].radius_mm, 1e-3);
  EXPECT_LT(fit.rms, 1e-5);
  EXPECT_TRUE(fit.warnings.empty());
  for (const FittedParameter& p : fit.table) EXPECT_TRUE(p.fitted) << p.name;
}

TEST(BeamDataFit, NoiseGivesTheResidualAndTheUncertaintyOneExpects) {
  std::vector<MeasuredPoint> points = afternoon();
  std::mt19937 random(11);
  std::normal_distribution<double> normal(0, 1);
  for (MeasuredPoint& p : points) p.value = std::max(0.0, p.value + p.uncertainty * normal(random));
  const BeamDataFit fit = fit_generic_model(points);
  // chi^2 over its n degrees of freedom is 1 with standard deviation sqrt(2/n), n points less parameters; four of them.
  EXPECT_NEAR(fit.reduced_chi2, 1, 4 * std::sqrt(2.0 / double(points.size() - fit.table.size())));
  EXPECT_GT(fit.rms, tail_sigma);  // between the smallest and the largest uncertainty
  EXPECT_LT(fit.rms, ocr_sigma);
  const double wanted[]{0.662, 1.15, 1.1e-4, 0.004, 5.2, 15.25, 30.7};
  for (std::size_t i = 0; i < fit.table.size(); ++i) {
    EXPECT_GT(fit.table[i].uncertainty, 0) << fit.table[i].name;
    EXPECT_NEAR(fit.table[i].value, wanted[i], 4 * fit.table[i].uncertainty) << fit.table[i].name;
  }
}

TEST(BeamDataFit, NamesTheParametersThatThePointsDoNotDetermine) {
  std::vector<MeasuredPoint> points;
  for (const MeasuredPoint& p : afternoon())
    if (p.kind == MeasuredKind::tissue_phantom_ratio) points.push_back(p);
  const BeamDataFit fit = fit_generic_model(points);
  EXPECT_TRUE(fit.table[0].fitted);   // kernel quality: all that depth doses tell
  EXPECT_FALSE(fit.table[1].fitted);  // blur
  EXPECT_EQ(fit.table[1].value, GenericModelParameters().blur_sigma_mm);
  std::set<std::string> codes;
  for (const Warning& w : fit.warnings) codes.insert(w.code);
  EXPECT_TRUE(codes.contains("fit-not-determined"));
}

TEST(BeamDataFit, AWrongPointIsNamed) {
  std::vector<MeasuredPoint> points = afternoon();
  points[2].value += 10 * points[2].uncertainty;
  const BeamDataFit fit = fit_generic_model(points);
  bool named = false;
  for (const Warning& w : fit.warnings)
    named = named || (w.code == "fit-outlier" && w.text.find("line 4") != std::string::npos);
  EXPECT_TRUE(named);
}

TEST(BeamDataFit, PointsThatCannotBeMeantAreRefusedByLine) {
  const std::string head = "kind,collimator_mm,depth_mm,radius_mm,distance_mm,value,uncertainty\n";
  const std::vector<MeasuredPoint> read =
      parse_measured_points("# mine\n" + head + "of,10,15,0,800,0.85,0.01\nocr, 60,50,30,850, 0.5,0.02\n", "m.csv");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].kind, MeasuredKind::off_axis_ratio);
  EXPECT_EQ(read[1].line, 4);
  EXPECT_EQ(read[1].distance_mm, 850);
  const auto refuse = [&](const std::string& text, const std::string& words, const std::string& place) {
    try {
      parse_measured_points(text, "m.csv");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const InputError& e) {
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(place), std::string::npos) << e.what();
    }
  };
  refuse("", "no header", "m.csv");
  refuse(head, "no rows", "m.csv");
  refuse("of,10,15,0,800,0.85,0.01\n", "header", "line 1");
  refuse(head + "pdd,10,15,0,800,0.85,0.01\n", "of, tpr or ocr", "line 2");
  refuse(head + "0,10,15,0,800,0.85,0.01\n", "of, tpr or ocr", "line 2");
  refuse(head + "of,10,15,0,800,0.85\n", "columns", "line 2");
  refuse(head + "of,10,15,0,800,nan,0.01\n", "nan", "line 2");
  refuse(head + "of,10,15,0,800,0.85,0\n", "uncertainty", "line 2");
  refuse(head + "of,10,50,0,800,0.85,0.01\n", "15 mm depth", "line 2");
  refuse(head + "tpr,10,10,0,800,0.85,0.01\n", "15 to 450 mm", "line 2");
  refuse(head + "tpr,10,50,1,800,0.85,0.01\n", "radius", "line 2");
  refuse(head + "ocr,10,50,-1,800,0.85,0.01\n", "radius", "line 2");
  refuse(head + "of,10,15,0,80,0.85,0.01\n", "distance", "line 2");
  refuse(head + "of,0.1,15,0,800,0.85,0.01\n", "collimator", "line 2");
  refuse(head + "of,10,15,0,800,85,0.01\n", "ratio", "line 2");
}

}  // namespace
}  // namespace sbrt
