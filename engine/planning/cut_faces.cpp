#include "engine/planning/cut_faces.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace sbrt {
namespace {

bool crosses_cut_face(const Occupancy& body, PatientPoint source, PatientPoint aim) {
  const VoxelPoint from = body.grid().to_voxel(source), to = body.grid().to_voxel(aim);
  const std::array<double, 3> start{from.x, from.y, from.z};
  const std::array<double, 3> step{to.x - from.x, to.y - from.y, to.z - from.z};
  const std::array<int, 3> size{body.grid().size().nx, body.grid().size().ny, body.grid().size().nz};
  double enter = 0, leave = 1;
  std::size_t face = 3;
  for (std::size_t d = 0; d < 3; ++d) {
    if (step[d] == 0) {
      if (start[d] < -0.5 || start[d] > size[d] - 0.5) return false;  // passes beside the scan
      continue;
    }
    const double low = (-0.5 - start[d]) / step[d], high = (size[d] - 0.5 - start[d]) / step[d];
    leave = std::min(leave, std::max(low, high));
    if (std::min(low, high) > enter) {
      enter = std::min(low, high);
      face = d;
    }
  }
  if (face == 3 || enter >= leave) return false;  // the source stands inside the scan, or the ray misses it

  std::array<int, 3> cell{};
  for (std::size_t d = 0; d < 3; ++d)
    cell[d] = std::clamp(int(std::lround(start[d] + enter * step[d])), 0, size[d] - 1);
  const int inward = step[face] > 0 ? 1 : -1;
  cell[face] = inward > 0 ? 0 : size[face] - 1;
  for (int layer = 0; layer < 2; ++layer, cell[face] += inward) {
    if (cell[face] < 0 || cell[face] >= size[face]) return false;
    if (body(cell[0], cell[1], cell[2]) >= 0.5f) return true;
  }
  return false;
}

}  // namespace

bool enters_through_cut_face(const Beam& beam, const Occupancy& body, const BeamData& beam_data) {
  if (crosses_cut_face(body, beam.source, beam.aim)) return true;
  const double length = distance(beam.source, beam.aim);
  const PatientVec axis = (beam.aim - beam.source) / length;
  const PatientVec helper = std::abs(axis.z) < 0.9 ? PatientVec{0, 0, 1} : PatientVec{1, 0, 0};
  PatientVec u = cross(axis, helper);
  u = u / norm(u);
  const PatientVec v = cross(axis, u);
  const double radius = 0.5 * beam.collimator_mm * length / beam_data.reference_distance_mm();
  constexpr double diagonal = 0.70710678118654752;
  constexpr std::array<std::array<double, 2>, 8> around{{{1, 0},
                                                         {diagonal, diagonal},
                                                         {0, 1},
                                                         {-diagonal, diagonal},
                                                         {-1, 0},
                                                         {-diagonal, -diagonal},
                                                         {0, -1},
                                                         {diagonal, -diagonal}}};
  for (const auto& [a, b] : around)
    if (crosses_cut_face(body, beam.source, beam.aim + radius * (a * u + b * v))) return true;
  return false;
}

Warnings truncated_path_warnings(const BeamSet& beams, const Occupancy& body, const BeamData& beam_data) {
  constexpr int named = 10;
  std::string names;
  int cut = 0, used = 0;
  double cut_mu = 0, all_mu = 0;
  for (const Beam& beam : beams) {
    if (!(beam.weight_mu > 0)) continue;
    ++used;
    all_mu += beam.weight_mu;
    if (!enters_through_cut_face(beam, body, beam_data)) continue;
    cut_mu += beam.weight_mu;
    if (++cut <= named) names += (cut > 1 ? ", " : "") + beam.id;
  }
  if (cut == 0) return {};
  if (cut > named) names += fmt::format(" and {} more", cut - named);
  return {
      {"beam-through-ct-edge",
       fmt::format("{} of {} beams ({:.1f} % of the MU) enter where the CT cuts the body off: tissue is missing from "
                   "their depth and their dose is too high (beams {})",
                   cut, used, 100 * cut_mu / all_mu, names)}};
}

}  // namespace sbrt
