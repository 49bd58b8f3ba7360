#include "engine/protocols/protocol.h"

#include "engine/cli/session.h"
#include "engine/report/text_table.h"

#include <fmt/format.h>

#include <set>

namespace sbrt::cli {
namespace {

std::string fractions_text(const Protocol& protocol) {
  return protocol.fractions.empty() ? "any" : fmt::format("{}", fmt::join(protocol.fractions, ", "));
}

void print_list() {
  TextTable table({{"name"}, {"fractions"}, {"lines", TextTable::Align::right}, {"what"}});
  for (const Protocol& p : shipped_protocols())
    table.add_row({p.name, fractions_text(p), fmt::format("{}", p.goals.size()), p.title});
  fmt::print("{}", table.text());
}

std::string limits_text(const ProtocolGoal& goal, int fractions) {
  auto limit = goal.limits.find(fractions);
  if (limit == goal.limits.end()) limit = goal.limits.find(0);
  if (limit == goal.limits.end()) return "-";
  std::string text = limit->second.quantity;
  if (!limit->second.limit_text.empty()) text += " " + limit->second.limit_text;
  if (limit->second.minor) text += fmt::format(" (minor {} {})", *limit->second.minor, limit->second.unit);
  return text;
}

void print_set(const Protocol& p) {
  fmt::print("{}{}{}\nsource: {}\n", p.name, p.title.empty() ? "" : ": ", p.title, p.source);
  if (!p.verified.empty()) fmt::print("verified: {}\n", p.verified);
  fmt::print("file: {}, sha256 {}\n\n", p.file.string(), p.sha256);
  std::vector<TextTable::Column> columns{{"structure"}};
  std::vector<int> fractions = p.fractions;
  if (fractions.empty()) fractions.push_back(0);
  for (const int f : fractions)
    columns.push_back({f == 0 ? "goal" : fmt::format("{} fraction{}", f, f == 1 ? "" : "s")});
  columns.push_back({"endpoint"});
  TextTable table(columns);
  std::vector<std::string> notes;
  std::set<std::string> printed;
  for (const ProtocolGoal& goal : p.goals) {
    std::string structure = fmt::format("{}", fmt::join(goal.structures, " or "));
    if (!goal.note.empty() && printed.insert(structure + goal.note).second)
      notes.push_back(structure + ": " + goal.note);
    std::vector<std::string> cells{structure};
    for (const int f : fractions) cells.push_back(limits_text(goal, f));
    cells.push_back(goal.endpoint);
    table.add_row(std::move(cells));
  }
  fmt::print("{}", table.text());
  for (const ProtocolGoal& goal : p.goals) {
    const ProtocolLimit& limit = goal.limits.begin()->second;
    if (!limit.table) continue;
    fmt::print("\n{} by the target's volume, linear in between, no rule outside\n", limit.quantity);
    TextTable rows(
        {{"cc", TextTable::Align::right}, {"limit", TextTable::Align::right}, {"minor", TextTable::Align::right}});
    for (std::size_t i = 0; i < limit.table->tv_cc.size(); ++i)
      rows.add_row({fmt::format("{}", limit.table->tv_cc[i]), fmt::format("{}", limit.table->limit[i]),
                    limit.table->minor.empty() ? "-" : fmt::format("{}", limit.table->minor[i])});
    fmt::print("{}", rows.text());
  }
  if (!notes.empty()) fmt::print("\n{}\n", fmt::join(notes, "\n"));
}

}  // namespace

void add_protocol_verb(CLI::App& app, Session&) {
  CLI::App* verb = add_verb(app, "protocol", "named goal sets: list, show", "sbrtplan protocol show tg101");
  verb->require_subcommand(1);
  CLI::App* list = verb->add_subcommand("list", "the sets that come with the program");
  list->callback([] { print_list(); });
  auto name = std::make_shared<std::string>();
  CLI::App* show = verb->add_subcommand("show", "goals of one set with their source");
  show->add_option("NAME", *name, "name of a set, or its JSON file")->required();
  show->callback([name] { print_set(protocol_named_or_file(*name)); });
}

}  // namespace sbrt::cli
