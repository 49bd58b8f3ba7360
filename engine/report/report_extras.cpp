#include "engine/report/report_extras.h"

#include "engine/json.h"

#include <fmt/format.h>

#include <charconv>

namespace sbrt {
namespace {

// The seven digits of dvh_csv().
double rounded(double value) {
  const std::string text = fmt::format("{:.7g}", value);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

}  // namespace

Verdict verdict_of(const PlanReport& report) {
  Verdict verdict;
  for (const GoalResult& g : report.evaluation.goals)
    ++(!g.value ? verdict.not_shown : g.met ? verdict.met : verdict.missed);
  for (const JudgedGoal& g : report.protocols.goals) {
    if (g.status == GoalStatus::met) ++verdict.met;
    if (g.status == GoalStatus::minor) ++verdict.minor;
    if (g.status == GoalStatus::missed) ++verdict.missed;
    if (g.status == GoalStatus::not_evaluated && g.unproven) ++verdict.not_shown;
  }
  return verdict;
}

std::string verdict_text(const Verdict& v) {
  if (v.stated() == 0) return "no goal was stated";
  std::string text;
  if (v.met == v.stated())
    text = v.met == 1 ? "the goal is met" : fmt::format("all {} goals are met", v.met);
  else if (v.missed > 0)
    text = fmt::format("{} of {} goals {} missed", v.missed, v.stated(), v.missed == 1 ? "is" : "are");
  else
    text = fmt::format("{} of {} goals are met", v.met, v.stated());
  if (v.minor > 0) text += fmt::format(", {} with a minor deviation", v.minor);
  if (v.not_shown > 0) text += fmt::format(", {} without a value", v.not_shown);
  return text;
}

void write_verdict(JsonWriter& json, const PlanReport& report) {
  const Verdict v = verdict_of(report);
  json.key("verdict").begin_row_object().member("text", verdict_text(v));
  json.member("met", v.met).member("minor", v.minor).member("missed", v.missed).member("without_value", v.not_shown);
  json.end_object();
}

const std::vector<PublishedRange>& published_ranges() {
  static const std::vector<PublishedRange> ranges{{"coverage_pct", 86.12, 47.81, 99.75},
                                                  {"ci", 1.13, 1.00, 2.77},
                                                  {"nci", 1.42, 1.13, 2.93},
                                                  {"hi", 1.33, 1.10, 2.00},
                                                  {"isodose_pct", 75, 55, 88}};
  return ranges;
}

void write_published(JsonWriter& json) {
  json.key("published").begin_object();
  json.member("source", "median and range of a clinical series of robotic stereotactic body radiotherapy");
  for (const PublishedRange& r : published_ranges()) {
    json.key(r.id).begin_row_object().member("median", r.median).key("range");
    json.value(std::vector<double>{r.low, r.high}).end_object();
  }
  json.end_object();
}

void write_curves(JsonWriter& json, const Evaluation& evaluation) {
  std::vector<double> dose_gy;
  for (const StructureResult& s : evaluation.structures)
    if (s.dvh_dose_gy.size() > dose_gy.size()) dose_gy = s.dvh_dose_gy;
  if (dose_gy.empty()) return;
  for (double& dose : dose_gy) dose = rounded(dose);
  json.key("dvh").begin_object().member("dose_gy", dose_gy).key("volume_pct").begin_object();
  for (const StructureResult& s : evaluation.structures) {
    if (s.dvh_dose_gy.empty()) continue;
    std::vector<double> volume_pct;
    for (const double volume_cc : s.dvh_volume_cc) volume_pct.push_back(rounded(100 * volume_cc / s.volume_cc));
    json.member(s.name, volume_pct);
  }
  json.end_object().end_object();
}

}  // namespace sbrt
