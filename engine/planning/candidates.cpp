#include "engine/planning/aim_points.h"
#include "engine/planning/cut_faces.h"
#include "engine/planning/low_discrepancy.h"
#include "engine/planning/planner.h"
#include "engine/planning/robot_limits.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

/// Width of the target seen from a node, smallest and mean over directions across the view [mm].
double mean_width_mm(const std::vector<PatientPoint>& surface, PatientVec axis) {
  const PatientVec a = axis / norm(axis);
  const PatientVec helper = std::abs(a.z) < 0.9 ? PatientVec{0, 0, 1} : PatientVec{1, 0, 0};
  PatientVec u = cross(a, helper);
  u = u / norm(u);
  const PatientVec v = cross(a, u);
  // Directions across the view at 0, 45, 90 and 135 degrees.
  const std::array<PatientVec, 4> across{u, 0.70710678118654752 * (u + v), v, 0.70710678118654752 * (u - v)};
  double sum = 0;
  for (const PatientVec& w : across) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const PatientPoint& p : surface) {
      const double t = dot(p - PatientPoint{}, w);
      low = std::min(low, t);
      high = std::max(high, t);
    }
    sum += high - low;
  }
  return sum / double(across.size());
}

/// Diameter a circular field needs to cover the target from an average node [mm].
double beams_eye_diameter_mm(const Shape& target, const NodeSet& nodes) {
  const double step = std::cbrt(target.volume_mm3()) / 10;
  const std::vector<PatientPoint> surface = surface_points(target, step);
  double sum = 0;
  for (const Node& node : nodes.nodes) sum += mean_width_mm(surface, node.offset_mm);
  return sum / double(nodes.nodes.size());
}

double mean_distance_mm(const NodeSet& nodes) {
  double sum = 0;
  for (const Node& node : nodes.nodes) sum += norm(node.offset_mm);
  return sum / double(nodes.nodes.size());
}

std::vector<double> collimators_for(const Shape& target, const BeamData& beam_data, const NodeSet& nodes) {
  constexpr std::array<double, 4> shares{0.36, 0.56, 0.78, 1.0};
  const double diameter = beams_eye_diameter_mm(target, nodes);
  const double magnification = mean_distance_mm(nodes) / beam_data.reference_distance_mm();
  std::vector<double> chosen;
  for (const double share : shares) {
    const double wanted = share * diameter / magnification;
    const auto& all = beam_data.collimators_mm();
    const double nearest = *std::min_element(
        all.begin(), all.end(), [&](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); });
    if (std::find(chosen.begin(), chosen.end(), nearest) == chosen.end()) chosen.push_back(nearest);
  }
  return chosen;
}

/// True where a beam of this field radius meets the structure between the skin side and the aim point.
bool passes(const DistanceToShape& structure, PatientPoint source, PatientPoint aim, double field_radius_mm) {
  constexpr double longest_way_mm = 600;  // beyond this distance from the aim point there is air only
  const PatientVec back = (source - aim) / distance(source, aim);
  for (double t = 0; t < longest_way_mm;) {
    const double gap = structure(aim + t * back) - field_radius_mm;
    if (gap <= 0) return true;
    t += std::max(gap, 0.5);
  }
  return false;
}

/// Targets of different size share the candidates by their diameter; the largest does not starve the others.
std::vector<int> shared_counts(const std::vector<PlanningTarget>& targets, int count) {
  std::vector<double> size;
  for (const PlanningTarget& t : targets) size.push_back(std::cbrt(t.shape.volume_mm3()));
  const double all = std::accumulate(size.begin(), size.end(), 0.0);
  std::vector<int> counts;
  for (const double s : size) counts.push_back(std::max(1, int(std::lround(count * s / all))));
  return counts;
}

int automatic_count(const std::vector<PlanningTarget>& targets) {
  return 1500 + 500 * std::min(int(targets.size()) - 1, 5);
}

/// Candidates that are left out are made up for by others, up to this many tries per wanted one.
constexpr int retries = 4;

double to_micrometre(double mm) { return std::round(mm * 1000) / 1000; }
PatientPoint to_micrometre(PatientPoint p) { return {to_micrometre(p.x), to_micrometre(p.y), to_micrometre(p.z)}; }

}  // namespace

PatientPoint alignment_centre(const std::vector<PlanningTarget>& targets) {
  SBRT_EXPECT(!targets.empty());
  PatientVec sum{};
  double volume = 0;
  for (const PlanningTarget& t : targets) {
    sum = sum + t.shape.volume_mm3() * (t.shape.centroid() - PatientPoint{});
    volume += t.shape.volume_mm3();
  }
  return PatientPoint{} + sum / volume;
}

std::vector<double> automatic_collimators(const std::vector<PlanningTarget>& targets, const BeamData& beam_data,
                                          const NodeSet& nodes) {
  std::vector<double> all;
  for (const PlanningTarget& t : targets)
    for (const double c : collimators_for(t.shape, beam_data, nodes)) all.push_back(c);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

BeamSet make_candidates(const PlanningProblem& problem, const PlanningOptions& options, Warnings& warnings) {
  SBRT_EXPECT(problem.beam_data != nullptr);
  if (problem.targets.empty()) throw InputError("no target", "candidate beams", "", "name a target");
  if (options.nodes.nodes.empty())
    throw InputError("node set is empty", "candidate beams", "", "use body, head or a node file");
  if (options.count < 0 || options.count > 200000)
    throw InputError(fmt::format("{} candidates", options.count), "--count", "it must lie between 1 and 200000",
                     "leave it out for an automatic choice");
  for (const double c : options.collimators_mm) problem.beam_data->require_collimator(c);

  const NodeSet& nodes = options.nodes;
  const PatientPoint centre = alignment_centre(problem.targets);
  const double magnification = mean_distance_mm(nodes) / problem.beam_data->reference_distance_mm();
  std::vector<DistanceToShape> barred;
  for (const Shape& s : problem.avoidance) barred.emplace_back(s, 0.2);
  const std::vector<int> counts =
      shared_counts(problem.targets, options.count > 0 ? options.count : automatic_count(problem.targets));

  struct Candidate {
    std::size_t node;
    Beam beam;
  };
  std::vector<Candidate> candidates;
  int tried = 0, stopped_by_structure = 0, out_of_reach = 0, through_cut_face = 0;
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const Shape& target = problem.targets[t].shape;
    const AimPoints aims(target, 3000);
    const std::vector<double> collimators =
        options.collimators_mm.empty() ? collimators_for(target, *problem.beam_data, nodes) : options.collimators_mm;
    std::vector<AimPoints::Choice> choices;
    for (const double c : collimators) choices.push_back(aims.for_field(0.5 * c * magnification));
    const std::uint64_t seed = mixed(options.seed) + t;
    const int most_tries = retries * counts[t];
    for (int i = 0, made = 0; i < most_tries && made < counts[t]; ++i) {
      const auto pick = [](double u, std::size_t n) { return std::min(n - 1, std::size_t(u * double(n))); };
      // Nodes take turns; collimators change whenever the nodes have all had their turn.
      const std::size_t n = std::size_t(i) % nodes.nodes.size();
      const std::size_t c = pick(quasi_random(std::uint64_t(i), 0, seed), collimators.size());
      const double share_at_edge = choices[c].interior.empty() ? 1.0 : 0.7;
      const double u = quasi_random(std::uint64_t(i), 1, seed), v = quasi_random(std::uint64_t(i), 2, seed);
      const auto& list = u < share_at_edge ? choices[c].edge : choices[c].interior;
      Beam beam;
      beam.node = nodes.nodes[n].id;
      beam.source = to_micrometre(centre + nodes.nodes[n].offset_mm);
      beam.aim = to_micrometre(options.isocentric ? target.centroid() : list[pick(v, list.size())]);
      beam.collimator_mm = collimators[c];
      const double length = distance(beam.source, beam.aim);
      ++tried;
      if (length < nearest_source_mm || length > farthest_source_mm) {
        ++out_of_reach;
        continue;
      }
      if (problem.body && enters_through_cut_face(beam, *problem.body, *problem.beam_data)) {
        ++through_cut_face;
        continue;
      }
      const double field_radius = 0.5 * beam.collimator_mm * length / problem.beam_data->reference_distance_mm();
      if (std::any_of(barred.begin(), barred.end(),
                      [&](const DistanceToShape& s) { return passes(s, beam.source, beam.aim, field_radius); })) {
        ++stopped_by_structure;
        continue;
      }
      candidates.push_back({n, beam});
      ++made;
    }
  }
  if (candidates.empty())
    throw InputError("no candidate beam is left", "candidate beams",
                     fmt::format("{} pass an avoidance structure, {} are out of the robot's reach, {} enter "
                                 "through a cut face of the CT",
                                 stopped_by_structure, out_of_reach, through_cut_face),
                     "relax the avoidance structures, use another node set or a longer CT");
  if (stopped_by_structure > 0)
    warnings.push_back(
        {"candidates-barred", fmt::format("{} of {} candidate beams pass an avoidance structure and were left out",
                                          stopped_by_structure, tried)});
  if (through_cut_face > 0)
    warnings.push_back(
        {"ct-truncated",
         fmt::format("{} of {} candidate directions enter through a cut face of the CT and were left out",
                     through_cut_face, tried)});
  if (out_of_reach > 0)
    warnings.push_back(
        {"candidates-out-of-reach",
         fmt::format("{} candidate beams are out of the robot's reach and were left out", out_of_reach)});
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.node < b.node; });
  BeamSet beams;
  for (Candidate& c : candidates) {
    const bool repeated =
        options.isocentric && std::any_of(beams.begin(), beams.end(), [&](const Beam& b) {
          return b.source == c.beam.source && b.aim == c.beam.aim && b.collimator_mm == c.beam.collimator_mm;
        });
    if (repeated) continue;
    c.beam.id = fmt::format("{}", beams.size() + 1);
    beams.push_back(c.beam);
  }
  return beams;
}

}  // namespace sbrt
