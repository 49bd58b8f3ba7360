#include "engine/volumes_case.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/evaluation/structure_dose.h"
#include "engine/structure_shapes.h"

namespace sbrt {

EvaluateOutcome volumes_case(const EvaluateRequest& request, Progress& progress) {
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

  const ShapeRule rule = shape_rule(loaded.structures, request.between, only_slice_spacing_mm(catalogue));
  std::vector<NamedShape> shapes = evaluable_shapes(loaded.structures, rule, outcome.warnings);
  for (const NamedShape& shape : shapes) outcome.evaluation.structures.push_back(volume_result(shape));
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
