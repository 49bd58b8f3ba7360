// Writes the axis dose of the engine and of the Monte Carlo run in the slab phantoms as CSV, for
// scripts/draw-slab-comparison.
#include "monte_carlo_fixture.h"

#include <cstdio>

int main() {
  using namespace sbrt::testing;
  const double reference = reference_dose();
  std::printf("phantom,cone_mm,depth_mm,density,engine,monte_carlo,uncertainty_pct\n");
  for (const std::string phantom : {"water", "lung", "bone"}) {
    const auto layers = slab_layers(phantom);
    const auto map = layered_map(layers);
    for (const auto& row : mc_table("B_" + phantom + "_pdd.csv")) {
      const double cone = row.at("cone_mm"), depth = row.at("depth_mm");
      if (depth > 300) continue;
      double density = 0;
      for (const Layer& layer : layers)
        if (depth > layer.from_mm && depth < layer.to_mm) density = layer.density;
      std::printf("%s,%g,%g,%g,%.6f,%.6f,%.3f\n", phantom.c_str(), cone, depth, density,
                  bin_mean(map, cone, slab_ssd_mm, row.at("z_lo_mm"), row.at("z_hi_mm")),
                  row.at("dose_axis_spot") / reference, row.at("unc_spot_pct"));
    }
  }
}
