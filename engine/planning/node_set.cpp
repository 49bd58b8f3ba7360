#include "engine/planning/node_set.h"

#include "engine/json.h"
#include "engine/planning/csv.h"
#include "engine/planning/robot_limits.h"
#include "geometry/error.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace sbrt {
namespace {

/// What distinguishes the shipped sets. docs/physics.md, "Node sets".
struct Construction {
  std::string name, prefix;
  int lattice = 0;                   //!< directions on the whole sphere before the exclusions
  std::vector<double> radii_mm;      //!< nested spheres, taken in turn
  double least_elevation_deg = -22;  //!< above the horizontal plane through the centre
  double feet_cone_deg = 0;          //!< half-angle about the feet axis without nodes
  double head_cone_deg = 0;          //!< half-angle about the head axis without nodes
};

/// Whole micrometres, so that the last bits of a maths library do not change the set.
double to_micrometre(double mm) { return std::round(mm * 1000) / 1000; }

/// Fibonacci lattice: equal steps in the height along the head axis, golden angle around it.
std::vector<PatientVec> directions(const Construction& c) {
  const double golden_angle = (3 - std::sqrt(5.0)) * 180 * units::degree;
  const double below_couch = std::sin(c.least_elevation_deg * units::degree);
  const double feet = -std::cos(c.feet_cone_deg * units::degree), head = std::cos(c.head_cone_deg * units::degree);
  std::vector<PatientVec> kept;
  for (int i = 0; i < c.lattice; ++i) {
    const double z = 1 - (2 * i + 1.0) / c.lattice;
    const double rho = std::sqrt(1 - z * z), angle = i * golden_angle;
    const PatientVec v{rho * std::cos(angle), rho * std::sin(angle), z};
    const double up = -v.y;  // the front of a supine patient looks up
    if (up < below_couch || v.z < feet || (c.head_cone_deg > 0 && v.z > head)) continue;
    kept.push_back(v);
  }
  return kept;
}

double way(const std::vector<PatientVec>& p, std::size_t a, std::size_t b) { return norm(p[a] - p[b]); }

/// Open tour: nearest neighbour, then 2-opt until no exchange shortens it.
std::vector<std::size_t> path_order(const std::vector<PatientVec>& p) {
  const std::size_t n = p.size();
  std::vector<std::size_t> tour{0};
  std::vector<bool> visited(n, false);
  visited[0] = true;
  while (tour.size() < n) {
    std::size_t best = n;
    for (std::size_t j = 0; j < n; ++j)
      if (!visited[j] && (best == n || way(p, tour.back(), j) < way(p, tour.back(), best))) best = j;
    visited[best] = true;
    tour.push_back(best);
  }
  constexpr double least_gain_mm = 1e-6;
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t a = 0; a + 1 < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b) {
        // Reversing tour[a+1..b] replaces the links (a, a+1) and (b, b+1); the end has no link.
        const double old_way = way(p, tour[a], tour[a + 1]) + (b + 1 < n ? way(p, tour[b], tour[b + 1]) : 0);
        const double new_way = way(p, tour[a], tour[b]) + (b + 1 < n ? way(p, tour[a + 1], tour[b + 1]) : 0);
        if (new_way < old_way - least_gain_mm) {
          std::reverse(tour.begin() + std::ptrdiff_t(a) + 1, tour.begin() + std::ptrdiff_t(b) + 1);
          shorter = true;
        }
      }
  }
  return tour;
}

NodeSet construct(const Construction& c) {
  std::vector<PatientVec> offsets;
  for (const PatientVec& v : directions(c)) {
    const PatientVec o = c.radii_mm[offsets.size() % c.radii_mm.size()] * v;
    offsets.push_back({to_micrometre(o.x), to_micrometre(o.y), to_micrometre(o.z)});
  }
  NodeSet set{c.name, {}};
  for (const std::size_t i : path_order(offsets))
    set.nodes.push_back({fmt::format("{}{:03}", c.prefix, set.nodes.size() + 1), offsets[i]});
  return set;
}

NodeSet from_json(const std::filesystem::path& path) {
  const JsonReader root = JsonReader::from_file(path);
  root.expect_schema("sbrtplan-nodes/1");
  NodeSet set;
  set.name = root.find("name") ? root.at("name").text() : path.stem().string();
  for (const JsonReader& item : root.at("nodes").items())
    set.nodes.push_back({item.at("id").text(), item.at("offset_mm").vector()});
  root.expect_all_used();
  return set;
}

NodeSet from_csv(const std::filesystem::path& path) {
  NodeSet set{path.stem().string(), {}};
  const std::vector<std::string> header{"id", "x_mm", "y_mm", "z_mm"};
  for (const CsvTextRow& row : read_text_csv(path, header)) {
    const auto number = [&](std::size_t c) { return csv_number(row.cells[c], path, row.line, header[c]); };
    set.nodes.push_back({row.cells[0], {number(1), number(2), number(3)}});
  }
  return set;
}

void check(const NodeSet& set, const std::filesystem::path& path) {
  if (set.nodes.empty()) throw InputError("node set is empty", path.string(), "", "list at least one node");
  std::map<std::string, std::size_t> ids;
  std::map<std::array<double, 3>, std::string> places;
  for (const Node& node : set.nodes) {
    const std::string where = fmt::format("{}: node '{}'", path.string(), node.id);
    if (node.id.empty() || node.id.find_first_of(",\"\n\r") != std::string::npos)
      throw InputError("node id cannot be used", where, "it is empty or holds a comma, quote or line end",
                       "give every node a plain id");
    if (!ids.emplace(node.id, ids.size()).second)
      throw InputError("node id occurs twice", where, "", "give every node its own id");
    const double length = norm(node.offset_mm);
    if (!(length >= nearest_source_mm && length <= farthest_source_mm))
      throw InputError(fmt::format("node is {:.1f} mm from the alignment centre", length), where,
                       fmt::format("it must lie between {} and {} mm", nearest_source_mm, farthest_source_mm),
                       "give offsets in millimetres from the alignment centre");
    const auto [place, is_new] =
        places.emplace(std::array{node.offset_mm.x, node.offset_mm.y, node.offset_mm.z}, node.id);
    if (!is_new)
      throw InputError("node has the position of node '" + place->second + "'", where, "", "remove one of the two");
  }
}

}  // namespace

NodeSet NodeSet::body() {
  return construct({.name = "body",
                    .prefix = "b",
                    .lattice = 196,
                    .radii_mm = {800, 900, 1000},
                    .feet_cone_deg = 40,
                    .head_cone_deg = 25});
}

NodeSet NodeSet::head() {
  return construct(
      {.name = "head", .prefix = "h", .lattice = 296, .radii_mm = {650, 700, 750, 800}, .feet_cone_deg = 45});
}

NodeSet NodeSet::from_file(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return char(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  if (extension != ".json" && extension != ".csv")
    throw InputError("node set cannot be read", path.string(), "it is neither .json nor .csv",
                     "use body, head or a file of these kinds");
  NodeSet set = extension == ".json" ? from_json(path) : from_csv(path);
  check(set, path);
  return set;
}

NodeSet NodeSet::named_or_file(const std::string& name_or_path) {
  if (name_or_path == "body") return body();
  if (name_or_path == "head") return head();
  return from_file(name_or_path);
}

double NodeSet::path_length_mm() const {
  double length = 0;
  for (std::size_t i = 1; i < nodes.size(); ++i) length += norm(nodes[i].offset_mm - nodes[i - 1].offset_mm);
  return length;
}

}  // namespace sbrt
