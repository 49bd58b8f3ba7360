#include "dose/beam_groups.h"

#include <cmath>
#include <map>
#include <tuple>

namespace sbrt {
namespace {

constexpr double smallest_cosine = 0.94;  // of a direction to that of the group's first beam: 20 degrees

PatientVec any_normal(PatientVec d) {
  const double x = std::abs(d.x), y = std::abs(d.y), z = std::abs(d.z);
  const PatientVec least = x <= y && x <= z ? PatientVec{1, 0, 0} : y <= z ? PatientVec{0, 1, 0} : PatientVec{0, 0, 1};
  return Direction<Patient>(cross(d, least));
}

}  // namespace

SourceFrame::SourceFrame(PatientPoint source_point, PatientVec direction)
    : source(source_point), w(Direction<Patient>(direction).vec()) {
  u = any_normal(w);
  v = cross(w, u);
}

std::vector<BeamGroup> group_by_source(const BeamSet& beams, const std::vector<char>& used) {
  struct Gathered {
    PatientVec first, sum;
    std::vector<std::size_t> beams;
  };
  std::vector<Gathered> gathered;
  std::map<std::tuple<double, double, double>, std::vector<std::size_t>> by_source;  // places in `gathered`
  for (std::size_t b = 0; b < beams.size(); ++b) {
    if (!used[b]) continue;
    const PatientVec direction = Direction<Patient>(beams[b].aim - beams[b].source);
    auto& here = by_source[{beams[b].source.x, beams[b].source.y, beams[b].source.z}];
    Gathered* group = nullptr;
    for (const std::size_t g : here)
      if (dot(gathered[g].first, direction) > smallest_cosine) {
        group = &gathered[g];
        break;
      }
    if (!group) {
      here.push_back(gathered.size());
      group = &gathered.emplace_back(Gathered{direction, {}, {}});
    }
    group->sum = group->sum + direction;
    group->beams.push_back(b);
  }
  std::vector<BeamGroup> groups;
  for (Gathered& g : gathered)
    groups.push_back({SourceFrame(beams[g.beams.front()].source, g.sum), std::move(g.beams)});
  return groups;
}

}  // namespace sbrt
