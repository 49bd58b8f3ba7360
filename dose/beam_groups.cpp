#include "dose/beam_groups.h"

#include <cmath>
#include <map>
#include <tuple>

namespace sbrt {
namespace {

PatientVec any_normal(PatientVec d) {
  const double x = std::abs(d.x), y = std::abs(d.y), z = std::abs(d.z);
  const PatientVec least = x <= y && x <= z ? PatientVec{1, 0, 0} : y <= z ? PatientVec{0, 1, 0} : PatientVec{0, 0, 1};
  return Direction<Patient>(cross(d, least));
}

template <class FaceOf>
std::vector<BeamGroup> grouped(const BeamSet& beams, const std::vector<char>& used, FaceOf&& face_of) {
  std::vector<BeamGroup> groups;
  std::map<std::tuple<double, double, double, int, bool>, std::size_t> place;
  for (std::size_t b = 0; b < beams.size(); ++b) {
    if (!used[b]) continue;
    const PatientPoint s = beams[b].source;
    const GridFace face = face_of(beams[b]);
    const auto [it, added] = place.try_emplace({s.x, s.y, s.z, face.normal, face.forward}, groups.size());
    if (added) groups.push_back({s, face, {}});
    groups[it->second].beams.push_back(b);
  }
  return groups;
}

}  // namespace

SourceFrame::SourceFrame(PatientPoint source_point, PatientVec direction)
    : source(source_point), w(Direction<Patient>(direction).vec()) {
  u = any_normal(w);
  v = cross(w, u);
}

GridFace steepest_face(const Grid& grid, PatientVec direction) {
  const double along[3] = {dot(direction, grid.axes().i), dot(direction, grid.axes().j), dot(direction, grid.axes().k)};
  int steepest = 0;
  for (int axis = 1; axis < 3; ++axis)
    if (std::abs(along[axis]) > std::abs(along[steepest])) steepest = axis;
  return {steepest, along[steepest] > 0};
}

std::vector<BeamGroup> group_by_source(const BeamSet& beams, const std::vector<char>& used) {
  return grouped(beams, used, [](const Beam&) { return GridFace{}; });
}

std::vector<BeamGroup> group_by_source_and_face(const BeamSet& beams, const std::vector<char>& used, const Grid& grid) {
  return grouped(beams, used, [&](const Beam& b) { return steepest_face(grid, b.aim - b.source); });
}

}  // namespace sbrt
