#include "engine/report/report_tables.h"

#include "engine/json.h"
#include "engine/report/dvh_csv.h"

namespace sbrt {
namespace {

std::string row(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += (&field == fields.data() ? "" : ",") + csv_field(field);
  return line + "\n";
}

std::string optional_text(const std::optional<double>& value) { return value ? exact_text(*value) : ""; }
std::string low_text(const std::optional<Interval>& i) { return i ? exact_text(i->low) : ""; }
std::string high_text(const std::optional<Interval>& i) { return i ? exact_text(i->high) : ""; }

std::string indices_csv(const Evaluation& evaluation) {
  std::string rows;
  for (const TargetResult& target : evaluation.targets)
    for (const IndexDefinition& d : index_definitions()) {
      const auto found = target.indices.find(d.id);
      if (found == target.indices.end()) continue;
      const Measured& m = found->second;
      rows += row({target.name, d.id, exact_text(m.value), exact_text(m.interval.low), exact_text(m.interval.high),
                   d.unit, d.formula});
    }
  return rows;
}

std::string structures_csv(const Evaluation& evaluation) {
  std::string rows;
  for (const StructureResult& s : evaluation.structures) {
    const std::string role(to_string(s.role));
    const auto add = [&](const std::string& quantity, double value, const std::optional<Interval>& interval) {
      rows += row({s.name, role, quantity, exact_text(value), low_text(interval), high_text(interval)});
    };
    add("volume_cc", s.volume_cc, s.volume_interval_cc);
    if (!s.has_dose) continue;
    add("min_gy", s.min_gy, {});
    add("mean_gy", s.mean_gy, {});
    add("max_gy", s.max_gy, {});
    for (const auto& [text, value] : s.queries) {
      const auto interval = s.query_intervals.find(text);
      add(text, value, interval == s.query_intervals.end() ? std::nullopt : std::optional(interval->second));
    }
  }
  return rows;
}

std::string goals_csv(const PlanReport& report) {
  std::string rows;
  for (const GoalResult& g : report.evaluation.goals)
    rows += row({g.goal.text, optional_text(g.value), low_text(g.interval), high_text(g.interval),
                 g.met ? "met" : "missed", ""});
  for (const JudgedGoal& g : report.protocols.goals)
    rows += row({g.bound.text(), optional_text(g.value), low_text(g.interval), high_text(g.interval),
                 std::string(to_string(g.status)), g.why});
  return rows;
}

std::string robustness_csv(const PlanReport& report) {
  std::string rows;
  if (!report.robustness) return rows;
  for (const RobustnessBand& b : report.robustness->bands)
    rows +=
        row({b.text, b.unit, exact_text(b.nominal), exact_text(b.low), b.low_scenario, exact_text(b.high),
             b.high_scenario, b.is_goal ? std::to_string(b.missed) : "", std::to_string(report.robustness->scenarios)});
  return rows;
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n#") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::vector<ReportTable> report_tables(const PlanReport& report) {
  std::vector<ReportTable> tables;
  const auto add = [&](const std::string& file, const std::string& content, const std::string& header,
                       const std::string& rows) {
    if (!rows.empty()) tables.push_back({file, content, header + "\n" + rows});
  };
  add("indices.csv", "indices of every target", "target,index,value,low,high,unit,definition",
      indices_csv(report.evaluation));
  add("structures.csv", "volumes, doses and queries of every structure", "structure,role,quantity,value,low,high",
      structures_csv(report.evaluation));
  add("goals.csv", "goals", "goal,value,low,high,result,note", goals_csv(report));
  add("robustness.csv", "the plan under shifts, rotations, density, output and aiming errors",
      "quantity,unit,planned,low,low_scenario,high,high_scenario,scenarios_that_miss,scenarios",
      robustness_csv(report));
  tables.push_back({"dvh.csv", "dose-volume histograms, cumulative and differential", dvh_csv(report.evaluation)});
  return tables;
}

}  // namespace sbrt
