#include "engine/planning/linear_program.h"

#include "engine/json.h"
#include "geometry/error.h"

#include <ClpEventHandler.hpp>
#include <ClpSimplex.hpp>
#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <numeric>

namespace sbrt {
namespace {

constexpr std::size_t most_new_rows = 500;
constexpr double near_share = 0.01;  // of a limit: rows this near to a start take part at once

double violation(const LpRow& row, double activity) { return std::max({0.0, row.low - activity, activity - row.high}); }

double clp_bound(double value) { return std::isfinite(value) ? value : std::copysign(COIN_DBL_MAX, value); }

/// Ends the simplex when the user asked to stop; nothing is thrown through the library.
class StopWatch final : public ClpEventHandler {
 public:
  StopWatch(Progress& progress, std::exception_ptr& stopped) : progress_(&progress), stopped_(&stopped) {}
  int event(Event) override {
    constexpr int carry_on = -1, stop = 0;
    try {
      progress_->advance(0);
    } catch (...) {
      *stopped_ = std::current_exception();
      return stop;
    }
    return carry_on;
  }
  ClpEventHandler* clone() const override { return new StopWatch(*this); }

 private:
  Progress* progress_;
  std::exception_ptr* stopped_;
};

}  // namespace

double LpRow::activity(const std::vector<double>& x) const {
  double sum = 0;
  for (std::size_t e = 0; e < columns.size(); ++e) sum += values[e] * x[std::size_t(columns[e])];
  return sum;
}

double lp_dual_bound(const LinearProgram& program, const std::vector<double>& costs,
                     const std::vector<double>& multipliers) {
  SBRT_EXPECT(costs.size() == program.columns.size() && multipliers.size() == program.rows.size());
  std::vector<double> reduced = costs;
  double bound = 0;
  for (std::size_t r = 0; r < program.rows.size(); ++r) {
    const LpRow& row = program.rows[r];
    const double y = multipliers[r], side = y > 0 ? row.low : row.high;
    if (y == 0 || !std::isfinite(side)) continue;
    bound += y * side;
    for (std::size_t e = 0; e < row.columns.size(); ++e) reduced[std::size_t(row.columns[e])] -= y * row.values[e];
  }
  for (std::size_t j = 0; j < reduced.size(); ++j)
    bound += std::min(reduced[j] * program.columns[j].lower, reduced[j] * program.columns[j].upper);
  return bound;
}

struct LpSolver::State {
  const LinearProgram& program;
  ClpSimplex model;
  std::vector<std::size_t> active;  // rows in the order of the model's
  std::vector<char> takes_part;
  bool costs_changed = true;
  std::exception_ptr stopped;

  State(const LinearProgram& p, Progress& progress) : program(p) {
    const StopWatch watch(progress, stopped);
    model.passInEventHandler(&watch);
  }

  void throw_if_stopped() const {
    if (stopped) std::rethrow_exception(stopped);
  }

  void activate(const std::vector<std::size_t>& rows) {
    std::vector<int> starts{0}, columns;
    std::vector<double> values, low, high;
    takes_part.resize(program.rows.size(), 0);
    for (const std::size_t r : rows) {
      const LpRow& row = program.rows[r];
      columns.insert(columns.end(), row.columns.begin(), row.columns.end());
      values.insert(values.end(), row.values.begin(), row.values.end());
      starts.push_back(int(columns.size()));
      low.push_back(clp_bound(row.low));
      high.push_back(clp_bound(row.high));
      active.push_back(r);
      takes_part[r] = 1;
    }
    if (rows.empty()) return;
    model.addRows(int(rows.size()), low.data(), high.data(), starts.data(), columns.data(), values.data());
  }

  void solve(const std::vector<double>& costs, LpSolution& solution) {
    if (active.empty()) {  // the library wants a row
      solution.x.clear();
      for (std::size_t j = 0; j < costs.size(); ++j)
        solution.x.push_back(costs[j] < 0 ? program.columns[j].upper : program.columns[j].lower);
      return;
    }
    // Without costs below 0 the basis of slacks is dual feasible: after a change of costs the dual simplex is faster
    // from there than the primal one from the old optimum. After new rows it goes on.
    if (costs_changed && std::all_of(costs.begin(), costs.end(), [](double c) { return c >= 0; }))
      model.allSlackBasis(true);
    costs_changed = false;
    model.dual(0);
    throw_if_stopped();
    solution.iterations += model.numberIterations();
    if (!model.isProvenOptimal()) {
      model.primal(0);
      throw_if_stopped();
      solution.iterations += model.numberIterations();
    }
    if (!model.isProvenOptimal())
      throw InputError("the linear programme has no solution", "planning",
                       "its rows contradict each other or are too badly scaled", "loosen the goals or the MU limits");
    const double* x = model.primalColumnSolution();
    solution.x.assign(x, x + program.columns.size());
  }

  std::vector<std::size_t> broken(const std::vector<double>& x, double tolerance) const {
    std::vector<std::pair<double, std::size_t>> found;
    for (std::size_t r = 0; r < program.rows.size(); ++r) {
      if (r < takes_part.size() && takes_part[r]) continue;
      const double by = violation(program.rows[r], program.rows[r].activity(x));
      if (by > tolerance) found.emplace_back(-by, r);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < std::min(found.size(), most_new_rows); ++i) rows.push_back(found[i].second);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
};

LpSolver::LpSolver(const LinearProgram& program, const std::vector<double>& start, Progress& progress)
    : state_(std::make_unique<State>(program, progress)) {
  ClpSimplex& model = state_->model;
  model.setLogLevel(0);
  model.resize(0, int(program.columns.size()));
  for (std::size_t j = 0; j < program.columns.size(); ++j)
    model.setColumnBounds(int(j), program.columns[j].lower, program.columns[j].upper);
  state_->takes_part.assign(program.rows.size(), 0);
  if (start.empty()) return;
  SBRT_EXPECT(start.size() == program.columns.size());
  std::vector<std::size_t> near;
  for (std::size_t r = 0; r < program.rows.size(); ++r) {
    const LpRow& row = program.rows[r];
    const double activity = row.activity(start);
    const double side = std::isfinite(row.low) ? std::abs(row.low) : std::abs(row.high);
    if (activity < row.low + near_share * side || activity > row.high - near_share * side) near.push_back(r);
  }
  state_->activate(near);
}

LpSolver::~LpSolver() = default;

void LpSolver::set_bounds(int column, double lower, double upper) {
  state_->model.setColumnBounds(column, lower, upper);
}

LpSolution LpSolver::minimise(const std::vector<double>& costs, double tolerance) {
  State& s = *state_;
  const LinearProgram& program = s.program;
  SBRT_EXPECT(costs.size() == program.columns.size());
  for (std::size_t j = 0; j < costs.size(); ++j) s.model.setObjectiveCoefficient(int(j), costs[j]);
  s.costs_changed = true;
  // Appended rows bind as a rule: they keep the optimum of an earlier objective.
  std::vector<std::size_t> appended;
  for (std::size_t r = s.takes_part.size(); r < program.rows.size(); ++r) appended.push_back(r);
  s.activate(appended);
  LpSolution solution;
  for (;;) {
    s.solve(costs, solution);
    const std::vector<std::size_t> rows = s.broken(solution.x, tolerance);
    if (rows.empty()) break;
    s.activate(rows);
  }
  solution.primal = std::inner_product(costs.begin(), costs.end(), solution.x.begin(), 0.0);
  std::vector<double> multipliers(program.rows.size(), 0.0);
  for (std::size_t i = 0; i < s.active.size(); ++i) multipliers[s.active[i]] = s.model.dualRowSolution()[i];
  solution.dual_bound = lp_dual_bound(program, costs, multipliers);
  solution.rows = int(s.active.size());
  return solution;
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
