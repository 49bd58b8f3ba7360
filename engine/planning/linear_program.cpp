#include "engine/planning/linear_program.h"

#include "engine/json.h"
#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
double LpRow::activity(const std::vector<double>& x) const {
  double sum = 0;
  for (std::size_t e = 0; e < columns.size(); ++e) sum += values[e] * x[std::size_t(columns[e])];
  return sum;
}

namespace {

/// The side that a multiplier speaks of; infinite: the multiplier counts as 0.
double side_of(const LpRow& row, double multiplier) { return multiplier > 0 ? row.low : row.high; }

}  // namespace

std::vector<double> reduced_costs(const LinearProgram& program, const std::vector<double>& costs,
                                  const std::vector<double>& multipliers) {
  SBRT_EXPECT(costs.size() == program.columns.size() && multipliers.size() == program.rows.size());
  std::vector<double> reduced = costs;
  for (std::size_t r = 0; r < program.rows.size(); ++r) {
    const LpRow& row = program.rows[r];
    const double y = multipliers[r];
    if (y == 0 || !std::isfinite(side_of(row, y))) continue;
    for (std::size_t e = 0; e < row.columns.size(); ++e) reduced[std::size_t(row.columns[e])] -= y * row.values[e];
  }
  return reduced;
}

double lp_dual_bound(const LinearProgram& program, const std::vector<double>& costs,
                     const std::vector<double>& multipliers) {
  const std::vector<double> reduced = reduced_costs(program, costs, multipliers);
  double bound = 0;
  for (std::size_t r = 0; r < program.rows.size(); ++r)
    if (const double side = side_of(program.rows[r], multipliers[r]); multipliers[r] != 0 && std::isfinite(side))
      bound += multipliers[r] * side;
  for (std::size_t j = 0; j < reduced.size(); ++j)
    bound += std::min(reduced[j] * program.columns[j].lower, reduced[j] * program.columns[j].upper);
  return bound;
}

std::string mps_text(const LinearProgram& program, const std::vector<double>& costs, const std::string& name) {
  SBRT_EXPECT(costs.size() == program.columns.size());
  const auto line = [](const std::string& a, const std::string& b, double v) {
    return "    " + a + "  " + b + "  " + exact_text(v) + "\n";
  };
  std::string text = "NAME          " + name + "    FREE\nROWS\n N  COST\n";
  std::vector<std::vector<std::pair<std::size_t, double>>> entries(program.columns.size());
  for (std::size_t r = 0; r < program.rows.size(); ++r) {
    const LpRow& row = program.rows[r];
    const bool low = std::isfinite(row.low), high = std::isfinite(row.high);
    text += std::string(low && high && row.low == row.high ? " E  " : low ? " G  " : " L  ") + row.name + "\n";
    for (std::size_t e = 0; e < row.columns.size(); ++e)
      entries[std::size_t(row.columns[e])].emplace_back(r, row.values[e]);
  }
  text += "COLUMNS\n";
  for (std::size_t j = 0; j < entries.size(); ++j) {
    const std::string& column = program.columns[j].name;
    text += line(column, "COST", costs[j]);
    for (const auto& [r, value] : entries[j]) text += line(column, program.rows[r].name, value);
  }
  text += "RHS\n";
  for (const LpRow& row : program.rows) text += line("RHS", row.name, std::isfinite(row.low) ? row.low : row.high);
  text += "RANGES\n";
  for (const LpRow& row : program.rows)
    if (std::isfinite(row.low) && std::isfinite(row.high) && row.low != row.high)
      text += line("RNG", row.name, row.high - row.low);
  text += "BOUNDS\n";
  for (const LpColumn& c : program.columns) {
    text += " LO BND  " + c.name + "  " + exact_text(c.lower) + "\n";
    text += " UP BND  " + c.name + "  " + exact_text(c.upper) + "\n";
  }
  return text + "ENDATA\n";
}

}  // namespace sbrt
