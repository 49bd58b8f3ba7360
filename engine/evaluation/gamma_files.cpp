#include "engine/evaluation/gamma_files.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/json.h"
#include "engine/report/program_block.h"
#include "geometry/error.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

DoseGrid load(const dicom::DoseFile& file, Warnings& warnings) {
  if (file.units != "GY")
    throw InputError("dose in units " + file.units, file.path.string(), "the dose criterion compares Gy",
                     "export the dose in Gy");
  dicom::LoadedDose loaded = dicom::load_dose(file);
  append(warnings, loaded.warnings);
  return std::move(loaded.dose);
}

void write_point(JsonWriter& json, const GammaPoint& worst) {
  json.key("worst").begin_row_object();
  json.member("point_mm", worst.point).member("gamma", worst.gamma).member("reference_gy", worst.reference_gy);
  json.end_object();
}

void write_failing(JsonWriter& json, const FailingRegion& failing) {
  json.key("failing").begin_row_object();
  json.member("points", failing.points).member("volume_cc", failing.volume_cc);
  json.member("box_low_mm", failing.box.low).member("box_high_mm", failing.box.high);
  json.member("centroid_mm", failing.centroid).end_object();
}

}  // namespace

GammaOutcome compare_dose_files(const std::filesystem::path& reference_path,
                                const std::filesystem::path& evaluated_path, const GammaCriteria& criteria,
                                Progress& progress) {
  const std::string two = "gamma compares two files";
  const dicom::DoseFile reference = only_dose_in(reference_path, two), evaluated = only_dose_in(evaluated_path, two);
  if (reference.frame_of_reference_uid != evaluated.frame_of_reference_uid)
    throw InputError("the doses have different frames of reference", evaluated.path.string(),
                     "their coordinates do not mean the same place", "register them first, or choose doses of one CT");
  Warnings warnings;
  if (reference.patient_study.patient_id != evaluated.patient_study.patient_id)
    warnings.push_back({"gamma-other-patient", "the two doses name different patients"});
  if (reference.summation_type != evaluated.summation_type)
    warnings.push_back({"dose-summation", "dose of type '" + reference.summation_type + "' compared with type '" +
                                              evaluated.summation_type + "'"});
  const DoseGrid reference_dose = load(reference, warnings), evaluated_dose = load(evaluated, warnings);
  GammaOutcome outcome{compare_gamma(reference_dose, evaluated_dose, criteria, progress),
                       {record_of_file(reference.path, "RTDOSE", reference.reference.sop_instance_uid),
                        record_of_file(evaluated.path, "RTDOSE", evaluated.reference.sop_instance_uid)},
                       std::move(warnings)};
  if (outcome.result.not_covered > 0)
    outcome.warnings.push_back(
        {"gamma-not-covered", fmt::format("{} reference points above the cutoff lie outside the evaluated dose grid; "
                                          "they are not compared",
                                          outcome.result.not_covered)});
  return outcome;
}

std::string to_json(const GammaOutcome& outcome, const std::string& version, const std::string& revision) {
  const GammaResult& r = outcome.result;
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-gamma/1");
  write_program(json, version, revision);
  write_inputs(json, outcome.inputs);
  json.key("criteria").begin_row_object();
  json.member("dose_pct", r.criteria.dose_pct).member("distance_mm", r.criteria.distance_mm);
  json.member("local", r.criteria.local).member("cutoff_pct", r.criteria.cutoff_pct);
  json.member("largest", r.criteria.largest).member("normalisation_gy", r.normalisation_gy).end_object();
  json.member("pass_pct", r.pass_pct).member("compared", r.compared).member("passed", r.passed);
  json.member("below_cutoff", r.below_cutoff).member("not_covered", r.not_covered);
  json.member("mean", r.mean).member("max", r.largest);
  json.key("histogram").begin_object().member("bin", r.histogram_bin);
  json.key("points").value(std::vector<double>(r.histogram.begin(), r.histogram.end())).end_object();
  if (r.worst) write_point(json, *r.worst);
  if (r.failing) write_failing(json, *r.failing);
  json.key("warnings").begin_array();
  for (const Warning& w : outcome.warnings)
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array().end_object();
  return json.finish();
}

}  // namespace sbrt
