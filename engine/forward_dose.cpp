#include "engine/forward_dose.h"

#include "engine/json.h"
#include "engine/pipeline.h"
#include "engine/planning/cut_faces.h"
#include "engine/planning/plan_files.h"
#include "geometry/error.h"

namespace sbrt {

ForwardOutcome forward_dose(const ForwardRequest& request, Progress& progress) {
  ImportedCase input = import_case(request.selection, progress);
  PatientModel patient =
      make_patient_model(input.ct, input.structures, request.patient,
                         shape_rule(input.structures, request.patient.between, input.ct.grid().spacing_mm()[2]));
  const BeamData beam_data = BeamData::named_or_folder(request.beam_data);
  const Grid grid = dose_grid_over(patient.body, request.grid_mm);
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
  return {std::move(input), std::move(patient), std::move(dose), std::move(trace), std::move(warnings)};
}

BeamSet read_beams(const std::filesystem::path& path) {
  if (path.extension() == ".csv") return read_beam_csv(path);
  const JsonReader json = JsonReader::from_file(path);
  const auto schema = json.is_object() ? json.find("schema") : std::nullopt;
  if (schema && schema->text() == "sbrtplan-plan/1") return read_plan_file(path).beams;
  return read_beam_file(path).beams;
}

}  // namespace sbrt
