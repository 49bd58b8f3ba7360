#include "dose/generic_model.h"

#include "dose/beam_tables.h"
#include "dose/csv.h"
#include "dose/generic_files.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

namespace sbrt {
namespace {

using testing::generic_data;

constexpr std::array<double, 12> cones{5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60};

TEST(GenericModel, UniformWideFieldMatchesTheClosedForm) {
  // Without blur's effect on axis, fall-off and transmission, eq. (7) holds: (A/a)(1 - e^{-aR}) + (B/b)(1 - e^{-bR}).
  GenericModelParameters p;
  p.fluence_fall_per_mm2 = 0;
  p.transmission = 0;
  p.blur_sigma_mm = 0.05;
  p.apertures = {{40, 20}};
  for (const double depth : {15.0, 100.0, 300.0}) {
    const PencilKernel k = pencil_kernel(p.kernel_quality, depth);
    const double expected = k.primary / k.primary_slope * (1 - std::exp(-k.primary_slope * 20)) +
                            k.scatter / k.scatter_slope * (1 - std::exp(-k.scatter_slope * 20));
    // Gauss-Legendre nodes on 1.5 mm cells see the 0.05 mm edge at 20 mm, where the kernel has fallen to 1e-3 per mm.
    EXPECT_NEAR(GenericField(p, 40).axis_dose(depth) / expected, 1, 5e-4);
  }
}

TEST(GenericModel, BeamQualityLiesWithinThePublishedRange) {
  // TPR20,10 of the 60 mm cone 0.630-0.637; of a flat 10 cm x 10 cm field 0.655-0.667. A circle of the same scatter has
  // about 1.12 times the side as its diameter.
  GenericModelParameters p;
  const auto tpr20_10 = [&](double diameter) {
    const GenericField field(p, diameter);
    return field.axis_dose(200) / field.axis_dose(100);
  };
  EXPECT_GE(tpr20_10(60), 0.630);
  EXPECT_LE(tpr20_10(60), 0.637);
  p.fluence_fall_per_mm2 = 0;
  EXPECT_GE(tpr20_10(112), 0.655);
  EXPECT_LE(tpr20_10(112), 0.667);
}

TEST(GenericModel, BuildUpIsOneAt15mmAndRisesFromTheSurface) {
  for (const double field : {4.0, 5.0, 8.0, 60.0, 90.0}) {
    EXPECT_NEAR(build_up(field, 15), 1, 1e-12);
    EXPECT_LT(build_up(field, 0), 0.1);
    EXPECT_GT(build_up(field, 0), 0);
    for (double d = 0; d < 8; d += 0.5) EXPECT_LT(build_up(field, d), build_up(field, d + 0.5));
  }
}

/// Compares two CSV texts cell by cell; the last column may differ by one unit of its fifth decimal.
void expect_same_table(const std::string& made, const std::string& kept) {
  std::istringstream a(made), b(kept);
  std::string x, y;
  int line = 0;
  while (std::getline(a, x)) {
    ++line;
    ASSERT_TRUE(std::getline(b, y)) << "the file ends at line " << line;
    if (x == y) continue;
    const std::size_t cut = x.rfind(',');
    ASSERT_EQ(x.substr(0, cut), y.substr(0, cut)) << "line " << line;
    ASSERT_NEAR(std::strtod(x.c_str() + cut + 1, nullptr), std::strtod(y.c_str() + cut + 1, nullptr), 1.001e-5)
        << "line " << line;
  }
  EXPECT_FALSE(std::getline(b, y)) << "the file has more lines";
}

TEST(GenericFiles, ShippedFilesEqualTheGenerator) {
  const BeamDataFiles files = make_generic_files();
  const std::string folder = std::string(SBRT_SOURCE_DIR) + "/dose/data/beam-data/generic-6mv-fff/";
  EXPECT_EQ(files.description, read_text_file(folder + "beam-data.json"));
  expect_same_table(files.output_factors, read_text_file(folder + "of.csv"));
  expect_same_table(files.tpr, read_text_file(folder + "tpr.csv"));
  expect_same_table(files.ocr, read_text_file(folder + "ocr.csv"));
}

TEST(GenericData, HasTheTwelveConesAndIsNotClinical) {
  EXPECT_EQ(generic_data().collimators_mm(), std::vector<double>(cones.begin(), cones.end()));
  EXPECT_FALSE(generic_data().clinical());
  for (const double c : cones) EXPECT_NEAR(generic_data().largest_radius_mm(c), c / 2 + 30.05, 0.0501);
}

TEST(GenericData, OutputFactorDependsOnTheTrueFieldSize) {
  // OF(c, z) = OF(c z / 800): one cone seen farther away is a larger cone at 800 mm. Linear interpolation between
  // distances 10 mm apart and five decimals.
  constexpr double tolerance = 2e-5;
  const BeamData& d = generic_data();
  EXPECT_NEAR(d.output_factor(10, 1000), d.output_factor(12.5, 800), tolerance);
  EXPECT_NEAR(d.output_factor(20, 1000), d.output_factor(25, 800), tolerance);
  EXPECT_NEAR(d.output_factor(40, 700), d.output_factor(35, 800), tolerance);
  EXPECT_NEAR(d.output_factor(20, 600), d.output_factor(15, 800), tolerance);
  EXPECT_NEAR(d.output_factor(20, 1400), d.output_factor(35, 800), tolerance);
}

TEST(GenericData, CoversTheDistancesFieldsAndDepthsOfARobotInABody) {
  const BeamData::Tables& t = generic_data().tables();
  for (std::size_t c = 0; c < t.collimators_mm.size(); ++c) {
    EXPECT_EQ(t.output_factor[c].axis.front(), 600);
    EXPECT_EQ(t.output_factor[c].axis.back(), 1400);
    EXPECT_EQ(t.ocr[c].rows.front(), 0);
    EXPECT_EQ(t.ocr[c].rows.back(), 450);
    EXPECT_LE(t.tpr.rows.front(), t.collimators_mm[c] * 600 / 800);
    EXPECT_GE(t.tpr.rows.back(), t.collimators_mm[c] * 1400 / 800);
  }
  EXPECT_EQ(t.tpr.columns.front(), 0);
  EXPECT_EQ(t.tpr.columns.back(), 450);
}

TEST(GenericModel, DeepDoseFallsLikeAFilteredBeamToTheTablesEnd) {
  // Narrow beams of 3.8 and 1.75 MeV photons lose 0.0035 and 0.0053 per mm of water (XCOM); a 6 MV beam lies between,
  // and a polynomial used outside its range would not stay there.
  for (const double field : {3.75, 10.0, 60.0, 105.0}) {
    const GenericField model(GenericModelParameters{}, field);
    for (double d = 60; d < 450; d += 10) {
      const double slope = std::log(model.axis_dose(d) / model.axis_dose(d + 10)) / 10;
      EXPECT_GT(slope, 0.0035) << field << " mm, depth " << d;
      EXPECT_LT(slope, 0.0053) << field << " mm, depth " << d;
    }
  }
}

/// Rows of a reference table below ../shared; comments and header skipped.
std::vector<std::vector<double>> reference(const std::string& name, std::size_t columns) {
  std::istringstream in(read_text_file(std::string(SBRT_SHARED_DIR) + "/data/physics/" + name));
  std::vector<std::vector<double>> rows;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || !std::isdigit(static_cast<unsigned char>(line[0]))) continue;
    std::vector<double> row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',') && row.size() < columns;)
      row.push_back(cell.empty() ? NAN : std::strtod(cell.c_str(), nullptr));
    rows.push_back(row);
  }
  return rows;
}

TEST(SharedGenericData, TprEqualsTheReferenceTable) {
  // Reference written with four decimals (0.00005), ours with five, plus the quadrature (1e-4).
  constexpr double tolerance = 2e-4;
  const auto rows = reference("tpr_model_fixed_cones.csv", 13);
  ASSERT_GT(rows.size(), 15u);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < cones.size(); ++c)
      EXPECT_NEAR(generic_data().tissue_phantom_ratio(cones[c], row[0]), row[c + 1], tolerance)
          << cones[c] << " mm, depth " << row[0];
}

TEST(SharedGenericData, OcrEqualsTheReferenceTable) {
  // Radii of the reference are rounded to 0.01 mm on a slope of up to 0.32/mm (0.0016), values to four decimals, and
  // the aperture radii were fitted to it (0.0005 at the edge); linear interpolation 0.0001.
  constexpr double tolerance = 0.0023;
  const auto rows = reference("ocr_model_fixed_cones.csv", 4);
  ASSERT_GT(rows.size(), 1000u);
  double sum = 0;
  for (const auto& row : rows) {
    const double difference = generic_data().off_axis_ratio(row[0], row[2], row[1]) - row[3];
    EXPECT_LT(std::abs(difference), tolerance) << row[0] << " mm, depth " << row[1] << ", r " << row[2];
    sum += difference * difference;
  }
  EXPECT_LT(std::sqrt(sum / double(rows.size())), 6e-4);
}

TEST(SharedGenericData, OutputFactorsEqualTheReferenceTable) {
  constexpr double tolerance = 6e-4;  // 0.0005 for the fitted aperture radius of the 5 mm cone
  std::istringstream in(read_text_file(std::string(SBRT_SHARED_DIR) + "/data/physics/output_factors_fixed_cones.csv"));
  int checked = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || !std::isdigit(static_cast<unsigned char>(line[0]))) continue;
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    EXPECT_NEAR(generic_data().output_factor(std::stod(cells[0]), 800), std::stod(cells[6]), tolerance) << line;
    ++checked;
  }
  EXPECT_EQ(checked, 12);
}

/// Radius at which the profile falls to `level`.
double radius_at(double collimator, double depth, double level) {
  double low = 0, high = generic_data().largest_radius_mm(collimator);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (generic_data().off_axis_ratio(collimator, middle, depth) > level ? low : high) = middle;
  }
  return low;
}

TEST(SharedGenericData, PenumbraAndWidthLieNearTheMeasuredOnes) {
  constexpr double penumbra_mm = 0.4, width_mm = 0.2;  // agreed acceptance of the model
  const auto rows = reference("ocr_measured_metrics_fixed_cones.csv", 4);
  ASSERT_EQ(rows.size(), 36u);
  for (const auto& row : rows) {
    EXPECT_NEAR(2 * radius_at(row[0], row[1], 0.5), row[2], width_mm) << row[0] << " mm, depth " << row[1];
    EXPECT_NEAR(radius_at(row[0], row[1], 0.2) - radius_at(row[0], row[1], 0.8), row[3], penumbra_mm)
        << row[0] << " mm, depth " << row[1];
  }
}

}  // namespace
}  // namespace sbrt
