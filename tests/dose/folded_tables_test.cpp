#include "dose/folded_tables.h"

#include "dose/beam_tables.h"
#include "dose/point_dose.h"
#include "dose/row_kernel.h"
#include "tests/dose/plan_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sbrt {
namespace {

using testing::generic_data;

std::size_t bytes(const FoldedTables::View& t) {
  const std::size_t distances = std::size_t(t.z_last) + 1;
  return sizeof(FoldedTables::Cell) *
         (distances * std::size_t(t.depth.cells) + std::size_t(t.ocr_depth.cells) * std::size_t(t.radius.cells));
}

/// Largest difference to eq. (6) on the tables themselves, of the largest dose, at points in and beside the cone.
double largest_error(const BeamData::Tables& tables, std::size_t collimator) {
  const FoldedTables folded(tables, collimator, 700, 1000);
  std::mt19937 random(11);
  const auto uniform = [&](double low, double high) {
    return float(std::uniform_real_distribution<double>(low, high)(random));
  };
  const double reach = tables.ocr[collimator].columns.back();
  std::vector<float> x, y, z, depth;
  for (int i = 0; i < 20'000; ++i) {
    z.push_back(uniform(700, 1000));
    x.push_back(uniform(0, reach * double(z.back()) / 800));
    y.push_back(0);
    depth.push_back(uniform(0, 300));
  }
  std::vector<float> dose(x.size());
  const Rotation same{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  row_kernel(SimdPath::portable)
      .dose_at(folded.view(), same, {x.data(), y.data(), z.data()}, int(x.size()), depth.data(), dose.data());
  double worst = 0, most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected =
        dose_factors(tables, collimator, {double(z[i]), double(x[i]) * 800 / double(z[i])}, double(depth[i])).gy_per_mu;
    worst = std::max(worst, std::abs(double(dose[i]) - expected));
    most = std::max(most, expected);
  }
  return worst / most;
}

constexpr std::size_t second_cache = 512 * 1024, cones_of_a_plan = 5;

TEST(FoldedTables, OfFiveConesFitIntoTheSecondCache) {
  for (const std::string& name : BeamData::shipped_names()) {
    const BeamData data = BeamData::named_or_folder(name);
    const BeamData::Tables& tables = data.tables();
    for (std::size_t c = 0; c < tables.collimators_mm.size(); ++c) {
      EXPECT_LE(bytes(FoldedTables(tables, c, 700, 1000).view()), second_cache / cones_of_a_plan)
          << name << ", " << tables.collimators_mm[c] << " mm";
      // One tolerance for each of the two tables, and the steps of 25 mm in distance, tested to 1e-4 (fast_path_test).
      EXPECT_LE(largest_error(tables, c), 2 * FoldedTables::tolerance + 1e-4)
          << name << ", " << tables.collimators_mm[c] << " mm";
    }
  }
}

// A site measures where it likes. Between the finest steps, 0.05 mm, the off-axis ratio then errs by an eighth of the
// change of slope at a node: at most 0.05 / 4 times 0.35 per mm, that of a penumbra that begins at once.
TEST(FoldedTables, OfNodesBesideAllStepsStayNearTheTablesAndSmall) {
  BeamData::Tables tables = generic_data().tables();
  const std::size_t c = tables.find(20);
  std::vector<double>& radii = tables.ocr[c].columns;
  for (std::size_t i = 1; i < radii.size(); ++i) radii[i] += 0.017 * std::sin(double(7 * i));
  ASSERT_TRUE(std::is_sorted(radii.begin(), radii.end()));
  EXPECT_LE(bytes(FoldedTables(tables, c, 700, 1000).view()), second_cache / cones_of_a_plan);
  EXPECT_LE(largest_error(tables, c), 0.05 / 4 * 0.35);
}

}  // namespace
}  // namespace sbrt
