// mc-6mv-mohan against the Monte Carlo run it comes from: set-ups and columns that no table was made of.
#include "dose/csv.h"
#include "dose/dose_engine.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>

namespace sbrt {
namespace {

using testing::beam;

const BeamData& mc_data() {
  static const BeamData data = BeamData::named_or_folder("mc-6mv-mohan");
  return data;
}

/// Rows of a table below ../shared/data/mc by column name; text columns become NaN.
std::vector<std::map<std::string, double>> table(const std::string& name) {
  std::istringstream in(read_text_file(std::string(SBRT_SHARED_DIR) + "/data/mc/" + name));
  std::vector<std::string> names;
  std::vector<std::map<std::string, double>> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (names.empty()) {
      names = row;
      continue;
    }
    auto& values = rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i) {
      char* end = nullptr;
      const double v = std::strtod(row[i].c_str(), &end);
      values[names[i]] = *end ? NAN : v;
    }
  }
  return rows;
}

/// Dose of the 60 mm cone at 15 mm depth, SSD 785 mm: the run's and the engine's common reference.
double reference_dose() {
  for (const auto& row : table("A_output_factors.csv"))
    if (row.at("cone_mm") == 60) return row.at("dose15_spot");
  return 0;
}

/// Water below z = 0, wide and deep enough for every ray used.
const DensityMap& water() {
  static const DensityMap map(Grid({30, 30, 45}, {10, 10, 10}, {-145, -145, 5}), 1.0f);
  return map;
}

/// Dose relative to the reference at a point of water, source at the given distance above the surface.
double relative_dose(double cone, double ssd, double depth, double radius) {
  const Beam b = beam({0, 0, -ssd}, {0, 0, 0}, cone, 1);
  return trace_point({b}, water(), mc_data(), {radius, 0, depth})[0].dose_gy / 0.01;
}

/// Mean over the scored bin of depth, by Simpson's rule.
double bin_mean(double cone, double ssd, double low, double high) {
  return (relative_dose(cone, ssd, low, 0) + 4 * relative_dose(cone, ssd, (low + high) / 2, 0) +
          relative_dose(cone, ssd, high, 0)) /
         6;
}

void check_depth_dose(const std::string& name, double ssd) {
  // Agreed: 1 % or three standard deviations beyond 15 mm, fields of at most 60 mm in the point's plane. Of several
  // hundred points some lie beyond 3 sigma, each in several cones at once (all cones come from the same histories): 1 %
  // may exceed the limit, none by half.
  constexpr double relative = 0.01, sigmas = 3;
  const double reference = reference_dose();
  int checked = 0, outside = 0;
  for (const auto& row : table(name)) {
    const double cone = row.at("cone_mm"), depth = row.at("depth_mm");
    if (depth < 15 || depth > 345 || cone * (ssd + depth) / 800 > 60) continue;
    const double mc = row.at("dose_axis_spot") / reference;
    const double difference = bin_mean(cone, ssd, row.at("z_lo_mm"), row.at("z_hi_mm")) / mc - 1;
    const double allowed = std::max(relative, sigmas * row.at("unc_spot_pct") / 100);
    ++checked;
    outside += std::abs(difference) > allowed;
    EXPECT_LE(std::abs(difference), 1.5 * allowed) << name << ": cone " << cone << " mm, depth " << depth << " mm";
  }
  EXPECT_GT(checked, 400);
  EXPECT_LE(outside, 0.01 * checked) << "of " << checked;
}

TEST(SharedMonteCarlo, DepthDoseAtSsd720ThatNoTableWasMadeOf) { check_depth_dose("B_water_pdd.csv", 720); }
TEST(SharedMonteCarlo, DepthDoseAtSsd785) { check_depth_dose("A785_pdd.csv", 785); }

/// gamma <= 1 for a dose difference of 2 % of the axis and 0.5 mm, searched along the radius.
bool agrees(double mc, double radius, const std::function<double(double)>& engine) {
  constexpr double dose = 0.02, distance_mm = 0.5;
  for (double dr = -distance_mm; dr <= distance_mm + 1e-9; dr += 0.02) {
    const double d = (engine(std::abs(radius + dr)) - mc) / dose;
    if (d * d + dr * dr / (distance_mm * distance_mm) <= 1) return true;
  }
  return false;
}

void check_profiles(const std::string& name, double ssd) {
  // Agreed: 99 % of the points. A single cone may lose another percent to one noisy depth.
  constexpr double all_cones = 0.99, one_cone = 0.98;
  const double reference = reference_dose();
  std::map<double, std::pair<int, int>> by_cone;  // passed, checked
  std::map<std::pair<double, double>, double> axis;
  for (const auto& row : table(name)) {
    const double cone = row.at("cone_mm"), depth = row.at("depth_mm"), r = row.at("r_mean_mm");
    const double scale = (ssd + depth) / 800;
    if (cone * scale > 60 || r / scale > cone / 2 + 30 || depth > 300) continue;
    double& on_axis = axis.try_emplace({cone, depth}, relative_dose(cone, ssd, depth, 0)).first->second;
    auto& count = by_cone[cone];
    ++count.second;
    count.first += agrees(row.at("dose_spot") / reference / on_axis, r,
                          [&](double x) { return relative_dose(cone, ssd, depth, x) / on_axis; });
  }
  EXPECT_GE(by_cone.size(), 4u);
  int passed = 0, checked = 0;
  for (const auto& [cone, count] : by_cone) {
    EXPECT_GE(count.first, one_cone * count.second) << name << ": cone " << cone << " mm";
    passed += count.first, checked += count.second;
  }
  EXPECT_GE(passed, all_cones * checked) << "of " << checked;
}

TEST(SharedMonteCarlo, ProfilesAtSsd720ThatNoTableWasMadeOf) { check_profiles("B_water_profiles.csv", 720); }
TEST(SharedMonteCarlo, ProfilesAtSsd785ThatNoOffAxisRatioWasMadeOf) { check_profiles("A785_profiles.csv", 785); }

TEST(SharedMonteCarlo, OutputFactorsAre) {
  for (const auto& row : table("A_output_factors.csv"))
    EXPECT_NEAR(mc_data().output_factor(row.at("cone_mm"), 800), row.at("OF_spot"), 1e-5);
}

TEST(SharedMonteCarlo, SmoothingKeepsTheRawOffAxisRatios) {
  double chi2 = 0;
  int count = 0;
  for (const auto& row : table("A_ocr.csv")) {
    const double cone = row.at("cone_mm"), r = row.at("r_mean_mm");
    if (r > cone / 2 + 30) continue;
    // Mean over the annulus, weighted by its width at each radius.
    double mean = 0, weight = 0;
    for (int i = 0; i < 10; ++i) {
      const double x = row.at("r_lo_mm") + (i + 0.5) / 10 * (row.at("r_hi_mm") - row.at("r_lo_mm"));
      mean += x * mc_data().off_axis_ratio(cone, x, row.at("depth_mm"));
      weight += x;
    }
    // Below 5e-4 the window of the smoothing and the normalisation at the axis count as much as the run's own noise.
    const double sigma = std::hypot(row.at("unc_OCR_spot"), 5e-4);
    const double difference = mean / weight - row.at("OCR_spot");
    EXPECT_LT(std::abs(difference), 5 * sigma) << cone << " mm, depth " << row.at("depth_mm") << ", r " << r;
    chi2 += difference * difference / (sigma * sigma);
    ++count;
  }
  ASSERT_GT(count, 3000);
  EXPECT_LT(chi2 / count, 1.2);
}

}  // namespace
}  // namespace sbrt
