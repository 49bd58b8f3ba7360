#include "dose/dose_engine.h"
#include "dose/point_dose.h"
#include "geometry/traverse.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace sbrt {
namespace {

constexpr double lung_density = 0.4;
constexpr double judged_mm = 50;  // of the path before the target
constexpr double crossed_mm = 3;  // less is noise or the partly filled voxels of the skin
constexpr double around_mm = 10;  // lateral electrons of 6 MV need about this much lung to settle
constexpr int directions = 400;   // quasi-uniform: a share is known to some 2 %

/// Calls visit(voxel, from_mm, to_mm) along the ray; distances are from its start.
template <class Visit>
void walk(const Grid& grid, PatientPoint from, PatientVec direction, Visit&& visit) {
  const Box box = grid.bounding_box();
  const double reach = distance(from, box.centre()) + distance(box.low, box.high);
  const PatientPoint end = from + reach * direction;
  double at = clip_to_grid(grid, from, end).enter * reach;
  traverse(grid, from, end, [&](std::size_t voxel, double length_mm) {
    visit(voxel, at, at + length_mm);
    at += length_mm;
  });
}

template <class Visit>
void walk_axis(const Grid& grid, const BeamAxis& axis, Visit&& visit) {
  walk(grid, axis.source, axis.direction.vec(), visit);
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

std::optional<PatientPoint> centroid_of(const Occupancy& target) {
  const GridSize n = target.grid().size();
  PatientVec sum{};
  double weight = 0;
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        if (target(i, j, k) > 0) {
          sum = sum + double(target(i, j, k)) * (target.grid().voxel_centre(i, j, k) - PatientPoint{});
          weight += double(target(i, j, k));
        }
  if (!(weight > 0)) return {};
  return PatientPoint{} + (1 / weight) * sum;
}

/// True when most of the 10 mm behind the target, seen from a point inside, is lung. Air outside the body is not.
bool lung_behind(const DensityMap& density, const Occupancy& target, PatientPoint from, PatientVec direction) {
  double leave = 0;
  walk(target.grid(), from, direction, [&](std::size_t voxel, double, double to_mm) {
    if (target.values()[voxel] >= 0.5f) leave = to_mm;
  });
  double low_density_mm = 0;
  walk(density.grid(), from, direction, [&](std::size_t voxel, double from_mm, double to_mm) {
    const float value = density.values()[voxel];
    if (value > 0 && value < lung_density)
      low_density_mm += std::max(0.0, std::min(to_mm, leave + around_mm) - std::max(from_mm, leave));
  });
  return low_density_mm > around_mm / 2;
}

}  // namespace

double lung_surround_share(const DensityMap& density, const Occupancy& target) {
  const std::optional<PatientPoint> centre = centroid_of(target);
  if (!centre) return 0;
  const double golden = std::numbers::pi * (3 - std::sqrt(5.0));
  int lung = 0;
  for (int i = 0; i < directions; ++i) {
    const double z = 1 - (2 * i + 1.0) / directions, ring = std::sqrt(1 - z * z);
    lung += lung_behind(density, target, *centre, {ring * std::cos(golden * i), ring * std::sin(golden * i), z});
  }
  return double(lung) / directions;
}

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
