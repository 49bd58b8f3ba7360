// Ray tracing in slabs of lung and bone: the depth is exact, the dose is the Monte Carlo run's where electrons are in
// equilibrium and not elsewhere.
#include "monte_carlo_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using namespace testing;

TEST(Slabs, DepthBehindLungAndBoneIsExact) {
  constexpr double wanted_mm = 1e-4;
  for (const std::string phantom : {"lung", "bone"}) {
    const auto layers = slab_layers(phantom);
    const DensityMap map = layered_map(layers);
    for (const double depth : {12.0, 41.3, 77.7, 129.0, 200.5})
      for (const double radius : {0.0, 17.0}) {
        double expected = 0;
        for (const Layer& layer : layers)
          expected += layer.density * std::max(0.0, std::min(depth, layer.to_mm) - layer.from_mm);
        expected *= std::hypot(1, radius / (slab_ssd_mm + depth));
        const auto part =
            trace_point({beam({0, 0, -slab_ssd_mm}, {0, 0, 0}, 40, 1)}, map, generic_data(), {radius, 0, depth})[0];
        EXPECT_NEAR(part.d_eff_mm, expected, wanted_mm) << phantom << ", depth " << depth << " mm";
      }
  }
}

/// Engine over Monte Carlo on the axis of a cone, mean over the bins between two depths.
double mean_ratio(const std::string& phantom, double cone, double from_mm, double to_mm) {
  const DensityMap map = layered_map(slab_layers(phantom));
  const double reference = reference_dose();
  double sum = 0;
  int count = 0;
  for (const auto& row : mc_table("B_" + phantom + "_pdd.csv")) {
    if (row.at("cone_mm") != cone || row.at("depth_mm") < from_mm || row.at("depth_mm") > to_mm) continue;
    sum +=
        bin_mean(map, cone, slab_ssd_mm, row.at("z_lo_mm"), row.at("z_hi_mm")) / (row.at("dose_axis_spot") / reference);
    ++count;
  }
  EXPECT_GT(count, 0);
  return sum / count;
}

TEST(SharedSlabs, From20MillimetresBeyondLungTheAxisDoseIsWithin4Percent) {
  constexpr double agreed = 0.04;
  const DensityMap map = layered_map(slab_layers("lung"));
  const double reference = reference_dose();
  int checked = 0;
  for (const auto& row : mc_table("B_lung_pdd.csv")) {
    const double cone = row.at("cone_mm"), depth = row.at("depth_mm");
    if (cone < 20 || depth < 150 || depth > 300) continue;
    const double ratio =
        bin_mean(map, cone, slab_ssd_mm, row.at("z_lo_mm"), row.at("z_hi_mm")) / (row.at("dose_axis_spot") / reference);
    EXPECT_NEAR(ratio, 1, agreed) << "cone " << cone << " mm, depth " << depth << " mm";
    ++checked;
  }
  EXPECT_GE(checked, 150);
}

TEST(SharedSlabs, InLungTheDoseOfSmallConesIsTooHighAsTheWarningSays) {
  // Lateral electrons leave a small field in lung: the model, which knows water only, is far too high there.
  EXPECT_GT(mean_ratio("lung", 10, 80, 110), 1.4);
  EXPECT_GT(mean_ratio("lung", 20, 80, 110), 1.05);
  // In bone the run scores dose to bone, some 10 % below dose to water.
  EXPECT_NEAR(mean_ratio("bone", 40, 80, 110), 1, 0.04);
}

}  // namespace
}  // namespace sbrt
