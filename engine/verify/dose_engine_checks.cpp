#include "dose/dose_engine.h"
#include "dose/water_depth.h"
#include "engine/verify/suites.h"
#include "geometry/thread_count.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sbrt::verify {
namespace {

// Cube of water about the origin, faces on voxel faces.
DensityMap water_cube(double side_mm, double voxel_mm) {
  const int n = int(std::lround(side_mm / voxel_mm));
  const double first = -side_mm / 2 + voxel_mm / 2;
  return DensityMap(Grid({n, n, n}, {voxel_mm, voxel_mm, voxel_mm}, {first, first, first}), 1.0f);
}

// Water 30, lung 100 (0.25), bone 20 (1.75), water 200 mm along z; slab faces on voxel faces.
double slab_density(double z_mm) { return z_mm < 30 ? 1.0 : z_mm < 130 ? 0.25 : z_mm < 150 ? 1.75 : 1.0; }

CheckRow slab_depth() {
  DensityMap slabs(Grid({60, 40, 70}, {3, 5, 5}, {-88.5, -97.5, 2.5}));
  for (int k = 0; k < 70; ++k)
    for (int j = 0; j < 40; ++j)
      for (int i = 0; i < 60; ++i) slabs(i, j, k) = float(slab_density(5.0 * k + 2.5));
  const PatientPoint source{-20, 30, -600}, end{-40, 60, 141.3};
  const double thickness = 30 + 0.25 * 100 + 1.75 * 11.3;
  const double exact = thickness * distance(source, end) / (end.z - source.z);
  // Densities are stored in single precision, 6e-8 of the depth.
  return {"dose engine", "water-equivalent depth through water, lung and bone slabs, oblique",
          "mm",          exact,
          1e-5,          water_equivalent_depth_mm(slabs, source, end)};
}

BeamSet crossing_beams() {
  BeamSet beams;
  for (int n = 0; n < 12; ++n) {
    const double a = 0.5 * n, h = 0.1 * (n - 6);
    const PatientVec out = Direction<Patient>(PatientVec{std::cos(a), std::sin(a), h});
    beams.push_back({fmt::format("{}", n + 1),
                     fmt::format("n{}", n + 1),
                     PatientPoint{2, -1, 3} + 800 * out,
                     {2, -1, 3},
                     n % 2 == 0 ? 20.0 : 12.5,
                     100.0 + n});
  }
  return beams;
}

}  // namespace

Rows check_dose_engine() {
  Rows rows;
  const BeamData data = BeamData::named_or_folder("generic-6mv-fff");
  const DensityMap water = water_cube(300, 3);

  // The surface lies at y = -150 mm, so y = -135 mm is 15 mm deep.
  const Beam reference{"1", "n", {0, -935, 0}, {0, 0, 0}, 60, 1};
  rows.push_back({"dose engine", "dose of 1 MU at 15 mm depth, 800 mm, 60 mm cone", "Gy", 0.01, 1e-9,
                  trace_point({reference}, water, data, {0, -135, 0}).at(0).dose_gy});

  // In front of the phantom no density is crossed; output factor and TPR of the air point are divided away.
  const DensityMap far(Grid({3, 3, 3}, {10, 10, 10}, {-10, -10, 1500}), 1.0f);
  const Beam up{"1", "n", {0, 0, 0}, {0, 0, 1500}, 60, 1};
  for (const double z : {650.0, 800.0, 1000.0}) {
    const double tables = 0.01 * data.output_factor(60, z) * data.tissue_phantom_ratio(60 * z / 800, 0);
    rows.push_back({"dose engine", fmt::format("inverse square at {} mm", z), "1", 640000 / (z * z), 1e-9,
                    trace_point({up}, far, data, {0, 0, z}).at(0).dose_gy / tables});
  }
  rows.push_back(slab_depth());

  const Grid grid({40, 41, 42}, {1.5, 1.5, 1.5}, {-28, -31, -27});
  const BeamSet beams = crossing_beams();
  const auto forward = [&](int threads) {
    const ThreadCount guard(threads);
    return compute_dose(beams, water, data, grid).dose.values();
  };
  const std::vector<float> one = forward(1), two = forward(2);
  double different = 0, largest = 0;
  for (std::size_t v = 0; v < one.size(); ++v) different += std::memcmp(&one[v], &two[v], sizeof(float)) != 0;
  rows.push_back(
      {"dose engine", "forward dose of 12 beams, 1 and 2 threads: voxels that differ", "1", 0, 0, different});

  // The production path against the exact one, as a share of the maximum.
  const DoseGrid exact = compute_dose(beams, water, data, grid, {.path = DosePath::exact}).dose;
  for (std::size_t v = 0; v < one.size(); ++v)
    largest = std::max(largest, double(std::abs(one[v] - exact.values()[v])));
  const double maximum = double(*std::max_element(exact.values().begin(), exact.values().end()));
  rows.push_back({"dose engine", "forward dose of 12 beams, fast against exact path: largest difference",
                  "% of maximum", 0, 0.2, 100 * largest / maximum});
  return rows;
}

}  // namespace sbrt::verify
