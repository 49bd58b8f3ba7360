// mc-6mv-mohan against the Monte Carlo run it comes from: set-ups and columns that no table was made of.
#include "monte_carlo_fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

namespace sbrt {
namespace {

using testing::bin_mean;
using testing::mc_data;
using testing::mc_table;
using testing::reference_dose;

const DensityMap& water() {
  static const DensityMap map = testing::layered_map(testing::slab_layers("water"));
  return map;
}

double relative_dose(double cone, double ssd, double depth, double radius) {
  return testing::relative_dose(water(), cone, ssd, depth, radius);
}

void check_depth_dose(const std::string& name, double ssd) {
  // Agreed: 1 % or three standard deviations beyond 15 mm, fields of at most 60 mm in the point's plane; every point.
  constexpr double relative = 0.01, sigmas = 3;
  const double reference = reference_dose();
  int checked = 0;
  for (const auto& row : mc_table(name)) {
    const double cone = row.at("cone_mm"), depth = row.at("depth_mm");
    if (depth < 15 || depth > 345 || cone * (ssd + depth) / 800 > 60) continue;
    const double mc = row.at("dose_axis_spot") / reference;
    const double difference = bin_mean(water(), cone, ssd, row.at("z_lo_mm"), row.at("z_hi_mm")) / mc - 1;
    const double allowed = std::max(relative, sigmas * row.at("unc_spot_pct") / 100);
    ++checked;
    EXPECT_LE(std::abs(difference), allowed) << name << ": cone " << cone << " mm, depth " << depth << " mm";
  }
  EXPECT_GT(checked, 400);
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
  constexpr double agreed = 0.99;  // of the points, for every cone
  const double reference = reference_dose();
  std::map<double, std::pair<int, int>> by_cone;  // passed, checked
  std::map<std::pair<double, double>, double> axis;
  for (const auto& row : mc_table(name)) {
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
  for (const auto& [cone, count] : by_cone)
    EXPECT_GE(count.first, agreed * count.second) << name << ": cone " << cone << " mm";
}

TEST(SharedMonteCarlo, ProfilesAtSsd720ThatNoTableWasMadeOf) { check_profiles("B_water_profiles.csv", 720); }
TEST(SharedMonteCarlo, ProfilesAtSsd785ThatNoOffAxisRatioWasMadeOf) { check_profiles("A785_profiles.csv", 785); }

TEST(SharedMonteCarlo, OutputFactorsAre) {
  for (const auto& row : mc_table("A_output_factors.csv"))
    EXPECT_NEAR(mc_data().output_factor(row.at("cone_mm"), 800), row.at("OF_spot"), 1e-5);
}

TEST(SharedMonteCarlo, SmoothingKeepsTheRawOffAxisRatios) {
  double chi2 = 0;
  int count = 0;
  for (const auto& row : mc_table("A_ocr.csv")) {
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
