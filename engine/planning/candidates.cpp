#include "engine/planning/cut_faces.h"
#include "engine/planning/dose_points.h"
#include "engine/planning/low_discrepancy.h"
#include "engine/planning/node_fields.h"
#include "engine/planning/planner.h"
#include "engine/planning/robot_limits.h"
#include "engine/planning/target_views.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace sbrt {
namespace {

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

/// Candidates for targets of this many places to touch; a ball has nine. Of tiny targets the penumbra blurs what few
/// cones leave to choose: only their places and directions can make the fall-off steeper, so they get more.
int automatic_count(const std::vector<PlanningTarget>& targets, double places) {
  constexpr double places_of_ball = 9, tiny_below_mm = 20;
  double largest = 0;
  for (const PlanningTarget& t : targets) largest = std::max(largest, equal_volume_diameter_mm(t.shape));
  const double size = std::clamp(std::max(places / places_of_ball, std::min(tiny_below_mm / largest, 2.0)), 1.0, 2.5);
  return int(std::lround(1500 * size)) + 500 * std::min(int(targets.size()) - 1, 5);
}

/// Middle of the longest way inside the target along a ray from the source; nothing where the ray misses it.
std::optional<PatientPoint> middle_inside(const Shape& target, PatientPoint source, PatientVec direction,
                                          double nearest_mm, double farthest_mm) {
  for (const int steps : {64, 1024}) {
    const double step = (farthest_mm - nearest_mm) / steps;
    int longest = 0, end = 0, run = 0;
    for (int i = 0; i < steps; ++i) {
      run = target.contains(source + (nearest_mm + (i + 0.5) * step) * direction) ? run + 1 : 0;
      if (run > longest) {
        longest = run;
        end = i + 1;
      }
    }
    if (longest > 0) return source + (nearest_mm + (end - 0.5 * longest) * step) * direction;
  }
  return std::nullopt;
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
  const PatientPoint centre = alignment_centre(targets);
  std::vector<double> all;
  for (const PlanningTarget& t : targets)
    for (const double c : TargetViews(t.shape, nodes, centre, beam_data.reference_distance_mm()).collimators(beam_data))
      all.push_back(c);
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
  std::vector<DistanceToShape> barred;
  for (const Shape& s : problem.avoidance) barred.emplace_back(s, 0.2);
  std::vector<TargetViews> views;
  std::vector<std::vector<double>> collimators;
  double places = 0;  // to touch along the outlines, of the target that has most
  for (const PlanningTarget& target : problem.targets) {
    views.emplace_back(target.shape, nodes, centre, problem.beam_data->reference_distance_mm());
    collimators.push_back(options.collimators_mm.empty() ? views.back().collimators(*problem.beam_data)
                                                         : options.collimators_mm);
    std::sort(collimators.back().begin(), collimators.back().end());
    places = std::max(places, views.back().places(collimators.back().front()));
  }
  const std::vector<int> counts =
      shared_counts(problem.targets, options.count > 0 ? options.count : automatic_count(problem.targets, places));

  struct Candidate {
    std::size_t node;
    Beam beam;
  };
  std::vector<Candidate> candidates;
  int tried = 0, stopped_by_structure = 0, out_of_reach = 0, through_cut_face = 0;
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const Shape& target = problem.targets[t].shape;
    std::vector<NodeFields> fields;
    for (std::size_t n = 0; n < nodes.nodes.size(); ++n) fields.emplace_back(views[t].of_node(n), collimators[t]);
    const std::uint64_t seed = mixed(options.seed) + t;
    const int most_tries = retries * counts[t];
    for (int i = 0, made = 0; i < most_tries && made < counts[t]; ++i) {
      // Nodes take turns; each has its own quasi-random sequence, so that its few fields are spread over the outline.
      const std::size_t n = std::size_t(i) % nodes.nodes.size();
      const std::uint64_t round = std::uint64_t(i) / nodes.nodes.size(), node_seed = mixed(seed) + n;
      const BeamsEyeView& view = views[t].of_node(n);
      const Field field = fields[n].field(quasi_random(round, 0, node_seed), quasi_random(round, 1, node_seed),
                                          quasi_random(round, 2, node_seed));
      Beam beam;
      beam.node = nodes.nodes[n].id;
      beam.source = to_micrometre(centre + nodes.nodes[n].offset_mm);
      beam.collimator_mm = options.isocentric ? collimators[t][round % collimators[t].size()] : field.collimator_mm;
      const PatientVec direction = view.direction(field.at);
      const double along = dot(direction, view.direction({}));
      const std::optional<PatientPoint> aim =
          options.isocentric
              ? target.centroid()
              : middle_inside(target, beam.source, direction, view.nearest_mm() / along, view.farthest_mm() / along);
      if (!aim) continue;
      beam.aim = to_micrometre(*aim);
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
