#include "engine/evaluation/indices.h"
#include "engine/json.h"
#include "engine/protocols/protocol.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sbrt {
namespace {

constexpr std::string_view protocol_schema = "sbrtplan-protocol/1";
constexpr std::string_view goals_schema = "sbrtplan-goals/1";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

const IndexDefinition* index_named(const std::string& id) {
  for (const IndexDefinition& d : index_definitions())
    if (d.id == id) return &d;
  return nullptr;
}

bool is_near(const std::string& quantity) { return quantity == "near_max" || quantity == "near_min"; }

// Runs a parser of the query grammar; its complaints get the place in the file.
template <class Parse>
auto in_place(const JsonReader& place, Parse&& parse) {
  try {
    return parse();
  } catch (const InputError& e) {
    throw place.error(e.problem(), e.where().empty() ? e.why() : e.where() + ": " + e.why(), e.remedy());
  }
}

// A quantity without a limit.
ProtocolLimit read_quantity(const std::string& text, bool on_target, const JsonReader& place) {
  ProtocolLimit limit;
  limit.quantity = text;
  if (const IndexDefinition* index = index_named(text)) {
    if (!on_target)
      throw place.error(fmt::format("'{}' is an index of a target", text), "it has no meaning on another structure",
                        "use it with \"structure\": \"target\"");
    limit.unit = index->unit == "1" ? "" : index->unit;
  } else if (is_near(text)) {
    limit.unit = "Gy";
  } else {
    limit.metric = in_place(place, [&] { return Metric::parse(text); });
    limit.unit = to_string(limit.metric->result_unit);
  }
  return limit;
}

// "1.2", "50 %": the unit must be the quantity's.
double read_value(const std::string& text, const std::string& unit, const JsonReader& place) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || !std::isfinite(value))
    throw place.error(fmt::format("'{}' is no limit", text), "a number is expected",
                      unit.empty() ? "write a number" : "write a number and " + unit);
  const std::string rest = trimmed(std::string(end, text.data() + text.size()));
  if (rest != unit)
    throw place.error(fmt::format("the limit is in '{}'", rest),
                      unit.empty() ? "the quantity is a pure number" : "the quantity is in " + unit,
                      "write the limit in the quantity's unit");
  return value;
}

struct LimitText {
  std::string quantity, relation, value;
};

LimitText split(const std::string& text, const JsonReader& place) {
  const std::size_t at = std::max(text.rfind("<=") + 1, text.rfind(">=") + 1);  // npos + 1 = 0
  if (at == 0)
    throw place.error(fmt::format("'{}' is no goal", text), "neither '<=' nor '>=' was found",
                      "write QUANTITY <= VALUE UNIT, like \"D0.035cc <= 30 Gy\" or \"r50 <= 5.9\"");
  return {trimmed(text.substr(0, at - 1)), text.substr(at - 1, 2), trimmed(text.substr(at + 1))};
}

double limit_value(const LimitText& text, ProtocolLimit& limit, const JsonReader& place) {
  if (!limit.metric) return read_value(text.value, limit.unit, place);
  const Goal goal = in_place(place, [&] { return Goal::parse("x:" + text.quantity + text.relation + text.value); });
  limit.metric = goal.query.metric;
  limit.unit = to_string(goal.unit);
  return goal.limit;
}

ProtocolLimit read_limit(const JsonReader& place, bool on_target) {
  const LimitText text = split(place.text(), place);
  ProtocolLimit limit;
  limit.quantity = text.quantity;
  if (index_named(text.quantity) || is_near(text.quantity) || text.value == "table")
    limit = read_quantity(text.quantity, on_target, place);
  else
    limit.metric = Metric{};  // the limit's unit may decide that of the metric: both are read together
  limit.relation = text.relation == "<=" ? Goal::Relation::at_most : Goal::Relation::at_least;
  limit.limit_text = text.relation + " " + text.value;
  if (text.value != "table") limit.limit = limit_value(text, limit, place);
  return limit;
}

bool is_worse(Goal::Relation relation, double value, double limit) {
  return relation == Goal::Relation::at_most ? value > limit : value < limit;
}

void read_minor(const JsonReader& place, ProtocolLimit& limit) {
  const LimitText text{limit.quantity, limit.relation == Goal::Relation::at_most ? "<=" : ">=", trimmed(place.text())};
  ProtocolLimit unused = limit;
  limit.minor = limit_value(text, unused, place);
  if (!is_worse(limit.relation, *limit.minor, limit.limit))
    throw place.error(fmt::format("the minor limit {} is not beyond the limit", text.value),
                      "it bounds what is a minor deviation", "correct one of the two, or leave the minor limit out");
}

LimitTable read_table(const JsonReader& place, Goal::Relation relation) {
  LimitTable table;
  table.tv_cc = place.at("tv_cc").numbers(0);
  table.limit = place.at("limit").numbers();
  if (const auto minor = place.find("minor")) table.minor = minor->numbers();
  const std::size_t rows = table.tv_cc.size();
  if (rows < 2 || table.limit.size() != rows || (!table.minor.empty() && table.minor.size() != rows))
    throw place.error("the columns of the table do not fit", "they need equal lengths of at least two", "correct them");
  for (std::size_t i = 0; i < rows; ++i) {
    if (i > 0 && !(table.tv_cc[i] > table.tv_cc[i - 1]))
      throw place.error("tv_cc does not ascend", fmt::format("row {}", i + 1), "put the rows in order");
    if (!table.minor.empty() && !is_worse(relation, table.minor[i], table.limit[i]))
      throw place.error("a minor limit is not beyond the limit", fmt::format("row {}", i + 1), "correct the row");
  }
  return table;
}

int fraction_key(const std::string& key, const Protocol& protocol, const JsonReader& place) {
  int number = 0;
  const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), number);
  const bool listed =
      std::find(protocol.fractions.begin(), protocol.fractions.end(), number) != protocol.fractions.end();
  if (status != std::errc{} || end != key.data() + key.size() || !listed)
    throw place.error(fmt::format("\"{}\" is no number of fractions of this set", key), "",
                      "use the numbers listed in \"fractions\"");
  return number;
}

std::vector<std::string> read_structures(const JsonReader& place) {
  std::vector<std::string> names;
  if (place.is_text())
    names.push_back(place.text());
  else
    for (const JsonReader& item : place.items()) names.push_back(item.text());
  if (names.empty() || std::any_of(names.begin(), names.end(), [](const auto& n) { return trimmed(n).empty(); }))
    throw place.error("no structure is named", "", "write an organ's name, a list of them, or \"target\"");
  if (names.size() > 1)
    for (const char* word : {"target", "gtvs", "organs"})
      if (std::find(names.begin(), names.end(), word) != names.end())
        throw place.error(fmt::format("\"{}\" stands in a list", word), "it means several structures by itself",
                          "write it alone");
  return names;
}

ProtocolGoal read_goal(const JsonReader& item, const Protocol& protocol) {
  ProtocolGoal goal;
  goal.structures = read_structures(item.at("structure"));
  const bool on_target = goal.structures.front() == "target";
  if (const auto v = item.find("priority")) goal.priority = int(v->integer(1, 9));
  if (const auto v = item.find("endpoint")) goal.endpoint = v->text();
  if (const auto v = item.find("note")) goal.note = v->text();

  const JsonReader text = item.at("goal");
  if (text.is_object())
    for (const auto& [key, value] : text.members())
      goal.limits[fraction_key(key, protocol, value)] = read_limit(value, on_target);
  else
    goal.limits[0] = read_limit(text, on_target);
  if (goal.limits.empty()) throw text.error("the goal has no limit", "", "give at least one");
  if (const auto minor = item.find("minor")) {
    if (minor->is_object())
      for (const auto& [key, value] : minor->members()) {
        const auto limit = goal.limits.find(fraction_key(key, protocol, value));
        if (limit == goal.limits.end())
          throw value.error("a minor limit without a limit", "", "give \"goal\" for this number of fractions too");
        read_minor(value, limit->second);
      }
    else
      for (auto& [fractions, limit] : goal.limits) read_minor(*minor, limit);
  }
  const auto table = item.find("table");
  for (auto& [fractions, limit] : goal.limits) {
    const bool wants_table = limit.limit_text.ends_with("table");
    if (wants_table != table.has_value())
      throw item.error(wants_table ? "the table is missing" : "a table that no limit refers to", "",
                       "a goal with a table ends with \"<= table\" or \">= table\"");
    if (table) {
      if (!on_target || limit.minor)
        throw table->error("a table applies to a target only, and has its own minor limits", "", "correct the goal");
      limit.table = read_table(*table, limit.relation);
    }
  }
  return goal;
}

void read_reports(const JsonReader& item, Protocol& protocol) {
  ProtocolGoal goal;
  goal.report_only = true;
  goal.structures = read_structures(item.at("structure"));
  if (const auto v = item.find("note")) goal.note = v->text();
  for (const JsonReader& quantity : item.at("quantities").items()) {
    goal.limits = {{0, read_quantity(trimmed(quantity.text()), goal.structures.front() == "target", quantity)}};
    protocol.goals.push_back(goal);
  }
}

void read_goal_list(const JsonReader& json, Protocol& protocol) {
  protocol.name = protocol.file.stem().string();
  protocol.source = "not stated";
  if (const auto v = json.find("name")) protocol.name = v->text();
  if (const auto v = json.find("source")) protocol.source = v->text();
  for (const JsonReader& item : json.at("goals").items()) {
    const Goal goal = in_place(item, [&] { return Goal::parse(item.text()); });
    ProtocolLimit limit;
    limit.quantity = goal.query.metric.text;
    limit.metric = goal.query.metric;
    limit.unit = to_string(goal.unit);
    limit.relation = goal.relation;
    limit.limit = goal.limit;
    limit.limit_text = trimmed(goal.text.substr(goal.text.rfind('=') - 1));
    ProtocolGoal line;
    line.structures = {goal.query.structure};
    line.limits[0] = limit;
    protocol.goals.push_back(std::move(line));
  }
}

}  // namespace

std::optional<LimitTable::Row> LimitTable::at(double target_cc) const {
  if (!(target_cc >= tv_cc.front() && target_cc <= tv_cc.back())) return std::nullopt;
  std::size_t i = 1;
  while (i + 1 < tv_cc.size() && target_cc > tv_cc[i]) ++i;
  const double t = (target_cc - tv_cc[i - 1]) / (tv_cc[i] - tv_cc[i - 1]);
  const auto between = [&](const std::vector<double>& column) {
    return column[i - 1] + t * (column[i] - column[i - 1]);
  };
  return Row{between(limit), minor.empty() ? std::nullopt : std::optional<double>(between(minor))};
}

bool Protocol::applies_to(int number_of_fractions) const {
  return fractions.empty() || std::find(fractions.begin(), fractions.end(), number_of_fractions) != fractions.end();
}

Protocol read_protocol(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  Protocol protocol;
  protocol.file = path;
  protocol.sha256 = sha256_of_file(path);
  if (json.is_object() && json.has("schema") && json.at("schema").is_text() &&
      json.at("schema").text() == goals_schema) {
    read_goal_list(json, protocol);
    json.expect_all_used();
    return protocol;
  }
  json.expect_schema(protocol_schema);
  protocol.name = json.at("name").text();
  protocol.source = json.at("source").text();
  if (trimmed(protocol.name).empty()) throw json.at("name").error("the name is empty", "", "name the set");
  if (trimmed(protocol.source).empty())
    throw json.at("source").error("the source is empty", "a limit without its source cannot be judged",
                                  "say where the limits are from");
  if (const auto v = json.find("title")) protocol.title = v->text();
  if (const auto v = json.find("verified")) protocol.verified = v->text();
  if (const auto v = json.find("fractions")) {
    for (const JsonReader& item : v->items()) protocol.fractions.push_back(int(item.integer(1, 100)));
    if (protocol.fractions.empty() ||
        !std::is_sorted(protocol.fractions.begin(), protocol.fractions.end(), std::less_equal<>()))
      throw v->error("the numbers of fractions do not ascend", "",
                     "list each once, or leave the key out for any number");
  }
  if (const auto goals = json.find("goals"))
    for (const JsonReader& item : goals->items()) protocol.goals.push_back(read_goal(item, protocol));
  if (const auto reports = json.find("report"))
    for (const JsonReader& item : reports->items()) read_reports(item, protocol);
  if (protocol.goals.empty()) throw json.error("the set is empty", "", "give \"goals\" or \"report\"");
  json.expect_all_used();
  return protocol;
}

}  // namespace sbrt
