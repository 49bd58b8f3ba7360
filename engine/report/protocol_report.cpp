#include "engine/report/protocol_report.h"

#include "engine/json.h"
#include "engine/report/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sbrt {
namespace {

const ProtocolLimit& limit_of(const JudgedGoal& g) { return g.bound.limit; }

std::string result_text(const JudgedGoal& g) {
  std::string text;
  switch (g.status) {
    case GoalStatus::minor:
      text = "minor deviation";
      break;
    case GoalStatus::missed:
      text = "MISSED";
      break;
    default:
      text = std::string(to_string(g.status));
  }
  if (!g.why.empty()) text += (g.status == GoalStatus::reported ? ", " : ": ") + g.why;
  if (g.at_limit) text += ", the limit lies within the numerical interval";
  return text;
}

std::string colour_of(GoalStatus status) {
  switch (status) {
    case GoalStatus::met:
      return "32";
    case GoalStatus::minor:
      return "33";
    case GoalStatus::missed:
      return "31";
    default:
      return "";
  }
}

struct MatchedName {
  std::string organ, structure, rule;
  bool operator==(const MatchedName&) const = default;
};

std::vector<MatchedName> matched_names(const ProtocolJudgement& judgement, std::size_t protocol) {
  std::vector<MatchedName> all;
  for (const JudgedGoal& g : judgement.goals) {
    const MatchedName name{g.bound.organ, g.bound.structure, g.bound.rule};
    if (g.bound.protocol == protocol && !g.bound.on_target && std::find(all.begin(), all.end(), name) == all.end())
      all.push_back(name);
  }
  return all;
}

std::string goal_lines(const ProtocolJudgement& judgement, std::size_t protocol, bool colour) {
  using Align = TextTable::Align;
  TextTable table({{"structure"},
                   {"goal"},
                   {"value", Align::right},
                   {"interval"},
                   {"unit"},
                   {"limit", Align::right},
                   {"minor", Align::right},
                   {"result"}});
  for (const JudgedGoal& g : judgement.goals) {
    if (g.bound.protocol != protocol) continue;
    const std::string sign = limit_of(g).relation == Goal::Relation::at_most ? "<= " : ">= ";
    table.add_row(
        {g.bound.structure, limit_of(g).quantity, g.value ? short_number(*g.value) : "-",
         g.interval ? interval_text(*g.interval) : "", limit_of(g).unit, g.limit ? sign + short_number(*g.limit) : "",
         g.minor ? sign + short_number(*g.minor) : "", result_text(g)},
        colour ? colour_of(g.status) : "");
  }
  return table.empty() ? "no goal of this set has a structure\n" : table.text();
}

std::string unbound_lines(const ProtocolJudgement& judgement, std::size_t protocol) {
  std::vector<std::string> absent;
  std::string out;
  for (const UnboundGoal& g : judgement.bound.unbound) {
    if (g.protocol != protocol) continue;
    const std::string organs = fmt::format("{}", fmt::join(g.goal.structures, " or "));
    if (std::find(absent.begin(), absent.end(), organs) != absent.end()) continue;
    absent.push_back(organs);
    if (g.ambiguous) out += fmt::format("not decided, not evaluated: {}: {}\n", organs, printable(g.why));
  }
  std::erase_if(absent,
                [&](const std::string& organs) { return out.find("evaluated: " + organs + ":") != std::string::npos; });
  if (!absent.empty()) out += fmt::format("not evaluated, no structure: {}\n", fmt::join(absent, ", "));
  return out;
}

void write_interval(JsonWriter& json, const Interval& interval) {
  json.key("interval").value(std::vector<double>{interval.low, interval.high});
}

// What a goal and a reported quantity have in common.
void write_line(JsonWriter& json, const JudgedGoal& g, const std::string& protocol) {
  json.member("text", g.bound.text());
  if (g.value) json.member("value", *g.value);
  if (!g.bound.goal.report_only) json.member("met", g.status == GoalStatus::met);
  json.member("status", to_string(g.status)).member("protocol", protocol);
  json.member("organ", g.bound.organ).member("structure", g.bound.structure);
  if (g.interval) write_interval(json, *g.interval);
  if (!limit_of(g).unit.empty()) json.member("unit", limit_of(g).unit);
  if (g.limit) json.member("limit", *g.limit);
  if (g.minor) json.member("minor_limit", *g.minor);
  if (g.at_limit) json.member("at_limit", true);
  if (!g.why.empty()) json.member(g.value ? "remark" : "why_no_value", g.why);
  if (g.bound.goal.priority > 0) json.member("priority", g.bound.goal.priority);
  if (!g.bound.goal.endpoint.empty()) json.member("endpoint", g.bound.goal.endpoint);
  if (!g.bound.goal.note.empty()) json.member("note", g.bound.goal.note);
}

void write_protocol(JsonWriter& json, const ProtocolJudgement& judgement, std::size_t p) {
  const Protocol& protocol = judgement.bound.protocols[p];
  json.begin_object().member("name", protocol.name);
  if (!protocol.title.empty()) json.member("title", protocol.title);
  json.member("source", protocol.source);
  if (!protocol.verified.empty()) json.member("verified", protocol.verified);
  if (judgement.bound.fractions > 0) json.member("fractions", judgement.bound.fractions);
  json.member("sha256", protocol.sha256);
  std::array<int, 5> count{};
  for (const JudgedGoal& g : judgement.goals)
    if (g.bound.protocol == p) ++count[std::size_t(g.status)];
  json.key("counts").begin_row_object();
  for (const GoalStatus s :
       {GoalStatus::met, GoalStatus::minor, GoalStatus::missed, GoalStatus::not_evaluated, GoalStatus::reported})
    json.member(s == GoalStatus::not_evaluated ? "not_evaluated" : to_string(s), count[std::size_t(s)]);
  json.end_object();
  json.key("names").begin_array();
  for (const MatchedName& m : matched_names(judgement, p))
    json.begin_row_object()
        .member("organ", m.organ)
        .member("structure", m.structure)
        .member("rule", m.rule)
        .end_object();
  json.end_array();
  json.key("goals_without_structure").begin_array();
  for (const UnboundGoal& g : judgement.bound.unbound) {
    if (g.protocol != p) continue;
    json.begin_row_object().member("text", g.text()).member("why", g.why).member("ambiguous", g.ambiguous).end_object();
  }
  json.end_array();
  if (count[std::size_t(GoalStatus::reported)] > 0) {
    json.key("reported").begin_array();
    for (const JudgedGoal& g : judgement.goals) {
      if (g.bound.protocol != p || !g.bound.goal.report_only) continue;
      json.begin_row_object();
      write_line(json, g, protocol.name);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

std::string protocol_tables(const ProtocolJudgement& judgement, bool colour) {
  std::string out;
  const BoundProtocols& bound = judgement.bound;
  for (std::size_t p = 0; p < bound.protocols.size(); ++p) {
    const Protocol& protocol = bound.protocols[p];
    out += fmt::format(
        "{}{}: {}\n", printable(protocol.name),
        bound.fractions > 0 ? fmt::format(", {} fraction{}", bound.fractions, bound.fractions == 1 ? "" : "s") : "",
        printable(protocol.source));
    out += goal_lines(judgement, p, colour);
    std::string names;
    for (const MatchedName& m : matched_names(judgement, p))
      if (m.organ != m.structure)
        names +=
            fmt::format("{}{} = {} ({})", names.empty() ? "names: " : "; ", m.organ, printable(m.structure), m.rule);
    if (!names.empty()) out += names + "\n";
    out += unbound_lines(judgement, p) + "\n";
  }
  if (!bound.unused.empty()) {
    std::string unused;
    for (const UnusedStructure& u : bound.unused)
      unused += fmt::format("{}{} ({})", unused.empty() ? "" : ", ", printable(u.structure), u.what);
    out += "structures without a goal: " + unused + "\n\n";
  }
  return out;
}

void write_protocol_goals(JsonWriter& json, const ProtocolJudgement& judgement) {
  for (const JudgedGoal& g : judgement.goals) {
    if (g.bound.goal.report_only) continue;
    json.begin_row_object();
    write_line(json, g, judgement.bound.protocols[g.bound.protocol].name);
    json.end_object();
  }
}

void write_protocols(JsonWriter& json, const ProtocolJudgement& judgement) {
  if (judgement.empty()) return;
  json.key("protocols").begin_array();
  for (std::size_t p = 0; p < judgement.bound.protocols.size(); ++p) write_protocol(json, judgement, p);
  json.end_array();
  json.key("structures_without_goal").begin_array();
  for (const UnusedStructure& u : judgement.bound.unused)
    json.begin_row_object().member("structure", u.structure).member("what", u.what).end_object();
  json.end_array();
}

}  // namespace sbrt
