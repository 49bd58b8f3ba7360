#include "engine/evaluate_case.h"

#include "dicom/import.h"
#include "engine/body_check.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"
#include "engine/pipeline.h"
#include "engine/shells.h"
#include "geometry/body.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

std::vector<EmbeddedComparison> embedded_dvhs(const DoseTotal& total, const dicom::StructureFile& structure_file,
                                              const StructureSet& structures, const Evaluation& evaluation,
                                              Warnings& warnings) {
  const dicom::LoadedDvhs loaded = dicom::load_dvhs(*total.only_file);
  append(warnings, loaded.warnings);
  const std::string& drawn_in = total.only_file->referenced_structure_uid;
  const bool same_structures = drawn_in.empty() || drawn_in == structure_file.reference.sop_instance_uid;
  EmbeddedComparisons compared =
      compare_embedded(loaded.dvhs, total.only_factor, same_structures, structures, evaluation);
  append(warnings, compared.warnings);
  return std::move(compared.rows);
}

}  // namespace

EvaluateOutcome evaluate_case(const EvaluateRequest& request, Progress& progress) {
  const dicom::Catalogue catalogue = dicom::scan(request.inputs, progress);
  const dicom::StructureFile& structure_file = dicom::choose_structures(catalogue, request.rtstruct);
  progress.begin("reading structures and dose", 1);
  const dicom::LoadedStructures structures = dicom::load_structures(structure_file);
  DoseTotal total = total_dose(catalogue, structure_file, request.dose);

  Warnings warnings = catalogue.warnings;
  append(warnings, structures.warnings);
  append(warnings, total.warnings);
  EvaluateOutcome outcome;
  outcome.inputs = {record_of_file(structure_file.path, "RTSTRUCT", structure_file.reference.sop_instance_uid)};
  outcome.inputs.insert(outcome.inputs.end(), total.inputs.begin(), total.inputs.end());

  EvaluationInput input;
  input.dose = &total.dose;
  const ShapeRule rule = shape_rule(structures.structures, request.between, only_slice_spacing_mm(catalogue));
  progress.begin("solids from contours", 1);
  input.structures = evaluable_shapes(structures.structures, rule, warnings);
  progress.end();
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
  std::optional<CtImage> image;
  std::optional<Occupancy> body_in_ct;
  // Isodose volumes belong to targets, so without one the CT is not read.
  if (const Structure* body = body_structure(structures.structures, request.body)) {
    const auto built = std::find_if(input.structures.begin(), input.structures.end(),
                                    [&](const NamedShape& s) { return s.shape.name() == body->name; });
    input.body = built != input.structures.end() ? built->shape : shape_of(*body, rule);
    check_body(*body, !request.body.empty(), *input.body, input.structures, request.targets, warnings);
  } else if (!input.targets.empty() && !catalogue.ct_series.empty()) {
    const dicom::CtSeries& series = dicom::choose_ct(catalogue, structure_file, request.ct_uid);
    image = dicom::load_ct(series, progress).image;
    progress.begin("body in the CT", 1);
    body_in_ct = find_body(*image, body_threshold_hu, &warnings);
    input.body_mask = &*body_in_ct;
    if (!request.keep_for_pictures) image.reset();
    outcome.inputs.push_back(record_of(series));
    progress.end();
  }
  std::vector<Shape> targets;
  for (const EvaluatedTarget& t : input.targets)
    for (const NamedShape& s : input.structures)
      if (s.shape.name() == t.structure) targets.push_back(s.shape);
  for (NamedShape& shell : make_shells(structures_named(request.goals, request.queries), input.structures, targets,
                                       input.body ? &*input.body : nullptr, total.dose.grid(), rule, warnings))
    input.structures.push_back(std::move(shell));
  input.queries = request.queries;
  input.goals = request.goals;
  input.biology = request.biology;
  input.fractions = request.fractions;
  input.effective_dose = std::any_of(total.parts.begin(), total.parts.end(),
                                     [](const DosePart& part) { return part.dose_type == "EFFECTIVE"; });
  input.interpolation = request.interpolation;
  input.wanted = request.wanted;
  const BoundProtocols protocols =
      bind_protocols(request.protocols, input.structures, input.targets, input.body ? input.body->name() : "");
  input.unions = unions_of(protocols);
  input.judged = queries_of(protocols);
  for (const InputRecord& record : protocol_records(request.protocols)) outcome.inputs.push_back(record);
  outcome.evaluation = evaluate(input, progress);
  outcome.protocols = judge_protocols(protocols, outcome.evaluation);
  outcome.dose_size = total.dose.grid().size();
  outcome.dose_spacing_mm = total.dose.grid().spacing_mm();
  outcome.dose_origin = {total.how, total.parts, {}};
  if (total.only_file && total.only_file->embedded_dvhs > 0)
    outcome.dose_origin.embedded =
        embedded_dvhs(total, structure_file, structures.structures, outcome.evaluation, warnings);
  append(warnings, outcome.evaluation.warnings);
  outcome.warnings = std::move(warnings);
  outcome.patient_name = structure_file.patient_study.patient_name;
  outcome.patient_id = structure_file.patient_study.patient_id;
  if (request.keep_for_pictures) {
    if (!image && !catalogue.ct_series.empty())
      image = dicom::load_ct(dicom::choose_ct(catalogue, structure_file, request.ct_uid), progress).image;
    outcome.seen.ct = std::move(image);
    outcome.seen.dose = std::move(total.dose);
    outcome.seen.structures = structures.structures;
    outcome.seen.shapes = std::move(input.structures);
  }
  return outcome;
}

}  // namespace sbrt
