#include "engine/volumes_case.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/structure_shapes.h"
#include "geometry/error.h"
#include "geometry/units.h"

#include <algorithm>

namespace sbrt {
namespace {

void refuse_what_a_dose_decides(const EvaluateRequest& request) {
  const DoseTotalRequest& dose = request.dose;
  const std::pair<bool, const char*> asked[] = {
      {!request.targets.empty(), "--target"},
      {!request.prescriptions.empty(), "--prescription"},
      {!request.queries.empty(), "--query"},
      {!request.goals.empty(), "--goal, --goals"},
      {!request.protocols.protocols.empty(), "--protocol"},
      {request.fractions.has_value(), "--fractions"},
      {!request.body.empty(), "--body"},
      {!dose.selection.wanted.empty(), "--rtdose"},
      {dose.sum, "--sum"},
      {dose.fractions_of_dose.has_value(), "--fractions-of-dose"},
      {dose.relative_reference.has_value(), "--relative-reference"},
  };
  for (const auto& [is_asked, option] : asked)
    if (is_asked)
      throw InputError(std::string(option) + " needs a dose", "--without-dose", "without one there are volumes only",
                       "leave one of the two options out");
}

StructureResult volume_of(const NamedShape& structure) {
  StructureResult result;
  result.name = structure.shape.name();
  result.role = structure.role;
  result.volume_cc = structure.shape.volume_mm3() / units::cc;
  const Interval volume = structure.shape.volume_interval_mm3();
  result.volume_interval_cc = {volume.low / units::cc, volume.high / units::cc};
  return result;
}

}  // namespace

EvaluateOutcome volumes_case(const EvaluateRequest& request, Progress& progress) {
  refuse_what_a_dose_decides(request);
  const dicom::Catalogue catalogue = dicom::scan(request.inputs, progress);
  const dicom::StructureFile& file = dicom::choose_structures(catalogue, request.rtstruct);
  dicom::LoadedStructures loaded = dicom::load_structures(file);

  EvaluateOutcome outcome;
  outcome.warnings = catalogue.warnings;
  append(outcome.warnings, loaded.warnings);
  outcome.warnings.push_back({"without-dose", "no dose was read: there are volumes only"});
  outcome.inputs = {record_of_file(file.path, "RTSTRUCT", file.reference.sop_instance_uid)};
  outcome.patient_name = file.patient_study.patient_name;
  outcome.patient_id = file.patient_study.patient_id;

  std::optional<double> slice_spacing_mm;
  if (catalogue.ct_series.size() == 1 && catalogue.ct_series[0].slice_spacing_mm > 0)
    slice_spacing_mm = catalogue.ct_series[0].slice_spacing_mm;
  const ShapeRule rule = shape_rule(loaded.structures, request.between, slice_spacing_mm);
  std::vector<NamedShape> shapes = evaluable_shapes(loaded.structures, rule, outcome.warnings);
  for (const NamedShape& shape : shapes) outcome.evaluation.structures.push_back(volume_of(shape));
  outcome.evaluation.contour_rule = std::string(to_string(request.between));

  if (request.keep_for_pictures) {
    if (!catalogue.ct_series.empty()) {
      const dicom::CtSeries& series = dicom::choose_ct(catalogue, file, request.ct_uid);
      outcome.seen.ct = dicom::load_ct(series, progress).image;
      outcome.inputs.push_back(record_of(series));
    }
    outcome.seen.structures = std::move(loaded.structures);
    outcome.seen.shapes = std::move(shapes);
  }
  return outcome;
}

}  // namespace sbrt
