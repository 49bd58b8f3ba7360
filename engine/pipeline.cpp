#include "engine/pipeline.h"

#include "engine/body_check.h"
#include "engine/evaluation/structure_names.h"
#include "engine/planning/cut_faces.h"
#include "engine/planning/delivery.h"
#include "engine/planning/normalisation.h"
#include "engine/shells.h"
#include "engine/target_checks.h"
#include "engine/validity.h"
#include "geometry/error.h"
#include "geometry/patient_position.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double small_target_cc = 10.0;
constexpr double usual_region_margin_mm = 20.0;
constexpr double mu_resolution =
    0.01;  // weights are rounded to what a plan file shows, then the dose is computed from them

BeamSet rounded_weights(BeamSet beams, double factor) {
  for (Beam& beam : beams) beam.weight_mu = std::round(beam.weight_mu * factor / mu_resolution) * mu_resolution;
  std::erase_if(beams, [](const Beam& beam) { return beam.weight_mu <= 0; });
  return beams;
}

}  // namespace

double dose_grid_spacing_mm(double chosen_mm, const std::vector<BuiltTarget>& targets) {
  if (chosen_mm != 0) {
    if (!(chosen_mm >= 0.5 && chosen_mm <= 5))
      throw InputError(fmt::format("dose grid of {} mm", chosen_mm), "--grid-mm", "it must lie between 0.5 and 5 mm",
                       "leave it out for 1 mm (targets under 10 cc) or 1.5 mm");
    return chosen_mm;
  }
  double smallest = HUGE_VAL;
  for (const BuiltTarget& target : targets) smallest = std::min(smallest, target.shape.volume_mm3());
  return smallest < small_target_cc * units::cc ? 1.0 : 1.5;
}

Grid dose_grid_over(const Occupancy& body, double spacing_mm, const std::vector<BuiltTarget>& targets) {
  Box box;
  const GridSize n = body.grid().size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j) {
      int first = n.nx, last = -1;
      for (int i = 0; i < n.nx; ++i)
        if (body(i, j, k) > 0) {
          first = std::min(first, i);
          last = i;
        }
      if (last < 0) continue;
      for (const double i : {first - 0.5, last + 0.5})
        for (const double dj : {-0.5, 0.5})
          for (const double dk : {-0.5, 0.5}) box.add(body.grid().to_patient(VoxelPoint{i, j + dj, k + dk}));
    }
  if (box.empty())
    throw InputError("the body is empty", "body contour or CT", "no voxel lies inside it",
                     "name another structure with --body");
  for (const BuiltTarget& target : targets) {
    const Box around = target.shape.bounding_box().grown(spacing_mm);
    box.add(around.low);
    box.add(around.high);
  }
  return covering_grid(box, {spacing_mm, spacing_mm, spacing_mm}, body.grid());
}

Grid dose_grid_about(const Shape& region, double margin_mm, double spacing_mm, const Grid& ct) {
  return covering_grid(region.bounding_box().grown(margin_mm), {spacing_mm, spacing_mm, spacing_mm}, ct);
}

NodeSet turned_to(const NodeSet& nodes, const std::string& patient_position) {
  const Axes room = room_axes(patient_position);
  NodeSet turned = nodes;
  for (Node& node : turned.nodes)
    node.offset_mm = node.offset_mm.x * room.i + node.offset_mm.y * room.j + node.offset_mm.z * room.k;
  return turned;
}

NodeSet nodes_of(const PlanRequest& request, const std::string& patient_position) {
  NodeSet nodes = turned_to(NodeSet::named_or_file(request.nodes), patient_position);
  std::vector<Node> kept;
  for (std::size_t n = 0; n < nodes.nodes.size(); n += std::size_t(request.every_node)) kept.push_back(nodes.nodes[n]);
  nodes.nodes = std::move(kept);
  return nodes;
}

namespace {

// An asked prescription isodose that was missed by more than this is said [percentage points].
constexpr double isodose_tolerance_pct = 2.0;

Warnings isodose_warnings(const Evaluation& evaluation) {
  Warnings warnings;
  for (const TargetResult& target : evaluation.targets) {
    const auto hi = target.indices.find("hi");
    if (!target.prescription.isodose_pct || hi == target.indices.end()) continue;
    const double reached_pct = 100 / hi->second.value;
    if (std::abs(reached_pct - *target.prescription.isodose_pct) > isodose_tolerance_pct)
      warnings.push_back(
          {"isodose-not-reached",
           fmt::format("'{}': prescription isodose {} % was asked, {:.1f} % of the target's maximum was reached",
                       target.name, *target.prescription.isodose_pct, reached_pct)});
  }
  return warnings;
}

std::vector<EvaluatedTarget> evaluated_targets(const BuiltTargets& targets) {
  std::vector<EvaluatedTarget> all;
  for (const BuiltTarget& target : targets.targets) all.push_back({target.shape.name(), target.prescription});
  return all;
}

// A misspelt name must be found before the long work, not after it.
void check_names(const PlanRequest& request, const std::vector<NamedShape>& shapes) {
  std::vector<std::string> names;
  for (const NamedShape& named : shapes) names.push_back(named.shape.name());
  const auto check = [&](const std::string& name, const std::string& text) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    std::string nearest;
    for (const std::string& n : nearest_names(name, names)) nearest += (nearest.empty() ? "'" : ", '") + n + "'";
    throw InputError("no structure named '" + name + "' can be evaluated", "'" + text + "'",
                     "the goal or query names it", "nearest names: " + nearest);
  };
  for (const Goal& goal : request.goals) check(goal.query.structure, goal.text);
  for (const StructureQuery& query : request.queries) check(query.structure, query.structure + ":" + query.metric.text);
}

Warnings cap_warnings(const BeamSet& beams, const PlanningOptions& options, int fractions) {
  const DeliveryEstimate e = estimate_delivery(beams, options.nodes, fractions);
  Warnings warnings;
  const DeliveryLimits& limits = options.limits;
  if (!limits.caps_stated()) return warnings;
  const auto say = [&](const char* what, double reached, double limit) {
    if (limit > 0 && reached > limit)
      warnings.push_back(
          {"mu-limit-exceeded", fmt::format("{} gets {:.1f} MU per fraction, the limit is {} MU: the "
                                            "coverage needs more on the full grid; use more beams or nodes",
                                            what, reached, limit)});
  };
  say("a beam", e.largest_beam_mu, limits.max_beam_mu);
  say("a node", e.largest_node_mu, limits.max_node_mu);
  return warnings;
}

Robustness robustness_of(const PlanningProblem& problem, const BeamSet& beams, const PlanRequest& request,
                         Progress& progress) {
  RobustnessCase c;
  c.beams = beams;
  for (const PlanningTarget& t : problem.targets) c.targets.push_back({&t.shape, t.prescription});
  for (const Shape& organ : problem.organs) {
    const auto same = [&](const PlanningTarget& t) { return t.shape.name() == organ.name(); };
    if (std::none_of(problem.targets.begin(), problem.targets.end(), same)) c.organs.push_back(&organ);
  }
  c.goals = problem.goals;
  c.density = problem.density;
  c.beam_data = problem.beam_data;
  c.depth = request.depth;
  RobustnessOptions options;
  options.seed = request.seed;
  return test_robustness(c, options, progress);
}

Grid dose_grid_of(const PlanRequest& request, const std::vector<BuiltTarget>& targets, const Occupancy& body,
                  const std::vector<NamedShape>& shapes) {
  const double spacing_mm = dose_grid_spacing_mm(request.grid_mm, targets);
  if (request.region.empty()) {
    if (request.region_margin_mm)
      throw InputError("a margin without a region", "--region-margin-mm", "the dose grid lies over the body",
                       "name the structure with --region");
    return dose_grid_over(body, spacing_mm, targets);
  }
  std::vector<std::string> names;
  for (const NamedShape& named : shapes) names.push_back(named.shape.name());
  const Shape& region = shapes[index_of_structure(request.region, names, "--region")].shape;
  Grid grid =
      dose_grid_about(region, request.region_margin_mm.value_or(usual_region_margin_mm), spacing_mm, body.grid());
  for (const BuiltTarget& target : targets)
    if (const Box box = target.shape.bounding_box(); !grid.contains(box.low) || !grid.contains(box.high))
      throw InputError("target '" + target.shape.name() + "' leaves the region of the dose",
                       "--region " + request.region, "its coverage would not be known",
                       "name a larger structure or raise --region-margin-mm");
  return grid;
}

}  // namespace

PreparedCase prepare_case(const PlanRequest& request, Progress& progress) {
  ImportedCase input = import_case(request.selection, progress);
  const ShapeRule rule = shape_rule(input.structures, request.patient.between, input.ct.grid().spacing_mm()[2]);
  BuiltTargets targets = build_targets(input.structures, request.targets, input.ct.grid(), rule);
  PatientModel patient = make_patient_model(input.ct, input.structures, request.patient, rule);
  BeamData beam_data = BeamData::named_or_folder(request.beam_data);
  NodeSet nodes = nodes_of(request, input.ct_series.patient_position);

  Warnings warnings = input.warnings;
  append(warnings, patient.warnings);
  std::vector<NamedShape> shapes = evaluable_shapes(input.structures, rule, warnings);
  for (const BuiltTarget& target : targets.targets)
    if (!target.gtv.empty()) shapes.push_back({target.shape, RoiRole::ptv});
  if (patient.body_shape) {
    std::vector<std::string> names;
    for (const BuiltTarget& target : targets.targets) names.push_back(target.shape.name());
    check_body(*body_structure(input.structures, request.patient.body), !request.patient.body.empty(),
               *patient.body_shape, shapes, names, warnings);
  }
  append(warnings, check_structures(shapes, input.ct.grid()));
  std::vector<Shape> target_shapes;
  for (const BuiltTarget& target : targets.targets) target_shapes.push_back(target.shape);
  for (NamedShape& shell :
       make_shells(structures_named(request.goals, request.queries), shapes, target_shapes,
                   patient.body_shape ? &*patient.body_shape : nullptr, input.ct.grid(), rule, warnings))
    shapes.push_back(std::move(shell));
  check_names(request, shapes);
  check_targets(targets.targets, input.ct.grid(), patient.body);
  Grid dose_grid = dose_grid_of(request, targets.targets, patient.body, shapes);
  BoundProtocols protocols = bind_protocols(request.protocols, shapes, evaluated_targets(targets),
                                            patient.body_shape ? patient.body_shape->name() : "");
  std::vector<Goal> goals = request.goals;
  for (Goal& goal : goals_to_plan(protocols, warnings)) goals.push_back(std::move(goal));
  for (const InputRecord& record : protocol_records(request.protocols)) input.inputs.push_back(record);
  return {std::move(input),  std::move(targets),   std::move(patient),  std::move(beam_data), std::move(nodes),
          std::move(shapes), std::move(dose_grid), std::move(warnings), std::move(protocols), std::move(goals)};
}

PlanningProblem planning_problem(const PlanRequest& request, const PreparedCase& prepared) {
  PlanningProblem problem;
  for (const BuiltTarget& target : prepared.targets.targets)
    problem.targets.push_back({target.shape, target.prescription});
  for (const NamedShape& named : prepared.shapes) {
    const auto has_name = [&](const Goal& goal) { return goal.query.structure == named.shape.name(); };
    if (std::any_of(prepared.goals.begin(), prepared.goals.end(), has_name)) problem.organs.push_back(named.shape);
  }
  // By name only: many systems give every organ the type AVOIDANCE, and no beam would be left.
  const ShapeRule rule =
      shape_rule(prepared.input.structures, request.patient.between, prepared.input.ct.grid().spacing_mm()[2]);
  for (const std::string& name : request.avoid)
    problem.avoidance.push_back(shape_of(prepared.input.structures.at(name), rule));
  problem.goals = prepared.goals;
  problem.density = &prepared.patient.density;
  problem.beam_data = &prepared.beam_data;
  problem.body = &prepared.patient.body;
  return problem;
}

PlanningOptions planning_options(const PlanRequest& request, const PreparedCase& prepared) {
  PlanningOptions options;
  options.nodes = prepared.nodes;
  options.collimators_mm = request.collimators_mm;
  options.count = request.count;
  options.seed = request.seed;
  options.coverage_pct = request.coverage_pct;
  options.depth = request.depth;
  options.isocentric = request.isocentric;
  options.limits = request.limits;
  options.solver = request.solver;
  options.write_mps = !request.write_mps.empty();
  options.prove_goals = request.prove_goals;
  options.reduce_pct = request.reduce_pct;
  options.full_grid = prepared.dose_grid;
  return options;
}

PlanOutcome plan_case(const PlanRequest& request, Progress& progress) {
  return plan_prepared(request, prepare_case(request, progress), progress);
}

PlanOutcome plan_prepared(const PlanRequest& request, PreparedCase prepared, Progress& progress) {
  const PlanningProblem problem = planning_problem(request, prepared);
  const PlanningOptions options = planning_options(request, prepared);
  Warnings warnings = prepared.warnings;

  check_collimator_kind(request.candidates_kind, prepared.beam_data, warnings);
  const BeamSet candidates = request.candidates ? *request.candidates : make_candidates(problem, options, warnings);
  PlanningResult planned = optimise(problem, options, candidates, progress);
  append(warnings, planned.warnings);

  // The optimiser saw sampled points; the full grid decides the scale, and the dose is that of the weights as written.
  const DensityMap& density = prepared.patient.density;
  const DoseOptions dose_options{.depth = request.depth, .simd = request.simd};
  const Grid& dose_grid = prepared.dose_grid;
  DoseResult dose = compute_dose(planned.beams, density, prepared.beam_data, dose_grid, dose_options, progress);
  const BeamSet unscaled = planned.beams;
  double factor = normalisation_factor(problem.targets, dose.dose, request.coverage_pct, problem.body, &warnings);
  EvaluationInput input;
  input.dose = &dose.dose;
  input.structures = prepared.shapes;
  input.targets = evaluated_targets(prepared.targets);
  input.unions = unions_of(prepared.protocols);
  input.judged = queries_of(prepared.protocols);
  input.body = prepared.patient.body_shape;
  input.body_mask = &prepared.patient.body;
  input.queries = request.queries;
  input.goals = request.goals;
  input.biology = request.biology;
  Evaluation evaluation;
  // The rounded weights may lead the evaluation to other samples than those of the normalisation.
  constexpr int most_looks = 3;
  double missing = 1;
  for (int look = 0; look < most_looks && (look == 0 || missing > 1); ++look) {
    factor *= missing;
    planned.beams = rounded_weights(unscaled, factor);
    dose = compute_dose(planned.beams, density, prepared.beam_data, dose_grid, dose_options, progress);
    evaluation = evaluate(input, progress);
    missing = factor_still_missing(evaluation, request.coverage_pct);
  }
  if (missing > 1)
    warnings.push_back(
        {"coverage-not-settled",
         fmt::format("a target lacks {:.2g} % of its dose for the coverage asked for: the evaluation took "
                     "other samples of each dose",
                     100 * (missing - 1))});
  append(warnings, dose.warnings);
  append(warnings, truncated_path_warnings(planned.beams, prepared.patient.body, prepared.beam_data));
  append(warnings, validity_warnings(planned.beams, dose, density, prepared.targets.targets));
  append(warnings, evaluation.warnings);
  append(warnings, isodose_warnings(evaluation));
  ProtocolJudgement judgement = judge_protocols(prepared.protocols, evaluation);
  append(warnings, cap_warnings(planned.beams, options, problem.targets.front().prescription.fractions));
  std::optional<Robustness> robustness;
  if (request.robustness) robustness = robustness_of(problem, planned.beams, request, progress);
  return {std::move(prepared),   std::move(planned.beams),    std::move(dose),           std::move(evaluation),
          std::move(judgement),  std::move(warnings),         std::move(planned.solver), std::move(planned.mps),
          std::move(robustness), planned.searched_isodose_pct};
}

}  // namespace sbrt
