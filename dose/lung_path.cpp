#include "dose/dose_engine.h"
#include "dose/point_dose.h"
#include "geometry/traverse.h"

#include <algorithm>

namespace sbrt {
namespace {

constexpr double lung_density = 0.4;
constexpr double judged_mm = 50;  // of the path before the target
constexpr double crossed_mm = 3;  // less is noise or the partly filled voxels of the skin

/// Calls visit(voxel, from_mm, to_mm) along the axis; distances are from the source.
template <class Visit>
void walk_axis(const Grid& grid, const BeamAxis& axis, Visit&& visit) {
  const Box box = grid.bounding_box();
  const double reach = distance(axis.source, box.centre()) + distance(box.low, box.high);
  const PatientPoint end = axis.source + reach * axis.direction.vec();
  double at = clip_to_grid(grid, axis.source, end).enter * reach;
  traverse(grid, axis.source, end, [&](std::size_t voxel, double length_mm) {
    visit(voxel, at, at + length_mm);
    at += length_mm;
  });
}

/// Distance from the source at which the axis enters the target, or that of the aim point when it does not.
double target_entry_mm(const Beam& beam, const BeamAxis& axis, const Occupancy& target) {
  double entry = -1;
  walk_axis(target.grid(), axis, [&](std::size_t voxel, double from_mm, double) {
    if (entry < 0 && target.values()[voxel] >= 0.5f) entry = from_mm;
  });
  return entry < 0 ? distance(beam.source, beam.aim) : entry;
}

bool crosses_lung(const BeamAxis& axis, const DensityMap& density, double entry_mm) {
  double low_density_mm = 0;
  bool in_body = false;
  walk_axis(density.grid(), axis, [&](std::size_t voxel, double from_mm, double to_mm) {
    const float value = density.values()[voxel];
    in_body = in_body || value > 0;
    if (in_body && value < lung_density)
      low_density_mm += std::max(0.0, std::min(to_mm, entry_mm) - std::max(from_mm, entry_mm - judged_mm));
  });
  return low_density_mm >= crossed_mm;
}

}  // namespace

double lung_path_share(const BeamSet& beams, const DensityMap& density, const Occupancy& target) {
  double lung = 0, all = 0;
  for (const Beam& beam : beams) {
    const BeamAxis axis(beam);
    all += beam.weight_mu;
    if (crosses_lung(axis, density, target_entry_mm(beam, axis, target))) lung += beam.weight_mu;
  }
  return all > 0 ? lung / all : 0;
}

}  // namespace sbrt
