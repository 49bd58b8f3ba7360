/// A thorax-like density map and whole plans for comparisons of the fast with the exact path.
#pragma once

#include "fixtures.h"

#include <cmath>
#include <numbers>
#include <random>

namespace sbrt::testing {

/// Body ellipse with two lungs, spine, ribs and an airway (density 0 inside the body), sharp edges everywhere; air
/// outside.
inline double thorax_density(PatientPoint p) {
  const auto ellipse = [](double x, double y, double a, double b) { return (x / a) * (x / a) + (y / b) * (y / b); };
  const double body = ellipse(p.x, p.y, 160, 110);
  if (body > 1 || std::abs(p.z) > 140) return 0;
  if (ellipse(p.x, p.y - 10, 9, 9) < 1) return 0;                                            // airway
  if (ellipse(p.x, p.y - 70, 18, 18) < 1) return 1.5;                                        // spine
  if (body > 0.80 && body < 0.90 && std::fmod(std::abs(p.z + 1000), 30.0) < 10) return 1.4;  // ribs
  if (ellipse(p.x - 75, p.y, 55, 75) < 1) {
    return norm2(p - PatientPoint{70, 5, 4}) < 15.0 * 15.0 ? 1.0 : 0.26;  // lesion in the lung
  }
  if (ellipse(p.x + 75, p.y, 55, 75) < 1) return 0.26;
  return 1.02;
}

inline DensityMap thorax(double voxel_mm, double slice_mm) {
  const int nx = int(340 / voxel_mm), ny = int(240 / voxel_mm), nz = int(300 / slice_mm);
  const Grid grid({nx, ny, nz}, {voxel_mm, voxel_mm, slice_mm},
                  {-voxel_mm * (nx - 1) / 2 + 0.3, -voxel_mm * (ny - 1) / 2 - 0.2, -slice_mm * (nz - 1) / 2 + 0.1});
  return density_of(grid, thorax_density);
}

/// Beams from nodes spread over the part-sphere of radius 900 mm in front of and beside the patient to points in a
/// target.
inline BeamSet plan_of(int count, int nodes, PatientPoint target, double target_radius_mm, unsigned seed = 1,
                       std::vector<double> collimators = {10, 15, 20, 25, 35}) {
  std::mt19937 random(seed);
  const auto uniform = [&] { return double(random()) / 4294967296.0; };
  const double golden = std::numbers::pi * (3 - std::sqrt(5.0));
  BeamSet beams;
  for (int b = 0; b < count; ++b) {
    const int node = b % nodes;
    const double y = -0.95 + 1.2 * (node + 0.5) / nodes;  // front (-y) to a little below the couch (+y)
    const double ring = std::sqrt(1 - y * y), angle = golden * node;
    const PatientPoint source = target + 900.0 * PatientVec{ring * std::cos(angle), y, 0.8 * ring * std::sin(angle)};
    PatientVec offset;
    do offset = {2 * uniform() - 1, 2 * uniform() - 1, 2 * uniform() - 1};
    while (norm2(offset) > 1);
    beams.push_back(beam(source, target + target_radius_mm * offset, collimators[b % collimators.size()],
                         50 + 100 * uniform(), std::to_string(b + 1)));
    beams.back().node = std::to_string(node);
  }
  return beams;
}

}  // namespace sbrt::testing
