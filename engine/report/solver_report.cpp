#include "engine/report/solver_report.h"

#include "engine/json.h"
#include "engine/report/text_table.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

void write_stages(JsonWriter& json, const char* key, const std::vector<LpStage>& stages) {
  json.key(key).begin_array();
  for (const LpStage& s : stages) {
    json.begin_row_object().member("stage", s.name).member("objective", s.objective).member("unit", s.unit);
    json.member("primal", s.primal).member("dual_bound", s.dual_bound).member("gap", s.gap()).member("slack", s.slack);
    json.member("rows", s.rows).member("iterations", s.iterations).end_object();
  }
  json.end_array();
}

}  // namespace

void write_solver(JsonWriter& json, const SolverRecord& record) {
  json.key("solver").begin_object().member("name", record.name);
  json.member("candidates", record.candidates).member("points", record.points).member("rows", record.rows);
  write_stages(json, "stages", record.all_candidates);
  write_stages(json, "plan_stages", record.plan);
  if (!record.missed.empty()) {
    json.key("goals_missed").begin_array();
    for (const GoalBound& m : record.missed)
      json.begin_row_object()
          .member("goal", m.goal)
          .member("alone_at_least_gy", m.alone_gy)
          .member("together_gy", m.together_gy)
          .end_object();
    json.end_array();
  }
  json.end_object();
}

void write_robustness(JsonWriter& json, const Robustness& r) {
  json.key("robustness").begin_object().member("scenarios", r.scenarios);
  const RobustnessOptions& o = r.options;
  json.key("errors").begin_row_object().member("shifts_mm", o.shifts_mm).member("rotation_deg", o.rotation_deg);
  json.member("density_pct", o.density_pct).member("output_pct", o.output_pct).member("aiming_draws", o.jitter_draws);
  json.member("aiming_mm", o.jitter_mm).member("seed", std::int64_t(o.seed)).end_object();
  json.key("bands").begin_array();
  for (const RobustnessBand& b : r.bands) {
    json.begin_row_object().member("text", b.text).member("unit", b.unit).member("nominal", b.nominal);
    json.member("low", b.low).member("low_scenario", b.low_scenario);
    json.member("high", b.high).member("high_scenario", b.high_scenario);
    if (b.is_goal) json.member("scenarios_that_miss", b.missed);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string solver_text(const SolverRecord& record) {
  using Align = TextTable::Align;
  TextTable table(
      {{"stage"}, {"made small"}, {"best", Align::right}, {"proved", Align::right}, {"plan", Align::right}, {"unit"}});
  for (const LpStage& s : record.all_candidates) {
    std::string plan = "-";
    for (const LpStage& of_plan : record.plan)
      if (of_plan.name == s.name) plan = fmt::format("{:.4g}", of_plan.primal);
    table.add_row(
        {s.name, s.objective, fmt::format("{:.4g}", s.primal), fmt::format(">= {:.4g}", s.dual_bound), plan, s.unit});
  }
  return fmt::format("ordered linear programme, {} candidates, {} points, {} rows; plan: its own beams and points\n",
                     record.candidates, record.points, record.rows) +
         table.text();
}

std::string robustness_text(const Robustness& r) {
  using Align = TextTable::Align;
  TextTable table({{"robustness"},
                   {"low", Align::right},
                   {"planned", Align::right},
                   {"high", Align::right},
                   {"unit"},
                   {"lowest at"},
                   {"highest at"},
                   {"missed in", Align::right}});
  for (const RobustnessBand& b : r.bands)
    table.add_row({b.text, fmt::format("{:.4g}", b.low), fmt::format("{:.4g}", b.nominal),
                   fmt::format("{:.4g}", b.high), b.unit, b.low_scenario, b.high_scenario,
                   b.is_goal ? fmt::format("{}/{}", b.missed, r.scenarios) : ""});
  return table.text();
}

}  // namespace sbrt
