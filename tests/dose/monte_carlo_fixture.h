/// The Monte Carlo reference data and the engine in its set-ups. ../shared/data/mc/README.md
#pragma once

#include "dose/csv.h"
#include "dose/dose_engine.h"
#include "fixtures.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace sbrt::testing {

inline const BeamData& mc_data() {
  static const BeamData data = BeamData::named_or_folder("mc-6mv-mohan");
  return data;
}

/// Rows of a table below ../shared/data/mc by column name; text columns become NaN.
inline std::vector<std::map<std::string, double>> mc_table(const std::string& name) {
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
inline double reference_dose() {
  for (const auto& row : mc_table("A_output_factors.csv"))
    if (row.at("cone_mm") == 60) return row.at("dose15_spot");
  return 0;
}

/// A layer of one medium between two depths [mm], with its density relative to water.
struct Layer {
  double from_mm, to_mm, density;
};

// Electrons per volume relative to water's, from the run's mass densities (0.26 and 1.85) and compositions with Z/A of
// the elements: lung 0.55047 and compact bone 0.53011 against 0.55506 for water.
constexpr double lung_density = 0.25785, bone_density = 1.76684;
constexpr double slab_ssd_mm = 720;

/// The run's slab phantoms: "water", "lung" or "bone".
inline std::vector<Layer> slab_layers(const std::string& phantom) {
  if (phantom == "lung") return {{0, 30, 1}, {30, 130, lung_density}, {130, 380, 1}};
  if (phantom == "bone") return {{0, 30, 1}, {30, 50, bone_density}, {50, 350, 1}};
  return {{0, 450, 1}};
}

/// Layers along z below z = 0, wide enough for every ray used. Voxels of 10 mm: every layer ends on a voxel's face.
inline DensityMap layered_map(const std::vector<Layer>& layers) {
  const Grid grid({30, 30, int(std::lround(layers.back().to_mm / 10))}, {10, 10, 10}, {-145, -145, 5});
  return density_of(grid, [&](PatientPoint p) {
    for (const Layer& layer : layers)
      if (p.z < layer.to_mm) return layer.density;
    return 0.0;
  });
}

/// Dose relative to the reference at a point below the surface, source at the given distance above it.
inline double relative_dose(const DensityMap& map, double cone, double ssd, double depth, double radius) {
  const Beam b = beam({0, 0, -ssd}, {0, 0, 0}, cone, 1);
  return trace_point({b}, map, mc_data(), {radius, 0, depth})[0].dose_gy / 0.01;
}

/// Mean over the scored bin of depth, by Simpson's rule.
inline double bin_mean(const DensityMap& map, double cone, double ssd, double low, double high) {
  return (relative_dose(map, cone, ssd, low, 0) + 4 * relative_dose(map, cone, ssd, (low + high) / 2, 0) +
          relative_dose(map, cone, ssd, high, 0)) /
         6;
}

}  // namespace sbrt::testing
