#include "engine/report/text_table.h"

#include "engine/report/biology_report.h"
#include "engine/report/protocol_report.h"
#include "engine/report/solver_report.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

std::string printable_lines(std::string text) {
  for (char& c : text)
    if (c != '\n') c = printable(std::string(1, c)).front();
  return text;
}

// Characters of a UTF-8 text: bytes that do not continue another.
std::size_t width_of(const std::string& text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Four significant digits, no exponent for the sizes that plans have.
std::string number(double value) {
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return fmt::format("{:.3e}", value);
  const int decimals = size < 1e-3 ? 6 : size < 1 ? 4 : size < 10 ? 3 : size < 100 ? 2 : 1;
  return fmt::format("{:.{}f}", value, decimals);
}

// The wider half of a query's interval, two digits: " +-0.012"; nothing where there is none.
std::string half_width_text(const StructureResult& s, const std::string& query) {
  const auto found = s.query_intervals.find(query);
  if (found == s.query_intervals.end()) return "";
  const double value = s.queries.at(query);
  const double half = std::max(found->second.high - value, value - found->second.low);
  return half < 1e-4 ? " +-<0.0001" : half >= 10 ? fmt::format(" +-{:.0f}", half) : fmt::format(" +-{:.2g}", half);
}

}  // namespace

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

std::string short_number(double value) { return number(value); }

std::string interval_text(const Interval& interval) {
  return fmt::format("[{}, {}]", number(interval.low), number(interval.high));
}

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<std::string> cells, std::string colour) {
  SBRT_EXPECT(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = printable(std::move(cell));
  rows_.push_back({std::move(cells), std::move(colour)});
}

std::string TextTable::text() const {
  std::vector<std::size_t> width;
  for (const Column& column : columns_) width.push_back(width_of(column.title));
  for (const Row& row : rows_)
    for (std::size_t c = 0; c < width.size(); ++c) width[c] = std::max(width[c], width_of(row.cells[c]));
  const auto line = [&](auto&& cell_of) {
    std::string out;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      const std::string padding(width[c] - width_of(cell), ' ');
      if (c > 0) out += "  ";
      out += columns_[c].align == Align::right ? padding + cell : cell + padding;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  };
  std::string out = line([&](std::size_t c) -> const std::string& { return columns_[c].title; }) + "\n";
  for (const Row& row : rows_) {
    const std::string text = line([&](std::size_t c) -> const std::string& { return row.cells[c]; });
    out += row.colour.empty() ? text + "\n" : "\x1b[" + row.colour + "m" + text + "\x1b[0m\n";
  }
  return out;
}

std::string index_table(const TargetResult& target) {
  using Align = TextTable::Align;
  TextTable table({{"index"}, {"value", Align::right}, {"interval"}, {"unit"}, {"definition"}});
  for (const IndexDefinition& definition : index_definitions()) {
    const auto found = target.indices.find(definition.id);
    if (found == target.indices.end()) continue;
    std::string formula = definition.formula;
    if (!definition.source.empty()) formula += " (" + definition.source + ")";
    table.add_row({definition.id, number(found->second.value), interval_text(found->second.interval),
                   definition.unit == "1" ? "" : definition.unit, formula});
  }
  return table.text();
}

std::string structure_table(const Evaluation& evaluation) {
  using Align = TextTable::Align;
  TextTable table({{"structure"},
                   {"role"},
                   {"cc", Align::right},
                   {"min Gy", Align::right},
                   {"mean Gy", Align::right},
                   {"max Gy", Align::right},
                   {"queries"}});
  for (const StructureResult& s : evaluation.structures) {
    std::string queries;
    for (const auto& [text, value] : s.queries)
      queries += (queries.empty() ? "" : "  ") + text + " " + number(value) + half_width_text(s, text);
    const auto dose = [&](double gy) { return s.has_dose ? number(gy) : std::string("-"); };
    table.add_row({s.name, std::string(to_string(s.role)), number(s.volume_cc), dose(s.min_gy), dose(s.mean_gy),
                   dose(s.max_gy), queries});
  }
  return table.text();
}

std::string goal_table(const std::vector<GoalResult>& goals, bool colour) {
  using Align = TextTable::Align;
  TextTable table({{"goal"}, {"value", Align::right}, {"interval"}, {"unit"}, {"result"}});
  for (const GoalResult& g : goals) {
    std::string result = g.met ? "met" : g.value ? "MISSED" : "MISSED: " + g.why_no_value;
    if (g.at_limit()) result += ", the limit lies within the numerical interval";
    table.add_row({g.goal.text, g.value ? number(*g.value) : "-", g.interval ? interval_text(*g.interval) : "",
                   to_string(g.goal.unit), result},
                  !colour ? ""
                  : g.met ? "32"
                          : "31");
  }
  return table.text();
}

std::string text_report(const PlanReport& report, bool colour) {
  const Evaluation& evaluation = report.evaluation;
  std::string out;
  for (const TargetResult& target : evaluation.targets) {
    out += fmt::format("{}: {}", printable(target.name), target.prescription.to_string());
    if (target.prescription_bed_gy && target.prescription_eqd2_gy)
      out += fmt::format(", BED {} Gy, EQD2 {} Gy ({})", number(*target.prescription_bed_gy),
                         number(*target.prescription_eqd2_gy), target.tissue.description());
    out += "\n";
    out += index_table(target);
    if (target.rtog)
      out += fmt::format("RTOG 0813/0915 deviation: R50 {}, D2cm {}\n", target.rtog->r50, target.rtog->d2cm);
    out += "\n";
  }
  if (!evaluation.targets.empty())
    out += fmt::format(
        "PIV region: {}; between planes: {}; dose between grid points: {}\n"
        "[low, high], +-: numerical interval (sampling, end caps), not the uncertainty of the dose\n\n",
        printable(evaluation.piv_region), evaluation.contour_rule, evaluation.dose_interpolation);
  out += structure_table(evaluation) + "\n";
  if (report.dose_origin) out += dose_origin_text(*report.dose_origin) + "\n";
  if (const std::string biology = biology_text(evaluation); !biology.empty()) out += printable_lines(biology) + "\n";
  if (!evaluation.goals.empty()) out += goal_table(evaluation.goals, colour) + "\n";
  if (!report.protocols.empty()) out += protocol_tables(report.protocols, colour);
  if (const auto& d = report.delivery)
    out += fmt::format("delivery: {} beams from {} nodes, {} MU in all, about {} min per fraction\n", d->beams,
                       d->nodes, number(d->total_mu), number(d->minutes));
  if (report.solver) out += "\n" + printable_lines(solver_text(*report.solver)) + "\n";
  if (report.robustness) out += "\n" + printable_lines(robustness_text(*report.robustness)) + "\n";
  const Warnings warnings = all_warnings(report);
  for (const Warning& w : warnings) out += fmt::format("warning [{}]: {}\n", w.code, printable(w.text));
  return out;
}

}  // namespace sbrt
