#include "engine/archive/case_result.h"

#include "engine/json.h"
#include "geometry/parallel.h"
#include "geometry/sha256.h"

#include <algorithm>
#include <set>

namespace sbrt {
namespace {

void member_if_stated(JsonWriter& json, const char* key, const std::string& text) {
  if (!text.empty()) json.member(key, text);
}

void write_case(JsonWriter& json, const CaseFindings& findings) {
  const ReplanCase& one = findings.job->one;
  const PreparedCase& prepared = findings.outcome->prepared;
  json.key("case").begin_object().member("id", one.id);
  member_if_stated(json, "patient_id", one.patient_id);
  json.member("rtstruct_uid", one.structure_uid).member("ct_series_uid", prepared.input.ct_series.series_instance_uid);
  json.member("target", prepared.targets.targets.front().shape.name());
  json.key("gtv").begin_array();
  if (!one.gtv.empty()) json.value(one.gtv);
  json.end_array();
  json.member("site", one.site);
  member_if_stated(json, "study_date", one.study_date);
  json.end_object();
}

std::optional<double> volume_cc(const Evaluation& evaluation, const std::string& name) {
  for (const StructureResult& structure : evaluation.structures)
    if (structure.name == name) return structure.volume_cc;
  return std::nullopt;
}

void write_lesion(JsonWriter& json, const CaseFindings& findings) {
  const Evaluation& evaluation = findings.outcome->evaluation;
  const std::string& gtv = findings.job->one.gtv;
  json.key("lesion").begin_object().member("largest_diameter_mm", findings.request->largest_diameter_mm);
  json.member("largest_diameter_of", gtv.empty() ? findings.job->one.target : gtv);
  if (const auto volume = volume_cc(evaluation, gtv)) json.member("gtv_cc", *volume);
  if (const auto volume = volume_cc(evaluation, evaluation.targets.front().name)) json.member("ptv_cc", *volume);
  json.end_object();
}

void write_prescription(JsonWriter& json, const TargetResult& target) {
  json.key("prescription").begin_object();
  json.member("dose_gy", target.prescription.dose_gy).member("fractions", target.prescription.fractions);
  if (target.prescription.isodose_pct) json.member("isodose_pct", *target.prescription.isodose_pct);
  json.member("alpha_beta_gy", target.tissue.alpha_beta_gy);
  if (target.prescription_bed_gy) json.member("bed_gy", *target.prescription_bed_gy);
  if (target.prescription_eqd2_gy) json.member("eqd2_gy", *target.prescription_eqd2_gy);
  json.end_object();
}

void write_indices(JsonWriter& json, const Indices& indices) {
  json.key("indices").begin_object();
  for (const auto& [id, index] : indices) json.member(id, index.value);
  json.end_object();
}

void write_codes(JsonWriter& json, const Warnings& warnings) {
  std::set<std::string> codes;
  for (const Warning& warning : warnings) codes.insert(warning.code);
  json.key("warnings").begin_array();
  for (const std::string& code : codes) json.value(code);
  json.end_array();
}

void write_replanned(JsonWriter& json, const CaseFindings& findings) {
  const PlanReport& report = *findings.report;
  json.key("replanned").begin_object();
  write_indices(json, report.evaluation.targets.front().indices);
  if (report.delivery) {
    json.member("beams", report.delivery->beams).member("nodes", report.delivery->nodes);
    json.member("total_mu", report.delivery->total_mu).member("minutes_per_fraction", report.delivery->minutes);
  }
  int met = 0, missed = 0;
  for (const GoalResult& goal : report.evaluation.goals) ++(goal.met ? met : missed);
  for (const JudgedGoal& goal : report.protocols.goals) {
    if (goal.status == GoalStatus::met || goal.status == GoalStatus::minor) ++met;
    if (goal.status == GoalStatus::missed) ++missed;
  }
  json.member("goals_met", met).member("goals_missed", missed);
  Warnings warnings = all_warnings(report);
  append(warnings, findings.request->warnings);
  write_codes(json, warnings);
  json.end_object();
}

void write_archived(JsonWriter& json, const ArchivedPlan& archived) {
  json.key("archived").begin_object();
  if (archived.evaluation) {
    write_indices(json, archived.evaluation->targets.front().indices);
    json.key("prescription").begin_object().member("dose_gy", archived.prescription->dose_gy);
    json.member("fractions", archived.prescription->fractions);
    json.member("from", archived.prescription_from_plan ? "archived plan" : "replanned").end_object();
  }
  if (archived.beams) json.member("beams", *archived.beams);
  if (archived.total_mu) json.member("total_mu", *archived.total_mu);
  Warnings warnings = archived.warnings;
  if (archived.evaluation) append(warnings, archived.evaluation->warnings);
  write_codes(json, warnings);
  json.end_object();
}

void write_dvh_difference(JsonWriter& json, const DvhDifference& d) {
  json.begin_row_object().member("mean_gy", d.mean_gy).member("min_gy", d.min_gy).member("max_gy", d.max_gy);
  json.member("largest_volume_difference_pct", d.largest_volume_pct).member("at_dose_gy", d.at_dose_gy);
  json.key("queries").begin_row_object();
  for (const auto& [text, value] : d.queries) json.member(text, value);
  json.end_object().end_object();
}

void write_comparison(JsonWriter& json, const Evaluation& replanned, const ArchivedPlan& archived) {
  json.key("comparison").begin_object().key("index_differences").begin_object();
  const Indices& then = archived.evaluation->targets.front().indices;
  for (const auto& [id, index] : replanned.targets.front().indices)
    if (const auto found = then.find(id); found != then.end()) json.member(id, index.value - found->second.value);
  json.end_object().key("dvh").begin_object();
  for (const StructureResult& now : replanned.structures)
    for (const StructureResult& before : archived.evaluation->structures)
      if (now.name == before.name && now.has_dose && before.has_dose) {
        json.key(now.name);
        write_dvh_difference(json, dvh_difference(now, before));
      }
  json.end_object();
  if (archived.gamma_pct) json.member("gamma_pct", *archived.gamma_pct);
  json.end_object();
}

void write_origin(JsonWriter& json, const ResultOrigin& origin) {
  json.key("hashes").begin_object().key("inputs").begin_array();
  for (const HashedObject& input : origin.inputs) {
    json.begin_row_object().member("path", input.path).member("sha256", input.sha256);
    json.end_object();
  }
  json.end_array().member("protocol_sha256", origin.protocol_sha256);
  member_if_stated(json, "protocol_files_sha256", origin.protocol_files_sha256);
  json.member("beam_data_sha256", origin.beam_data_sha256).member("program_revision", origin.program_revision);
  json.end_object().key("outputs").begin_array();
  for (const std::string& uid : origin.outputs) json.value(uid);
  json.end_array();
}

}  // namespace

std::vector<HashedObject> hashes_of(const std::vector<ArchiveEntry>& objects, const std::filesystem::path& root) {
  std::vector<HashedObject> all;
  for (const ArchiveEntry& entry : objects) {
    std::vector<std::string> hashes(entry.files.size());
    parallel_for(std::int64_t(hashes.size()),
                 [&](std::int64_t n) { hashes[std::size_t(n)] = sha256_of_file(root / entry.files[std::size_t(n)]); });
    std::sort(hashes.begin(), hashes.end());
    std::string hash = hashes.empty() ? "" : hashes.front();
    if (entry.sop_uid.empty()) {
      Sha256 whole;
      for (const std::string& one : hashes) whole.add(one);
      hash = whole.finish();
    }
    all.push_back({entry.modality + "/" + (entry.sop_uid.empty() ? entry.series_uid : entry.sop_uid), hash});
  }
  std::sort(all.begin(), all.end(), [](const HashedObject& a, const HashedObject& b) { return a.path < b.path; });
  return all;
}

ResultOrigin read_result_origin(const std::filesystem::path& case_result) {
  const JsonReader json = JsonReader::from_file(case_result);
  json.expect_schema("sbrtplan-case-result/1");
  const JsonReader hashes = json.at("hashes");
  ResultOrigin origin;
  for (const JsonReader& input : hashes.at("inputs").items())
    origin.inputs.push_back({input.at("path").text(), input.at("sha256").text()});
  origin.protocol_sha256 = hashes.at("protocol_sha256").text();
  if (const auto files = hashes.find("protocol_files_sha256")) origin.protocol_files_sha256 = files->text();
  origin.beam_data_sha256 = hashes.at("beam_data_sha256").text();
  origin.program_revision = hashes.at("program_revision").text();
  for (const JsonReader& uid : json.at("outputs").items()) origin.outputs.push_back(uid.text());
  return origin;
}

std::string case_result_json(const CaseFindings& findings) {
  const Evaluation& evaluation = findings.outcome->evaluation;
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-case-result/1");
  write_case(json, findings);
  write_lesion(json, findings);
  write_prescription(json, evaluation.targets.front());
  write_replanned(json, findings);
  const ArchivedPlan& archived = *findings.archived;
  if (archived.evaluation || archived.beams || !archived.warnings.empty()) write_archived(json, archived);
  if (archived.evaluation) write_comparison(json, evaluation, archived);
  write_origin(json, findings.origin);
  json.end_object();
  return json.finish();
}

}  // namespace sbrt
