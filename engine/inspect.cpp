#include "engine/inspect.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/structure_shapes.h"
#include "geometry/error.h"
#include "geometry/units.h"

#include <nlohmann/json.hpp>

namespace sbrt {
namespace {

using Json = nlohmann::ordered_json;

InspectedStructure inspect_structure(const Structure& structure, const std::string& file, const ShapeRule& rule,
                                     Warnings& warnings) {
  InspectedStructure found;
  found.rtstruct = file;
  found.name = structure.name;
  found.number = structure.number;
  found.role = structure.role;
  found.contours = int(structure.contours.size());
  if (structure.contours.empty()) {
    found.problem = "no contour";
    return found;
  }
  try {
    const Shape shape = shape_of(structure, rule);
    found.planes = int(shape.plane_positions_mm().size());
    found.volume_cc = shape.volume_mm3() / units::cc;
    const Interval v = shape.volume_interval_mm3();
    found.volume_interval_cc = Interval{v.low / units::cc, v.high / units::cc};
    append(warnings, shape.warnings());
  } catch (const InputError& error) {
    found.problem = error.what();
  }
  return found;
}

Json series_json(const dicom::CtSeries& s) {
  Json j{{"kind", "CT"},
         {"series_uid", s.series_instance_uid},
         {"description", s.series_description},
         {"patient_id", s.patient_study.patient_id},
         {"study_date", s.patient_study.study_date},
         {"frame_of_reference_uid", s.frame_of_reference_uid},
         {"patient_position", s.patient_position},
         {"rows", s.rows},
         {"columns", s.columns},
         {"slices", s.slices.size()},
         {"pixel_spacing_mm", s.pixel_spacing_mm}};
  if (s.slices.size() > 1) {
    const double length = dot(s.slices.back().position - s.slices.front().position, s.axes.k);
    j["mean_slice_spacing_mm"] = length / double(s.slices.size() - 1);
  }
  j["usable"] = s.refusal.empty();
  if (!s.refusal.empty()) j["refusal"] = s.refusal;
  return j;
}

}  // namespace

Inspection inspect(const std::vector<std::filesystem::path>& paths, BetweenPlanes between, Progress& progress) {
  Inspection inspection;
  inspection.catalogue = dicom::scan(paths, progress);
  inspection.warnings = inspection.catalogue.warnings;
  for (const dicom::CtSeries& series : inspection.catalogue.ct_series) append(inspection.warnings, series.warnings);
  for (const dicom::StructureFile& file : inspection.catalogue.structures) {
    const std::string name = file.path.filename().string();
    try {
      const dicom::LoadedStructures loaded = dicom::load_structures(file);
      append(inspection.warnings, loaded.warnings);
      const ShapeRule rule = shape_rule(loaded.structures, between, only_slice_spacing_mm(inspection.catalogue));
      progress.begin("structures", std::int64_t(loaded.structures.structures().size()));
      for (const Structure& structure : loaded.structures.structures()) {
        inspection.structures.push_back(inspect_structure(structure, name, rule, inspection.warnings));
        progress.advance();
      }
      progress.end();
    } catch (const InputError& error) {
      inspection.catalogue.refused.push_back({file.path, error.what()});
    }
  }
  return inspection;
}

std::string to_json(const Inspection& inspection) {
  Json j;
  j["schema"] = "sbrtplan-inspect/1";
  j["series"] = Json::array();
  for (const auto& s : inspection.catalogue.ct_series) j["series"].push_back(series_json(s));
  j["rtstructs"] = Json::array();
  for (const auto& f : inspection.catalogue.structures)
    j["rtstructs"].push_back({{"path", f.path.string()}, {"uid", f.reference.sop_instance_uid}, {"label", f.label}});
  j["doses"] = Json::array();
  for (const auto& f : inspection.catalogue.doses)
    j["doses"].push_back({{"path", f.path.string()},
                          {"uid", f.reference.sop_instance_uid},
                          {"units", f.units},
                          {"summation_type", f.summation_type}});
  j["plans"] = Json::array();
  for (const auto& f : inspection.catalogue.plans) {
    Json plan{{"path", f.path.string()}, {"uid", f.reference.sop_instance_uid}, {"label", f.label}};
    if (f.fractions) plan["fractions"] = *f.fractions;
    if (f.prescription_dose_gy) plan["prescription_dose_gy"] = *f.prescription_dose_gy;
    j["plans"].push_back(plan);
  }
  j["structures"] = Json::array();
  for (const auto& s : inspection.structures) {
    Json item{{"name", s.name}, {"number", s.number}, {"role", to_string(s.role)}, {"rtstruct", s.rtstruct}};
    if (s.volume_cc) item["volume_cc"] = *s.volume_cc;
    if (s.volume_interval_cc) item["volume_interval_cc"] = {s.volume_interval_cc->low, s.volume_interval_cc->high};
    item["planes"] = s.planes;
    item["contours"] = s.contours;
    if (!s.problem.empty()) item["problem"] = s.problem;
    j["structures"].push_back(item);
  }
  j["refused"] = Json::array();
  for (const auto& r : inspection.catalogue.refused)
    j["refused"].push_back({{"path", r.path.string()}, {"reason", r.reason}});
  j["warnings"] = Json::array();
  for (const auto& w : inspection.warnings) j["warnings"].push_back({{"code", w.code}, {"text", w.text}});
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sbrt
