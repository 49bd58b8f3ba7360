#include "engine/evaluate_case.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"
#include "engine/pipeline.h"
#include "geometry/body.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {

EvaluateOutcome evaluate_case(const EvaluateRequest& request, Progress& progress) {
  const dicom::Catalogue catalogue = dicom::scan(request.inputs, progress);
  const dicom::StructureFile& structure_file = dicom::choose_structures(catalogue, request.rtstruct);
  const dicom::DoseFile& dose_file = dicom::choose_dose(catalogue, structure_file, request.dose);
  if (dose_file.units != "GY")
    throw InputError("dose in units " + dose_file.units, dose_file.path.string(), "indices need Gy",
                     "export the dose in Gy");
  const dicom::LoadedStructures structures = dicom::load_structures(structure_file);
  const dicom::LoadedDose dose = dicom::load_dose(dose_file);

  Warnings warnings = catalogue.warnings;
  append(warnings, structures.warnings);
  append(warnings, dose.warnings);
  if (dose_file.summation_type != "PLAN" && dose_file.summation_type != "MULTI_PLAN")
    warnings.push_back({"dose-summation", "the RTDOSE is of type '" + dose_file.summation_type +
                                              "'; it is judged as the total dose over all fractions"});
  EvaluateOutcome outcome;
  outcome.inputs = {record_of_file(structure_file.path, "RTSTRUCT", structure_file.reference.sop_instance_uid),
                    record_of_file(dose_file.path, "RTDOSE", dose_file.reference.sop_instance_uid)};

  EvaluationInput input;
  input.dose = &dose.dose;
  std::optional<double> slice_spacing_mm;
  if (catalogue.ct_series.size() == 1 && catalogue.ct_series[0].slice_spacing_mm > 0)
    slice_spacing_mm = catalogue.ct_series[0].slice_spacing_mm;
  const ShapeRule rule = shape_rule(structures.structures, request.between, slice_spacing_mm);
  input.structures = evaluable_shapes(structures.structures, rule, warnings);
  if (!request.prescriptions.empty() && request.prescriptions.size() != 1 &&
      request.prescriptions.size() != request.targets.size())
    throw InputError(
        fmt::format("{} prescriptions for {} targets", request.prescriptions.size(), request.targets.size()),
        "--prescription", "one serves all targets, or each has its own",
        "repeat --prescription in the order of the targets");
  if (request.targets.empty() && !request.prescriptions.empty())
    throw InputError("a prescription without a target", "--prescription", "its indices belong to a target",
                     "name the target with --target");
  if (!request.targets.empty() && request.prescriptions.empty())
    throw InputError("--target needs a prescription", "--prescription", "the indices refer to it",
                     "give one such as 45Gy/5fx");
  for (std::size_t i = 0; i < request.targets.size(); ++i) {
    const Structure& target = structures.structures.at(request.targets[i]);
    const bool usable = std::any_of(input.structures.begin(), input.structures.end(),
                                    [&](const NamedShape& s) { return s.shape.name() == target.name; });
    if (!usable) shape_of(target, rule);  // throws with the reason
    input.targets.push_back(
        {target.name, request.prescriptions.size() == 1 ? request.prescriptions[0] : request.prescriptions[i]});
  }

  // Region of the prescription isodose volume: body contour, else body found in the CT, else the dose grid.
  std::optional<Occupancy> body_in_ct;
  if (const Structure* body = body_structure(structures.structures, request.body)) {
    input.body = shape_of(*body, rule);
  } else if (!catalogue.ct_series.empty()) {
    const dicom::CtSeries& series = dicom::choose_ct(catalogue, structure_file, request.ct_uid);
    body_in_ct = find_body(dicom::load_ct(series, progress).image);
    input.body_mask = &*body_in_ct;
    outcome.inputs.push_back(record_of(series));
  }
  input.queries = request.queries;
  input.goals = request.goals;
  input.alpha_beta_gy = request.alpha_beta_gy;
  input.interpolation = request.interpolation;
  input.wanted = request.wanted;
  outcome.evaluation = evaluate(input, progress);
  outcome.dose_size = dose.dose.grid().size();
  outcome.dose_spacing_mm = dose.dose.grid().spacing_mm();
  append(warnings, outcome.evaluation.warnings);
  outcome.warnings = std::move(warnings);
  return outcome;
}

}  // namespace sbrt
