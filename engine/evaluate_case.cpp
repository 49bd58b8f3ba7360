#include "engine/evaluate_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"
#include "engine/pipeline.h"
#include "geometry/body.h"
#include "geometry/error.h"

namespace sbrt {
namespace {

const dicom::DoseFile& choose_dose(const dicom::Catalogue& catalogue, const std::string& choice) {
  std::vector<const dicom::DoseFile*> matching;
  for (const dicom::DoseFile& file : catalogue.doses)
    if (choice.empty() || file.reference.sop_instance_uid == choice || file.path.filename() == choice || file.path == choice)
      matching.push_back(&file);
  if (matching.size() == 1) return *matching.front();
  std::string list;
  for (const dicom::DoseFile& file : catalogue.doses)
    list += fmt::format("\n  --dose {}   ({} {}, UID {})", file.path.filename().string(), file.units, file.summation_type,
                        file.reference.sop_instance_uid);
  if (catalogue.doses.empty())
    throw InputError("no RTDOSE found", "input folder", "there is no dose to judge", "add the RTDOSE file to the folder");
  if (matching.empty()) throw InputError("no RTDOSE matches '" + choice + "'", "--dose", "", "choose one of:" + list);
  throw InputError(fmt::format("{} RTDOSE files", matching.size()), "input folder", "it is not clear which one is meant", "choose one:" + list);
}

void check_same_patient(const dicom::DoseFile& dose, const dicom::StructureFile& structures) {
  if (!dose.frame_of_reference_uid.empty() && !structures.frame_of_reference_uid.empty() &&
      dose.frame_of_reference_uid != structures.frame_of_reference_uid)
    throw InputError("RTDOSE and RTSTRUCT have different frames of reference", dose.path.string(),
                     "their coordinates do not belong together", "use the RTSTRUCT the dose was computed on");
  if (dose.patient_study.patient_id != structures.patient_study.patient_id)
    throw InputError("RTDOSE and RTSTRUCT are of different patients", dose.path.string(),
                     fmt::format("patient IDs '{}' and '{}'", dose.patient_study.patient_id, structures.patient_study.patient_id),
                     "check the folder");
}

}  // namespace

EvaluateOutcome evaluate_case(const EvaluateRequest& request, Progress& progress) {
  const dicom::Catalogue catalogue = dicom::scan(request.inputs, progress);
  const dicom::DoseFile& dose_file = choose_dose(catalogue, request.dose);
  const dicom::StructureFile& structure_file = dicom::choose_structures(catalogue, request.rtstruct);
  check_same_patient(dose_file, structure_file);
  if (dose_file.units != "GY")
    throw InputError("dose in units " + dose_file.units, dose_file.path.string(), "indices need Gy", "export the dose in Gy");
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
  input.structures = evaluable_shapes(structures.structures, request.rule, warnings);
  if (!request.prescriptions.empty() && request.prescriptions.size() != 1 && request.prescriptions.size() != request.targets.size())
    throw InputError(fmt::format("{} prescriptions for {} targets", request.prescriptions.size(), request.targets.size()), "--prescription",
                     "one serves all targets, or each has its own", "repeat --prescription in the order of the targets");
  if (!request.targets.empty() && request.prescriptions.empty())
    throw InputError("--target needs a prescription", "--prescription", "the indices refer to it", "give one such as 45Gy/5fx");
  for (std::size_t i = 0; i < request.targets.size(); ++i) {
    const Structure& target = structures.structures.at(request.targets[i]);
    const bool usable = std::any_of(input.structures.begin(), input.structures.end(), [&](const NamedShape& s) { return s.shape.name() == target.name; });
    if (!usable) Shape::from_structure(target, request.rule);  // throws with the reason
    input.targets.push_back({target.name, request.prescriptions.size() == 1 ? request.prescriptions[0] : request.prescriptions[i]});
  }

  // Region of the prescription isodose volume: body contour, else body found in the CT, else the dose grid.
  std::optional<Occupancy> body_in_ct;
  if (const Structure* body = body_structure(structures.structures, request.body)) {
    input.body = Shape::from_structure(*body, request.rule);
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
  outcome.evaluation = evaluate(input, progress);
  outcome.dose_size = dose.dose.grid().size();
  outcome.dose_spacing_mm = dose.dose.grid().spacing_mm();
  append(warnings, outcome.evaluation.warnings);
  outcome.warnings = std::move(warnings);
  return outcome;
}

}  // namespace sbrt
