#include "geometry/structure_set.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace sbrt {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view to_string(RoiRole role) {
  switch (role) {
    case RoiRole::gtv:
      return "GTV";
    case RoiRole::ctv:
      return "CTV";
    case RoiRole::itv:
      return "ITV";
    case RoiRole::ptv:
      return "PTV";
    case RoiRole::external:
      return "EXTERNAL";
    case RoiRole::organ:
      return "ORGAN";
    case RoiRole::avoidance:
      return "AVOIDANCE";
    case RoiRole::support:
      return "SUPPORT";
    case RoiRole::marker:
      return "MARKER";
    case RoiRole::other:
      return "OTHER";
  }
  return "OTHER";
}

StructureSet::StructureSet(std::vector<Structure> structures, std::string frame_of_reference_uid)
    : frame_of_reference_uid_(std::move(frame_of_reference_uid)) {
  for (Structure& s : structures) add(std::move(s));
}

const Structure* StructureSet::find(std::string_view name) const {
  for (const Structure& s : structures_)
    if (s.name == name) return &s;
  const Structure* match = nullptr;
  const std::string wanted = lower(name);
  for (const Structure& s : structures_)
    if (lower(s.name) == wanted) {
      if (match) return nullptr;
      match = &s;
    }
  return match;
}

const Structure& StructureSet::at(std::string_view name) const {
  if (const Structure* s = find(name)) return *s;
  std::vector<std::string> names;
  for (const Structure& s : structures_) names.push_back(s.name);
  std::string nearest;
  for (const std::string& n : nearest_names(name, names)) nearest += (nearest.empty() ? "'" : ", '") + n + "'";
  throw InputError("no structure named '" + std::string(name) + "'", "RTSTRUCT",
                   "it has " + std::to_string(names.size()) + " structures",
                   nearest.empty() ? "check the RTSTRUCT" : "nearest names: " + nearest);
}

const Structure* StructureSet::body() const {
  for (const Structure& s : structures_)
    if (s.role == RoiRole::external && !s.contours.empty()) return &s;
  for (const char* name : {"external", "body", "skin"})
    for (const Structure& s : structures_)
      if (lower(s.name) == name && !s.contours.empty()) return &s;
  return nullptr;
}

void StructureSet::add(Structure structure) {
  SBRT_EXPECT(!structure.name.empty());
  for (const Structure& s : structures_)
    if (s.name == structure.name)
      throw InputError("two structures named '" + structure.name + "'", "RTSTRUCT",
                       "a name must say which one is meant", "rename one of them");
  structures_.push_back(std::move(structure));
}

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& names,
                                       std::size_t count) {
  const std::string wanted = lower(name);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& n : names) ranked.emplace_back(edit_distance(wanted, lower(n)), n);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> best;
  for (const auto& [distance, n] : ranked)
    if (best.size() < count) best.push_back(n);
  return best;
}

}  // namespace sbrt
