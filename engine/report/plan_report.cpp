#include "engine/report/plan_report.h"

#include "engine/json.h"
#include "engine/report/biology_report.h"
#include "engine/report/program_block.h"
#include "engine/report/protocol_report.h"
#include "engine/report/report_extras.h"
#include "engine/report/solver_report.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

void write_interval(JsonWriter& json, const Interval& interval) {
  json.value(std::vector<double>{interval.low, interval.high});
}

void write_prescription(JsonWriter& json, const Prescription& prescription) {
  json.member("dose_gy", prescription.dose_gy).member("fractions", prescription.fractions);
  if (prescription.isodose_pct) json.member("isodose_pct", *prescription.isodose_pct);
}

void write_provenance(JsonWriter& json, const PlanReport& report) {
  write_program(json, report.program_version, report.program_revision);
  write_inputs(json, report.inputs);
  if (report.beam_data) {
    json.key("beam_data").begin_object();
    json.member("name", report.beam_data->name).member("version", report.beam_data->version);
    json.member("clinical", report.beam_data->clinical).member("sha256", report.beam_data->sha256);
    json.end_object();
  }
  if (!report.density_table.empty()) {
    json.key("density").begin_object().member("table", report.density_table);
    if (!report.density_sha256.empty()) json.member("sha256", report.density_sha256);
    json.end_object();
  }
  if (report.dose_grid) {
    const GridSize& n = report.dose_grid->size;
    const auto& spacing = report.dose_grid->spacing_mm;
    json.key("dose_grid").begin_object();
    json.member("size", std::vector<double>{double(n.nx), double(n.ny), double(n.nz)});
    json.member("spacing_mm", std::vector<double>(spacing.begin(), spacing.end()));
    json.end_object();
  }
}

void write_prescriptions(JsonWriter& json, const std::vector<TargetResult>& targets) {
  if (targets.empty()) return;
  json.key("prescription").begin_object();
  write_prescription(json, targets.front().prescription);
  json.end_object();
  if (targets.size() == 1) return;
  json.key("prescriptions").begin_array();
  for (const TargetResult& target : targets) {
    json.begin_row_object().member("target", target.name);
    write_prescription(json, target.prescription);
    if (target.prescription_bed_gy) json.member("bed_gy", *target.prescription_bed_gy);
    if (target.prescription_eqd2_gy) json.member("eqd2_gy", *target.prescription_eqd2_gy);
    json.end_object();
  }
  json.end_array();
}

void write_structure(JsonWriter& json, const StructureResult& s) {
  json.key(s.name).begin_object();
  json.member("role", to_string(s.role)).member("volume_cc", s.volume_cc).key("volume_interval_cc");
  write_interval(json, s.volume_interval_cc);
  if (s.outside_grid_cc > 0) json.member("outside_grid_cc", s.outside_grid_cc);
  if (s.has_dose) {
    json.member("min_gy", s.min_gy).member("mean_gy", s.mean_gy).member("max_gy", s.max_gy);
    json.key("queries").begin_object();
    for (const auto& [text, value] : s.queries) json.member(text, value);
    json.end_object();
    json.key("queries_interval").begin_object();
    for (const auto& [text, interval] : s.query_intervals) {
      json.key(text);
      write_interval(json, interval);
    }
    json.end_object();
    json.member("sampling_step_mm", s.step_mm);
  }
  json.end_object();
}

void write_target(JsonWriter& json, const TargetResult& target) {
  json.key(target.name).begin_object();
  for (const IndexDefinition& definition : index_definitions()) {
    const auto found = target.indices.find(definition.id);
    if (found == target.indices.end()) continue;
    json.key(definition.id).begin_row_object().member("value", found->second.value).key("interval");
    write_interval(json, found->second.interval);
    json.end_object();
  }
  json.end_object();
}

void write_rtog(JsonWriter& json, const std::vector<TargetResult>& targets) {
  if (std::none_of(targets.begin(), targets.end(), [](const TargetResult& t) { return t.rtog.has_value(); })) return;
  json.key("rtog_0813_0915").begin_object();
  for (const TargetResult& target : targets) {
    if (!target.rtog) continue;
    json.key(target.name).begin_object();
    json.member("r50_deviation", target.rtog->r50).member("d2cm_deviation", target.rtog->d2cm);
    if (const auto& limits = target.rtog->limits) {
      json.member("r50_none_below", limits->r50_none).member("r50_minor_below", limits->r50_minor);
      json.member("d2cm_none_below_pct", limits->d2cm_none_pct).member("d2cm_minor_below_pct", limits->d2cm_minor_pct);
    }
    json.end_object();
  }
  json.end_object();
}

void write_delivery(JsonWriter& json, const DeliveryEstimate& d) {
  json.key("delivery").begin_object();
  json.member("beams", d.beams).member("nodes", d.nodes).member("total_mu", d.total_mu).member("minutes", d.minutes);
  json.member("mu_per_fraction", d.mu_per_fraction);
  json.member("largest_beam_mu_per_fraction", d.largest_beam_mu)
      .member("largest_node_mu_per_fraction", d.largest_node_mu);
  json.key("minutes_of").begin_row_object();
  json.member("setup", d.setup_min).member("beam_on", d.beam_on_min).member("travel", d.travel_min);
  json.member("aiming", d.aiming_min).member("imaging", d.imaging_min);
  json.end_object();
  json.end_object();
}

void write_goals(JsonWriter& json, const std::vector<GoalResult>& goals, const ProtocolJudgement& protocols) {
  if (goals.empty() && protocols.empty()) return;
  json.key("goals").begin_array();
  for (const GoalResult& g : goals) {
    json.begin_row_object().member("text", g.goal.text);
    if (g.value) json.member("value", *g.value);
    json.member("met", g.met);
    if (!g.value) json.member("why_no_value", g.why_no_value);
    if (g.interval) {
      json.key("interval");
      write_interval(json, *g.interval);
    }
    if (g.at_limit()) json.member("at_limit", true);
    json.end_object();
  }
  write_protocol_goals(json, protocols);
  json.end_array();
}

void write_method(JsonWriter& json, const Evaluation& evaluation) {
  json.key("method").begin_object();
  json.member("piv_region", evaluation.piv_region).member("piv_partition", evaluation.piv_partition);
  json.member("contour_rule", evaluation.contour_rule).member("dose_interpolation", evaluation.dose_interpolation);
  json.member("dvh_bin_gy", evaluation.dvh_bin_gy);
  if (evaluation.max_in_body_gy) json.member("max_in_body_gy", *evaluation.max_in_body_gy);
  json.member("interval",
              "numerical: sampling and end caps of the contours; not the uncertainty of the dose or of the contours");
  json.end_object();
}

void write_definitions(JsonWriter& json) {
  json.key("definitions").begin_object();
  for (const IndexDefinition& d : index_definitions()) {
    json.key(d.id).begin_row_object().member("formula", d.formula).member("unit", d.unit);
    if (!d.source.empty()) json.member("source", d.source);
    json.end_object();
  }
  json.end_object();
}

// A shorter text would be found inside numbers and words that have nothing to do with it.
constexpr std::size_t shortest_secret = 3;

void leave_out(std::string& text, const std::string& secret) {
  const std::string instead = "(left out)";
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += instead.size())
    text.replace(at, secret.size(), instead);
}

void write_patient(JsonWriter& json, const PatientRecord& patient) {
  json.key("patient").begin_row_object().member("name", patient.name).member("id", patient.id).end_object();
}

void write_files(JsonWriter& json, const std::vector<FileRecord>& files) {
  if (files.empty()) return;
  json.key("files").begin_array();
  for (const FileRecord& file : files)
    json.begin_row_object().member("path", file.path).member("content", file.content).end_object();
  json.end_array();
}

}  // namespace

std::string to_json(const PlanReport& report) {
  const Evaluation& evaluation = report.evaluation;
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-report/1");
  write_verdict(json, report);
  if (report.patient) write_patient(json, *report.patient);
  write_provenance(json, report);
  if (report.dose_origin) write_dose_origin(json, *report.dose_origin);
  write_prescriptions(json, evaluation.targets);
  json.key("structures").begin_object();
  for (const StructureResult& s : evaluation.structures) write_structure(json, s);
  json.end_object();
  json.key("targets").begin_object();
  for (const TargetResult& t : evaluation.targets) write_target(json, t);
  json.end_object();
  write_rtog(json, evaluation.targets);
  write_radiobiology(json, evaluation);
  if (report.delivery) write_delivery(json, *report.delivery);
  if (report.solver) write_solver(json, *report.solver);
  if (report.robustness) write_robustness(json, *report.robustness);
  write_goals(json, evaluation.goals, report.protocols);
  write_protocols(json, report.protocols);
  json.key("warnings").begin_array();
  for (const Warning& w : all_warnings(report))
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array();
  write_method(json, evaluation);
  write_definitions(json);
  write_published(json);
  write_curves(json, evaluation);
  write_files(json, report.files);
  json.end_object();
  return json.finish();
}

void make_anonymous(PlanReport& report) {
  // Warnings name files and UIDs too.
  std::vector<std::string> secrets;
  if (report.patient) secrets = {report.patient->name, report.patient->id};
  const auto hide = [&](std::string& text) {
    secrets.push_back(text);
    text.clear();
  };
  for (InputRecord& input : report.inputs) {
    hide(input.path);
    hide(input.uid);
  }
  if (report.dose_origin)
    for (DosePart& part : report.dose_origin->parts) {
      hide(part.path);
      hide(part.uid);
    }
  report.patient.reset();
  for (Warnings* warnings : {&report.warnings, &report.evaluation.warnings})
    for (Warning& warning : *warnings)
      for (const std::string& secret : secrets)
        if (secret.size() >= shortest_secret) leave_out(warning.text, secret);
}

bool all_goals_met(const PlanReport& report, bool minor_counts) {
  return all_met(report.evaluation.goals) && all_met(report.protocols, minor_counts);
}

Warnings all_warnings(const PlanReport& report) {
  Warnings all;
  for (const Warnings* source : {&report.warnings, &report.evaluation.warnings})
    for (const Warning& w : *source)
      if (std::find(all.begin(), all.end(), w) == all.end()) all.push_back(w);
  return all;
}

}  // namespace sbrt
