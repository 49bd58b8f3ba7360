#include "dose/beam_check.h"

#include "dose/point_dose.h"
#include "dose/water_depth.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

/// A point of the axis beyond every voxel of the map.
PatientPoint beyond(const Grid& grid, PatientPoint source, PatientVec direction) {
  const Box box = grid.bounding_box();
  return source + (distance(source, box.centre()) + distance(box.low, box.high)) * direction;
}

/// Two unit vectors that complete the direction to an orthonormal frame.
std::pair<PatientVec, PatientVec> normals_of(PatientVec d) {
  const double x = std::abs(d.x), y = std::abs(d.y), z = std::abs(d.z);
  const PatientVec least = x <= y && x <= z ? PatientVec{1, 0, 0} : y <= z ? PatientVec{0, 1, 0} : PatientVec{0, 0, 1};
  const PatientVec u = Direction<Patient>(cross(d, least));
  return {u, cross(d, u)};
}

void require_valid(const Beam& beam, const std::string& where, const DensityMap& density, const BeamData& beam_data) {
  if (!is_finite(beam.source) || !is_finite(beam.aim))
    throw InputError("a coordinate is not finite", where, "source and aim must be points in mm", "correct the beam");
  if (!(distance(beam.source, beam.aim) > 0))
    throw InputError("source and aim are the same point", where, "the beam has no direction", "move the aim point");
  if (!std::isfinite(beam.weight_mu) || beam.weight_mu < 0)
    throw InputError(fmt::format("the weight is {} MU", beam.weight_mu), where, "MU must be finite and not negative",
                     "correct the weight");
  try {
    beam_data.require_collimator(beam.collimator_mm);
  } catch (const InputError& e) {
    throw InputError(e.problem(), where, e.where() + ": " + e.why(), e.remedy());
  }
  if (density.grid().contains(beam.source)) {
    const VoxelPoint v = density.grid().to_voxel(beam.source);
    const GridSize n = density.grid().size();
    const auto cell = [](double x, int size) { return std::min(std::max(int(std::lround(x)), 0), size - 1); };
    if (density(cell(v.x, n.nx), cell(v.y, n.ny), cell(v.z, n.nz)) > 0)
      throw InputError("the source lies inside the body", where, "a robot's head stays outside the patient",
                       "check the beam's coordinates (patient mm)");
  }
}

}  // namespace

void require_valid_beams(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data) {
  for (std::size_t b = 0; b < beams.size(); ++b)
    require_valid(beams[b], beams[b].id.empty() ? fmt::format("beam {}", b + 1) : "beam " + beams[b].id, density,
                  beam_data);
}

bool meets_body(const Beam& beam, const DensityMap& density, double reference_distance_mm) {
  const BeamAxis axis(beam);
  // Nearly every axis crosses density at its aim point, and a short walk there shows it.
  constexpr double about_aim_mm = 2;
  const double to_aim = distance(beam.source, beam.aim);
  const auto on_axis = [&](double mm) { return beam.source + std::max(mm, 0.0) * axis.direction.vec(); };
  if (water_equivalent_depth_mm(density, on_axis(to_aim - about_aim_mm), on_axis(to_aim + about_aim_mm)) > 0)
    return true;
  const auto crosses = [&](PatientVec direction) {
    const PatientVec d = Direction<Patient>(direction);
    return water_equivalent_depth_mm(density, beam.source, beyond(density.grid(), beam.source, d)) > 0;
  };
  if (crosses(axis.direction)) return true;
  const auto [u, v] = normals_of(axis.direction);
  constexpr int rings = 3, rays = 16;
  for (int ring = 1; ring <= rings; ++ring) {
    const double tangent = beam.collimator_mm / 2 * ring / rings / reference_distance_mm;
    for (int ray = 0; ray < rays; ++ray) {
      const double angle = 2 * std::numbers::pi * ray / rays;
      if (crosses(axis.direction.vec() + tangent * (std::cos(angle) * u + std::sin(angle) * v))) return true;
    }
  }
  return false;
}

BodyHits find_beams_that_meet_body(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data) {
  BodyHits hits{std::vector<char>(beams.size(), 0), {}};
  parallel_for_blocks(std::int64_t(beams.size()), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b)
      hits.meets[b] = meets_body(beams[b], density, beam_data.reference_distance_mm());
  });
  for (std::size_t b = 0; b < beams.size(); ++b)
    if (!hits.meets[b])
      hits.warnings.push_back(
          {"beam-misses-body", fmt::format("the field of beam {} crosses no part of the body; it adds no dose",
                                           beams[b].id.empty() ? fmt::format("{}", b + 1) : beams[b].id)});
  return hits;
}

}  // namespace sbrt
