#include "engine/check_case.h"

#include "engine/plan_exchange.h"
#include "engine/planning/plan_files.h"
#include "engine/structure_shapes.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

/// What the plan file says: beams and, where it is known, what was prescribed.
struct PlanToCheck {
  std::string kind;
  std::vector<PlanFileTarget> targets;
  std::string structure_uid, plan_uid, frame_of_reference_uid;
  std::optional<InputRecord> record;
  Warnings warnings;
};

bool is_dicom_file(const std::filesystem::path& path) {
  return path.extension() != ".json" && path.extension() != ".csv";
}

PlanToCheck read_rt_plan(const std::filesystem::path& path, const dicom::Catalogue& catalogue,
                         ForwardRequest& forward) {
  const dicom::Catalogue found = dicom::scan({path});
  if (found.plans.size() != 1)
    throw InputError("no RT Plan", path.string(),
                     found.refused.empty() ? "it holds another kind of object" : found.refused.front().reason,
                     "name an RT Plan, plan.json or beams.csv");
  const dicom::PlanFile& file = found.plans.front();
  std::string position = forward.selection.patient_position;
  if (position.empty() && catalogue.ct_series.size() == 1) position = catalogue.ct_series.front().patient_position;
  const dicom::LoadedRoboticPlan loaded = dicom::load_robotic_plan(path, position);
  forward.beams = beams_of(loaded.plan);
  forward.collimator_kind = loaded.plan.collimator_kind;
  PlanToCheck plan{"RT Plan",      {}, file.referenced_structure_uid, file.reference.sop_instance_uid, "", {},
                   loaded.warnings};
  for (const dicom::RoboticPlanTarget& target : loaded.plan.targets)
    plan.targets.push_back({target.structure, {target.dose_gy, loaded.plan.fractions, std::nullopt}});
  if (!position.empty() && position != loaded.plan.patient_position)
    plan.warnings.push_back({"other-patient-position", fmt::format("the plan treats in position {}, the CT shows {}",
                                                                   loaded.plan.patient_position, position)});
  plan.record = record_of_file(path, "RTPLAN", file.reference.sop_instance_uid);
  return plan;
}

PlanToCheck read_plan(const std::filesystem::path& path, const dicom::Catalogue& catalogue, ForwardRequest& forward) {
  if (is_dicom_file(path)) return read_rt_plan(path, catalogue, forward);
  PlanToCheck plan;
  plan.record = record_of_file(path, "PLAN", "");
  if (is_plan_file(path)) {
    plan.kind = "plan.json";
    plan.targets = read_plan_file(path).targets;
  } else {
    plan.kind = "beams";
  }
  if (forward.beams.empty()) {
    BeamFile file = read_beams(path);
    forward.beams = std::move(file.beams);
    forward.collimator_kind = std::move(file.collimator_kind);
  }
  return plan;
}

// Where the user left the choice and the plan says what it belongs to.
void choose_by_plan(const PlanToCheck& plan, const dicom::Catalogue& catalogue, CheckRequest& request) {
  if (request.forward.selection.rtstruct.empty())
    for (const dicom::StructureFile& file : catalogue.structures)
      if (file.reference.sop_instance_uid == plan.structure_uid)
        request.forward.selection.rtstruct = plan.structure_uid;
  std::vector<std::string> of_plan;
  for (const dicom::DoseFile& file : catalogue.doses)
    if (!plan.plan_uid.empty() && file.referenced_plan_uid == plan.plan_uid)
      of_plan.push_back(file.reference.sop_instance_uid);
  if (request.dose.selection.wanted.empty() && of_plan.size() == 1) request.dose.selection.wanted = of_plan;
}

void compare_points(const DoseGrid& stored, const DoseGrid& computed, double cutoff_pct, CheckOutcome& outcome) {
  std::vector<float> ratios;
  double sum = 0, squares = 0;
  std::int64_t points = 0;
  for (std::size_t n = 0; n < stored.values().size(); ++n) {
    outcome.stored_max_gy = std::max(outcome.stored_max_gy, double(stored.values()[n]));
    outcome.computed_max_gy = std::max(outcome.computed_max_gy, double(computed.values()[n]));
  }
  for (std::size_t n = 0; n < stored.values().size(); ++n) {
    const double there = stored.values()[n], here = computed.values()[n];
    if (there >= outcome.stored_max_gy / 2 && there > 0) ratios.push_back(float(here / there));
    if (there < cutoff_pct / 100 * outcome.stored_max_gy) continue;
    const double difference = (here - there) / outcome.stored_max_gy;
    sum += difference;
    squares += difference * difference;
    ++points;
  }
  if (!ratios.empty()) {
    const auto middle = ratios.begin() + std::ptrdiff_t(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    outcome.median_ratio = *middle;
  }
  if (points == 0) return;
  outcome.mean_difference_pct = 100 * sum / double(points);
  outcome.rms_difference_pct = 100 * std::sqrt(squares / double(points));
}

std::string unit_of(const std::string& index) {
  for (const IndexDefinition& definition : index_definitions())
    if (definition.id == index) return definition.unit;
  return "";
}

void compare_structures(const Evaluation& stored, const Evaluation& computed, CheckOutcome& outcome) {
  const auto add = [&](const StructureResult& structure, const std::string& metric, const std::string& unit,
                       double there, double here) {
    const double difference = unit == "Gy" ? 100 * (here - there) / outcome.stored_max_gy : here - there;
    CheckedMetric row{structure.name, metric, unit, there, here, std::nullopt};
    if (unit == "Gy" || unit == "%") row.difference_pct = difference;
    outcome.metrics.push_back(row);
  };
  for (std::size_t n = 0; n < stored.structures.size() && n < computed.structures.size(); ++n) {
    const StructureResult &there = stored.structures[n], &here = computed.structures[n];
    if (!there.has_dose || !here.has_dose) continue;
    add(there, "Mean", "Gy", there.mean_gy, here.mean_gy);
    for (const auto& [text, value] : there.queries)
      if (const auto found = here.queries.find(text); found != here.queries.end())
        add(there, text, to_string(Metric::parse(text).result_unit), value, found->second);
  }
  for (std::size_t n = 0; n < stored.targets.size() && n < computed.targets.size(); ++n)
    for (const auto& [id, index] : stored.targets[n].indices)
      if (const auto found = computed.targets[n].indices.find(id); found != computed.targets[n].indices.end())
        outcome.indices.push_back({stored.targets[n].name, id, unit_of(id), index.value, found->second.value});
}

}  // namespace

CheckOutcome check_case(const CheckRequest& given, Progress& progress) {
  CheckRequest request = given;
  const dicom::Catalogue catalogue = dicom::scan(request.forward.selection.inputs, progress);
  PlanToCheck plan = read_plan(request.plan, catalogue, request.forward);
  choose_by_plan(plan, catalogue, request);
  const dicom::StructureFile& structure_file = dicom::choose_structures(catalogue, request.forward.selection.rtstruct);
  DoseTotal total = total_dose(catalogue, structure_file, request.dose);
  request.forward.grid = total.dose.grid();
  ForwardOutcome forward = forward_dose(request.forward, progress);

  GammaResult gamma = compare_gamma(total.dose, forward.dose.dose, request.gamma, progress);
  CheckOutcome outcome(std::move(gamma), std::move(forward));
  outcome.warnings = plan.warnings;
  outcome.plan_kind = plan.kind;
  outcome.beams = request.forward.beams.size();
  for (const Beam& beam : request.forward.beams) outcome.total_mu += beam.weight_mu;
  const BeamData beam_data = BeamData::named_or_folder(request.forward.beam_data);
  outcome.beam_data = beam_data.name();
  outcome.beam_data_sha256 = beam_data.sha256();
  append(outcome.warnings, total.warnings);
  append(outcome.warnings, outcome.forward.warnings);
  if (!plan.structure_uid.empty() && plan.structure_uid != structure_file.reference.sop_instance_uid)
    outcome.warnings.push_back(
        {"other-structure-set", "the plan refers to another structure set than " + structure_file.path.string()});
  outcome.inputs = outcome.forward.input.inputs;
  outcome.inputs.insert(outcome.inputs.end(), total.inputs.begin(), total.inputs.end());
  if (plan.record) outcome.inputs.push_back(*plan.record);
  if (total.only_file) outcome.stored = total.only_file->reference;

  const DoseGrid& computed = outcome.forward.dose.dose;
  compare_points(total.dose, computed, request.gamma.cutoff_pct, outcome);

  EvaluationInput input;
  const ShapeRule rule = shape_rule(outcome.forward.input.structures, request.forward.patient.between,
                                    outcome.forward.input.ct.grid().spacing_mm()[2]);
  input.structures = evaluable_shapes(outcome.forward.input.structures, rule, outcome.warnings);
  for (const PlanFileTarget& target : plan.targets) {
    const auto found = std::find_if(input.structures.begin(), input.structures.end(),
                                    [&](const NamedShape& s) { return s.shape.name() == target.structure; });
    if (found != input.structures.end())
      input.targets.push_back({target.structure, target.prescription});
    else
      outcome.warnings.push_back({"check-target-missing", "the plan prescribes to '" + target.structure +
                                                              "', which the structure set does not hold: no indices"});
  }
  input.body = outcome.forward.patient.body_shape;
  input.body_mask = &outcome.forward.patient.body;
  input.queries = request.queries;
  input.dose = &total.dose;
  const Evaluation stored = evaluate(input, progress);
  input.dose = &computed;
  const Evaluation again = evaluate(input, progress);
  append(outcome.warnings, stored.warnings);
  compare_structures(stored, again, outcome);
  return outcome;
}

}  // namespace sbrt
