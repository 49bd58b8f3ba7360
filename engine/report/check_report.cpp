#include "engine/check_case.h"
#include "engine/json.h"
#include "engine/report/program_block.h"
#include "engine/report/text_table.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

std::string signed_pct(double value) { return fmt::format("{:+.2f} %", value); }

}  // namespace

std::string to_json(const CheckOutcome& outcome, const std::string& version, const std::string& revision) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-check/1");
  write_program(json, version, revision);
  write_inputs(json, outcome.inputs);
  json.key("beam_data").begin_row_object();
  json.member("name", outcome.beam_data).member("sha256", outcome.beam_data_sha256).end_object();
  json.key("plan").begin_row_object();
  json.member("kind", outcome.plan_kind).member("beams", std::int64_t(outcome.beams));
  json.member("total_mu", outcome.total_mu).end_object();
  json.key("dose").begin_row_object();
  json.member("stored_max_gy", outcome.stored_max_gy).member("computed_max_gy", outcome.computed_max_gy);
  json.member("median_ratio", outcome.median_ratio).member("mean_difference_pct", outcome.mean_difference_pct);
  json.member("rms_difference_pct", outcome.rms_difference_pct).end_object();
  const GammaResult& gamma = outcome.gamma;
  json.key("gamma").begin_row_object();
  json.member("dose_pct", gamma.criteria.dose_pct).member("distance_mm", gamma.criteria.distance_mm);
  json.member("local", gamma.criteria.local).member("cutoff_pct", gamma.criteria.cutoff_pct);
  json.member("pass_pct", gamma.pass_pct).member("compared", gamma.compared).member("passed", gamma.passed);
  json.member("not_covered", gamma.not_covered).member("mean", gamma.mean).member("max", gamma.largest).end_object();
  json.key("metrics").begin_array();
  for (const CheckedMetric& m : outcome.metrics) {
    json.begin_row_object().member("structure", m.structure).member("metric", m.metric).member("unit", m.unit);
    json.member("stored", m.stored).member("computed", m.computed);
    if (m.difference_pct) json.member("difference_pct", *m.difference_pct);
    json.end_object();
  }
  json.end_array();
  json.key("indices").begin_array();
  for (const CheckedIndex& i : outcome.indices) {
    json.begin_row_object().member("target", i.target).member("index", i.index);
    if (!i.unit.empty()) json.member("unit", i.unit);
    json.member("stored", i.stored).member("computed", i.computed).end_object();
  }
  json.end_array();
  json.key("warnings").begin_array();
  for (const Warning& w : outcome.warnings)
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array().end_object();
  return json.finish();
}

std::string text_report(const CheckOutcome& outcome) {
  const GammaResult& gamma = outcome.gamma;
  std::string text = fmt::format("{}: {} beams, {:.1f} MU over all fractions; beam data '{}'\n", outcome.plan_kind,
                                 outcome.beams, outcome.total_mu, outcome.beam_data);
  text += fmt::format("largest dose: stored {:.3f} Gy, computed {:.3f} Gy ({})\n", outcome.stored_max_gy,
                      outcome.computed_max_gy, signed_pct(100 * (outcome.computed_max_gy / outcome.stored_max_gy - 1)));
  text += fmt::format("computed / stored, median where the stored dose is above half its largest: {:.4f}\n",
                      outcome.median_ratio);
  text += fmt::format("difference above {:g} % of the largest stored dose: mean {}, root mean square {:.2f} %\n",
                      gamma.criteria.cutoff_pct, signed_pct(outcome.mean_difference_pct), outcome.rms_difference_pct);
  text += fmt::format("gamma {:g} %/{:g} mm, {}: pass rate {:.2f} % of {} points, mean {:.3f}, largest {}{:.2f}\n\n",
                      gamma.criteria.dose_pct, gamma.criteria.distance_mm, gamma.criteria.local ? "local" : "global",
                      gamma.pass_pct, gamma.compared, gamma.mean, gamma.largest >= gamma.criteria.largest ? ">= " : "",
                      gamma.largest);
  using Align = TextTable::Align;
  TextTable metrics({{"structure"},
                     {"metric"},
                     {"stored", Align::right},
                     {"computed", Align::right},
                     {"unit"},
                     {"difference", Align::right}});
  for (const CheckedMetric& m : outcome.metrics)
    metrics.add_row({m.structure, m.metric, short_number(m.stored), short_number(m.computed), m.unit,
                     m.difference_pct ? signed_pct(*m.difference_pct) : ""});
  if (!metrics.empty())
    text += metrics.text() + "difference: doses in % of the largest stored dose, volumes in points\n";
  TextTable indices({{"target"}, {"index"}, {"stored", Align::right}, {"computed", Align::right}, {"unit"}});
  for (const CheckedIndex& i : outcome.indices)
    indices.add_row({i.target, i.index, short_number(i.stored), short_number(i.computed), i.unit});
  if (!indices.empty()) text += "\n" + indices.text();
  return text;
}

}  // namespace sbrt
