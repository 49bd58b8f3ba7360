#include "dose/svg_plot.h"
#include "engine/compare/compare_case.h"
#include "engine/evaluation/indices.h"
#include "engine/json.h"
#include "engine/report/program_block.h"
#include "engine/report/report_page.h"
#include "engine/report/text_table.h"
#include "geometry/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sbrt {
namespace {

/// A number of a target by its column.
struct TargetColumn {
  const char* id;
  std::optional<double> ComparedTarget::*member;
  bool smallest;  //!< over the targets; else the largest
};
constexpr TargetColumn target_columns[] = {{"coverage_pct", &ComparedTarget::coverage_pct, true},
                                           {"ci", &ComparedTarget::ci, false},
                                           {"nci", &ComparedTarget::nci, false},
                                           {"hi", &ComparedTarget::hi, false},
                                           {"gi", &ComparedTarget::gi, false},
                                           {"r50", &ComparedTarget::r50, false},
                                           {"d2cm_pct", &ComparedTarget::d2cm_pct, false},
                                           {"isodose_pct", &ComparedTarget::isodose_pct, true}};

std::string shown(const std::optional<double>& value) { return value ? short_number(*value) : "-"; }

void write_row(JsonWriter& json, const ComparedSet& set) {
  json.member("name", set.name).member("description", set.description);
  json.key("targets").begin_array();
  for (const ComparedTarget& target : set.targets) {
    json.begin_row_object().member("name", target.name);
    for (const TargetColumn& column : target_columns)
      if (const auto& value = target.*column.member) json.member(column.id, *value);
    json.end_object();
  }
  json.end_array();
  json.member("goals", set.goals).member("goals_missed", set.goals_missed).member("goals_minor", set.goals_minor);
  if (set.worst_goal) {
    json.key("worst_goal").begin_row_object();
    json.member("text", set.worst_goal->text).member("value", set.worst_goal->value);
    json.member("share_of_limit", set.worst_goal->share).end_object();
  }
  json.member("beams", set.beams).member("nodes", set.nodes).member("total_mu", set.total_mu);
  json.member("minutes", set.minutes).member("dose_area_mu_cm2", set.dose_area_mu_cm2);
  if (set.body_mean_gy) json.member("body_mean_gy", *set.body_mean_gy);
  json.key("warnings").begin_array();
  for (const std::string& code : set.warnings) json.value(code);
  json.end_array();
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Relative to the first set that has a plan.
std::optional<double> dose_area_ratio(const Comparison& comparison, const ComparedSet& set) {
  for (const ComparedSet& first : comparison.sets)
    if (first.failure.empty() && first.dose_area_mu_cm2 > 0) return set.dose_area_mu_cm2 / first.dose_area_mu_cm2;
  return std::nullopt;
}

const ComparedColumn& column_named(const std::string& id) {
  for (const ComparedColumn& column : compared_columns())
    if (column.id == id) return column;
  std::vector<std::string> ids;
  for (const ComparedColumn& column : compared_columns()) ids.push_back(column.id);
  throw InputError("'" + id + "' cannot be compared", "--pareto", "there is no such column",
                   fmt::format("choose among {}", fmt::join(ids, ", ")));
}

}  // namespace

const std::vector<ComparedColumn>& compared_columns() {
  const auto index = [](const char* id, const char* title, const char* unit, bool larger_is_better) {
    for (const IndexDefinition& known : index_definitions())
      if (known.id == id) return ComparedColumn{id, title, unit, larger_is_better, known.formula};
    SBRT_EXPECT(!"an index without definition");
    return ComparedColumn{};
  };
  static const std::vector<ComparedColumn> columns{
      index("coverage_pct", "coverage", "%", true),
      index("ci", "CI", "1", false),
      index("nci", "nCI", "1", false),
      index("hi", "HI", "1", false),
      index("gi", "GI", "1", false),
      index("r50", "R50", "1", false),
      index("d2cm_pct", "D2cm", "%", false),
      index("isodose_pct", "isodose", "%", true),
      {"worst_goal", "worst goal", "of limit", false,
       "largest share of its limit that a goal takes; above 1 is missed"},
      {"total_mu", "MU", "MU", false, "monitor units of all beams and fractions"},
      {"beams", "beams", "1", false, "beams with weight"},
      {"nodes", "nodes", "1", false, "nodes that the robot stops at"},
      {"minutes", "time", "min/fx", false, "estimated time of a fraction"},
      {"dose_area", "dose-area", "MU cm2", false, "sum of MU x field area at 800 mm"},
      {"body_mean_gy", "body mean", "Gy", false, "mean dose of the body contour"}};
  return columns;
}

std::optional<double> ComparedSet::value(const std::string& column) const {
  for (const TargetColumn& known : target_columns) {
    if (column != known.id) continue;
    std::optional<double> extreme;
    for (const ComparedTarget& target : targets) {
      const auto& one = target.*known.member;
      if (!one) return std::nullopt;
      if (!extreme || (known.smallest ? *one < *extreme : *one > *extreme)) extreme = one;
    }
    return extreme;
  }
  column_named(column);
  if (column == "worst_goal") return worst_goal ? std::optional(worst_goal->share) : std::nullopt;
  if (column == "total_mu") return total_mu;
  if (column == "beams") return beams;
  if (column == "nodes") return nodes;
  if (column == "minutes") return minutes;
  if (column == "dose_area") return dose_area_mu_cm2;
  SBRT_EXPECT(column == "body_mean_gy");
  return body_mean_gy;
}

std::string set_record_text(const ComparedSet& set, const std::string& key) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-set/1").member("key", key);
  write_row(json, set);
  json.end_object();
  return json.finish();
}

ComparedSet read_set_record(const std::filesystem::path& path, const std::string& key) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-set/1");
  if (json.at("key").text() != key)
    throw InputError("this set was planned before with something else", path.string(),
                     "its inputs, settings, set or program were not those of this comparison",
                     "choose another --out, or remove the folder to plan it again");
  ComparedSet set;
  set.name = json.at("name").text();
  set.description = json.at("description").text();
  for (const JsonReader& item : json.at("targets").items()) {
    ComparedTarget target;
    target.name = item.at("name").text();
    for (const TargetColumn& column : target_columns)
      if (const auto value = item.find(column.id)) target.*column.member = value->number();
    set.targets.push_back(target);
  }
  set.goals = int(json.at("goals").integer(0));
  set.goals_missed = int(json.at("goals_missed").integer(0));
  set.goals_minor = int(json.at("goals_minor").integer(0));
  if (const auto worst = json.find("worst_goal"))
    set.worst_goal =
        WorstGoal{worst->at("text").text(), worst->at("value").number(), worst->at("share_of_limit").number()};
  set.beams = int(json.at("beams").integer(0));
  set.nodes = int(json.at("nodes").integer(0));
  set.total_mu = json.at("total_mu").number(0);
  set.minutes = json.at("minutes").number(0);
  set.dose_area_mu_cm2 = json.at("dose_area_mu_cm2").number(0);
  if (const auto mean = json.find("body_mean_gy")) set.body_mean_gy = mean->number();
  for (const JsonReader& code : json.at("warnings").items()) set.warnings.push_back(code.text());
  json.expect_all_used();
  return set;
}

std::string to_json(const Comparison& comparison, const std::string& version, const std::string& revision) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-comparison/1");
  write_program(json, version, revision);
  write_inputs(json, comparison.inputs);
  json.key("objectives").begin_array();
  for (const std::string& objective : comparison.objectives) json.value(objective);
  json.end_array();
  json.key("columns").begin_array();
  for (const ComparedColumn& c : compared_columns()) {
    json.begin_row_object().member("id", c.id).member("title", c.title).member("unit", c.unit);
    json.member("larger_is_better", c.larger_is_better).member("definition", c.definition).end_object();
  }
  json.end_array();
  json.key("sets").begin_array();
  for (const ComparedSet& set : comparison.sets) {
    json.begin_object();
    if (set.failure.empty()) {
      write_row(json, set);
      json.key("values").begin_row_object();
      for (const ComparedColumn& c : compared_columns())
        if (const auto value = set.value(c.id)) json.member(c.id, *value);
      json.end_object();
      if (const auto ratio = dose_area_ratio(comparison, set)) json.member("dose_area_ratio", *ratio);
      json.member("front", set.front).member("folder", set.name);
      json.member("report", set.name + "/report.html");
    } else {
      json.member("name", set.name).member("description", set.description).member("failure", set.failure);
    }
    json.end_object();
  }
  json.end_array();
  json.key("warnings").begin_array();
  for (const Warning& w : comparison.warnings)
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array().end_object();
  return json.finish();
}

std::string to_csv(const Comparison& comparison) {
  std::string csv = "set,description,target,front";
  for (const TargetColumn& column : target_columns) csv += fmt::format(",{}", column.id);
  csv +=
      ",goals,goals_missed,worst_goal,worst_goal_share,beams,nodes,total_mu,minutes,dose_area_mu_cm2,dose_area_ratio\n";
  for (const ComparedSet& set : comparison.sets)
    for (const ComparedTarget& target : set.targets) {
      csv += fmt::format("{},{},{},{}", csv_field(set.name), csv_field(set.description), csv_field(target.name),
                         set.front ? "yes" : "no");
      for (const TargetColumn& column : target_columns) {
        const auto& value = target.*column.member;
        csv += "," + (value ? exact_text(*value) : std::string());
      }
      const auto ratio = dose_area_ratio(comparison, set);
      csv += fmt::format(",{},{},{},{},{},{},{},{},{},{}\n", set.goals, set.goals_missed,
                         set.worst_goal ? csv_field(set.worst_goal->text) : "",
                         set.worst_goal ? exact_text(set.worst_goal->share) : "", set.beams, set.nodes,
                         exact_text(set.total_mu), exact_text(set.minutes), exact_text(set.dose_area_mu_cm2),
                         ratio ? exact_text(*ratio) : "");
    }
  return csv;
}

std::string text_report(const Comparison& comparison) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{{"", Align::right}, {"set"}, {"front"}, {"cov [%]", Align::right}};
  for (const char* title : {"CI", "nCI", "HI", "GI", "R50", "D2cm [%]", "isodose [%]", "missed", "worst goal", "MU",
                            "beams", "nodes", "min/fx", "DAP ratio", "s"})
    columns.push_back({title, Align::right});
  TextTable table(columns);
  std::string failures;
  int row = 0;
  for (const ComparedSet& set : comparison.sets) {
    ++row;
    if (!set.failure.empty()) {
      failures += fmt::format("no plan: {} ({}): {}\n", set.name, set.description, set.failure);
      continue;
    }
    std::vector<std::string> cells{fmt::format("{}", row), set.name, set.front ? "*" : ""};
    for (const char* id : {"coverage_pct", "ci", "nci", "hi", "gi", "r50", "d2cm_pct", "isodose_pct"})
      cells.push_back(shown(set.value(id)));
    cells.push_back(set.goals ? fmt::format("{}/{}", set.goals_missed, set.goals) : "-");
    cells.push_back(set.worst_goal ? fmt::format("{:.0f} %", 100 * set.worst_goal->share) : "-");
    cells.push_back(fmt::format("{:.0f}", set.total_mu));
    cells.push_back(fmt::format("{}", set.beams));
    cells.push_back(fmt::format("{}", set.nodes));
    cells.push_back(fmt::format("{:.1f}", set.minutes));
    cells.push_back(shown(dose_area_ratio(comparison, set)));
    cells.push_back(set.reused ? "kept" : fmt::format("{:.1f}", set.seconds));
    table.add_row(std::move(cells));
  }
  std::string text = table.empty() ? "" : table.text();
  text += failures;
  text += fmt::format("\n*: no other set that misses as few goals is better or equal in all of {}\n",
                      fmt::join(comparison.objectives, ", "));
  text +=
      "several targets: the least coverage and isodose, the largest of the other indices. missed: goals missed of all; "
      "worst goal: value in % of its limit;\nDAP ratio: sum of MU x field area at 800 mm, of the first set; "
      "s: time of the run, kept: finished before\n";
  return text;
}

std::string comparison_page(const std::string& json) {
  return filled_page(page_template("compare.html"), {{"report", "application/json", json}});
}

std::string pareto_svg(const Comparison& comparison) {
  if (comparison.objectives.size() < 2) return "";
  const ComparedColumn &x = column_named(comparison.objectives[0]), &y = column_named(comparison.objectives[1]);
  LinePlot plot;
  plot.title = x.title + " and " + y.title + " of the candidate sets";
  plot.subtitle = "line and *: sets that no other set with as few missed goals beats";
  const auto label = [](const ComparedColumn& c) {
    return c.title + " [" + c.unit + (c.larger_is_better ? "], larger is better" : "], smaller is better");
  };
  plot.x_label = label(x);
  plot.y_label = label(y);
  plot.legend_title = "set";
  PlotCurve front{"front", {}, false, {}};
  int row = 0;
  for (const ComparedSet& set : comparison.sets) {
    ++row;
    if (!set.failure.empty() || !set.value(x.id) || !set.value(y.id)) continue;
    const std::pair<double, double> point{*set.value(x.id), *set.value(y.id)};
    if (set.front) front.points.push_back(point);
    plot.curves.push_back(
        {fmt::format("{}  {}{}", row, set.name, set.front ? " *" : ""), {point}, true, fmt::format("{}", row)});
  }
  if (plot.curves.empty()) return "";
  std::sort(front.points.begin(), front.points.end());
  if (front.points.size() > 1) plot.curves.push_back(front);
  return to_svg(plot);
}

}  // namespace sbrt
