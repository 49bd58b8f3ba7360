#include "engine/forward_dose.h"

#include "engine/json.h"
#include "engine/pipeline.h"
#include "engine/planning/cut_faces.h"
#include "engine/planning/plan_files.h"
#include "engine/validity.h"
#include "geometry/error.h"

#include <algorithm>

namespace sbrt {

namespace {

Grid dose_grid_of(const ForwardRequest& request, const ImportedCase& input, const PatientModel& patient,
                  const ShapeRule& rule) {
  if (request.grid) return *request.grid;
  if (request.region.empty()) return dose_grid_over(patient.body, request.grid_mm);
  return dose_grid_about(shape_of(input.structures.at(request.region), rule), request.region_margin_mm, request.grid_mm,
                         input.ct.grid());
}

}  // namespace

ForwardOutcome forward_dose(const ForwardRequest& request, Progress& progress) {
  if (std::none_of(request.beams.begin(), request.beams.end(), [](const Beam& beam) { return beam.weight_mu > 0; }))
    throw InputError("no beam has any MU", "--beams", "the dose would be zero everywhere",
                     "find weights first: sbrtplan optimize");
  ImportedCase input = import_case(request.selection, progress);
  const ShapeRule rule = shape_rule(input.structures, request.patient.between, input.ct.grid().spacing_mm()[2]);
  PatientModel patient = make_patient_model(input.ct, input.structures, request.patient, rule);
  const BeamData beam_data = BeamData::named_or_folder(request.beam_data);
  if (!request.expected_beam_data_sha256.empty() && request.expected_beam_data_sha256 != beam_data.sha256())
    input.warnings.push_back({"other-beam-data", "the plan was made with other beam data than '" + beam_data.name() +
                                                     "' as it is here: the dose is not the plan's dose"});
  check_collimator_kind(request.collimator_kind, beam_data, input.warnings);
  for (const InputRecord& expected : request.expected_inputs)
    for (const InputRecord& found : input.inputs)
      if (expected.kind == found.kind && expected.sha256 != found.sha256)
        input.warnings.push_back({"other-input", "the plan was made on another " + found.kind + " than " + found.path +
                                                     " (its hash differs): the dose is not the plan's dose"});
  const Grid grid = dose_grid_of(request, input, patient, rule);
  const DoseOptions options{request.depth, request.path, request.simd};
  DoseResult dose = compute_dose(request.beams, patient.density, beam_data, grid, options, progress);
  std::vector<BeamContribution> trace;
  if (request.trace) {
    if (!input.ct.grid().contains(*request.trace))
      throw InputError("the trace point lies outside the CT", "--trace-point", "there is no dose to explain",
                       "give a point in DICOM patient coordinates, mm");
    trace = trace_point(request.beams, patient.density, beam_data, *request.trace, options);
  }
  Warnings warnings = input.warnings;
  append(warnings, patient.warnings);
  append(warnings, truncated_path_warnings(request.beams, patient.body, beam_data));
  append(warnings, dose.warnings);
  append(warnings, table_warnings(dose));
  return {std::move(input), std::move(patient), std::move(dose), std::move(trace), std::move(warnings)};
}

bool is_plan_file(const std::filesystem::path& path) {
  if (path.extension() != ".json") return false;
  const JsonReader json = JsonReader::from_file(path);
  const auto schema = json.is_object() ? json.find("schema") : std::nullopt;
  return schema && schema->is_text() && schema->text() == "sbrtplan-plan/1";
}

void take_settings_of_plan(const std::filesystem::path& plan_json, ForwardRequest& request) {
  const PlanFile plan = read_plan_file(plan_json);
  request.beams = plan.beams;
  request.collimator_kind = plan.collimator_kind;
  request.beam_data = plan.beam_data_name;
  request.patient.density = plan.density_name;
  request.patient.overrides.clear();
  for (const PlanFileOverride& o : plan.density_overrides) request.patient.overrides.emplace_back(o.structure, o.hu);
  request.patient.body = plan.body;
  request.depth = plan.depth;
  request.grid = plan.dose_grid;
  if (plan.dose_grid) request.grid_mm = plan.dose_grid->spacing_mm()[0];
  for (const auto& [name, value] : plan.options) {
    if (name == "couch") request.patient.couch_in = value == "in";
    if (name == "contours")
      request.patient.between = value == "slab" ? BetweenPlanes::slab : BetweenPlanes::shape_following;
  }
  request.expected_beam_data_sha256 = plan.beam_data_sha256;
  request.expected_inputs = plan.inputs;
}

BeamFile read_beams(const std::filesystem::path& path) {
  if (path.extension() == ".csv") return {"", read_beam_csv(path)};
  if (!is_plan_file(path)) return read_beam_file(path);
  const PlanFile plan = read_plan_file(path);
  return {plan.collimator_kind, plan.beams};
}

}  // namespace sbrt
