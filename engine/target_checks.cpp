#include "engine/target_checks.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double sample_step_mm = 1.0;
// Numerical room: a contour on the outermost slice ends half a gap beyond it, which is still its voxel.
constexpr double edge_voxels = 0.5 + 1e-6;

bool in_grid(const Grid& grid, PatientPoint p) {
  const VoxelPoint v = grid.to_voxel(p);
  const GridSize n = grid.size();
  return v.x >= -edge_voxels && v.x <= n.nx - 1 + edge_voxels && v.y >= -edge_voxels && v.y <= n.ny - 1 + edge_voxels &&
         v.z >= -edge_voxels && v.z <= n.nz - 1 + edge_voxels;
}

bool in_body(const Occupancy& body, PatientPoint p) {
  const VoxelPoint v = body.grid().to_voxel(p);
  const GridSize n = body.grid().size();
  const int i = int(std::lround(v.x)), j = int(std::lround(v.y)), k = int(std::lround(v.z));
  return i >= 0 && i < n.nx && j >= 0 && j < n.ny && k >= 0 && k < n.nz && body(i, j, k) >= 0.5f;
}

double sample_step(const Shape& shape) {
  // About 10^5 samples are plenty to tell a per cent.
  return std::max(sample_step_mm, std::cbrt(shape.volume_mm3() / 1e5));
}

}  // namespace

void check_targets(const std::vector<BuiltTarget>& targets, const Grid& ct_grid, const Occupancy& body) {
  for (const BuiltTarget& target : targets) {
    double volume = 0, in_ct = 0, inside = 0;
    for (const Sample& sample : target.shape.sample(sample_step(target.shape))) {
      volume += sample.volume_mm3;
      if (in_grid(ct_grid, sample.point)) in_ct += sample.volume_mm3;
      if (in_body(body, sample.point)) inside += sample.volume_mm3;
    }
    const std::string& name = target.shape.name();
    // Half a per mille: what rounding of contour coordinates can push over the outermost slice.
    if (in_ct < 0.9995 * volume)
      throw InputError(fmt::format("{:.1f} % of the target '{}' lies outside the CT", 100 * (1 - in_ct / volume), name),
                       "RTSTRUCT", "no dose can be computed there",
                       "use a CT that holds the whole target, or check that CT and RTSTRUCT belong together");
    const double outside_pct = 100 * (1 - inside / volume);
    if (outside_pct > 50)
      throw InputError(fmt::format("{:.1f} % of the target '{}' lies outside the body", outside_pct, name), "RTSTRUCT",
                       "it cannot be irradiated", "check the body contour (--body) and the target");
  }
}

Warnings check_structures(const std::vector<NamedShape>& shapes, const Grid& ct_grid) {
  Warnings warnings;
  for (const NamedShape& named : shapes) {
    const Box box = named.shape.bounding_box();
    if (in_grid(ct_grid, box.low) && in_grid(ct_grid, box.high)) continue;
    double volume = 0, outside = 0;
    for (const Sample& sample : named.shape.sample(sample_step(named.shape))) {
      volume += sample.volume_mm3;
      if (!in_grid(ct_grid, sample.point)) outside += sample.volume_mm3;
    }
    if (outside > 0.0005 * volume)
      warnings.push_back(
          {"structure-outside-ct",
           fmt::format("{:.1f} % of '{}' lies outside the CT; its figures hold for the part inside the dose grid",
                       100 * outside / volume, named.shape.name())});
  }
  return warnings;
}

}  // namespace sbrt
