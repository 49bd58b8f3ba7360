#include "engine/planning/lp_solver.h"

#include "geometry/error.h"

#include <ClpEventHandler.hpp>
#include <ClpSimplex.hpp>
#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>

namespace sbrt {
namespace {

constexpr std::size_t most_new_rows = 500, most_new_columns = 100;  // a round
constexpr double near_share = 0.01;  // of a limit: rows this near to a start take part at once
constexpr double gap_share = 1e-7;   // of the costs: what columns out of the model may still be worth
constexpr int perturb_always = 50;   // Clp's code; without it most of the steps are degenerate

double violation(const LpRow& row, double activity) { return std::max({0.0, row.low - activity, activity - row.high}); }

double clp_bound(double value) { return std::isfinite(value) ? value : std::copysign(COIN_DBL_MAX, value); }

/// The first `most` by their (negative) worth, in ascending order of index.
std::vector<std::size_t> worst(std::vector<std::pair<double, std::size_t>>& found, std::size_t most) {
  std::sort(found.begin(), found.end());
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < std::min(found.size(), most); ++i) indices.push_back(found[i].second);
  std::sort(indices.begin(), indices.end());
  return indices;
}

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

/// Which of the programme's rows or columns are in the model, in the model's order.
struct Members {
  std::vector<std::size_t> inside;
  std::vector<int> place;  // -1: out

  bool has(std::size_t i) const { return place[i] >= 0; }
  void add(std::size_t i) {
    place[i] = int(inside.size());
    inside.push_back(i);
  }
};

/// Sparse vectors one after the other, as Clp takes them.
struct Packed {
  std::vector<int> starts{0}, indices;
  std::vector<double> values;

  void add(int index, double value) {
    indices.push_back(index);
    values.push_back(value);
  }
  void close() { starts.push_back(int(indices.size())); }
};

}  // namespace

/// The part of the programme that Clp knows.
class LpSolver::Model {
 public:
  Model(const LinearProgram& program, const std::vector<double>& start, Progress& progress) : program_(program) {
    const StopWatch watch(progress, stopped_);
    clp_.passInEventHandler(&watch);
    clp_.setLogLevel(0);
    clp_.setPerturbation(perturb_always);
    costs_.assign(program.columns.size(), 0.0);
    columns_.place.assign(program.columns.size(), -1);
    rows_.place.assign(program.rows.size(), -1);
    std::vector<std::size_t> columns, rows;
    for (std::size_t j = 0; j < program.columns.size(); ++j) {
      const LpColumn& c = program.columns[j];
      if (start.empty() || !c.waits || start[j] > c.lower) columns.push_back(j);
    }
    add_columns(columns);
    if (start.empty()) return;
    SBRT_EXPECT(start.size() == program.columns.size());
    for (std::size_t r = 0; r < program.rows.size(); ++r) {
      const LpRow& row = program.rows[r];
      const double activity = row.activity(start);
      const double near = near_share * (std::isfinite(row.low) ? std::abs(row.low) : std::abs(row.high));
      if (activity < row.low + near || activity > row.high - near) rows.push_back(r);
    }
    add_rows(rows);
  }

  void set_costs(const std::vector<double>& costs) {
    costs_ = costs;
    for (std::size_t k = 0; k < columns_.inside.size(); ++k)
      clp_.setObjectiveCoefficient(int(k), costs[columns_.inside[k]]);
  }

  void add_appended_rows() {
    std::vector<std::size_t> appended;
    for (std::size_t r = rows_.place.size(); r < program_.rows.size(); ++r) appended.push_back(r);
    rows_.place.resize(program_.rows.size(), -1);
    add_rows(appended);
  }

  void add_rows(const std::vector<std::size_t>& added) {
    Packed packed;
    std::vector<double> low, high;
    for (const std::size_t r : added) {
      const LpRow& row = program_.rows[r];
      for (std::size_t e = 0; e < row.columns.size(); ++e)
        if (const auto j = std::size_t(row.columns[e]); columns_.has(j)) packed.add(columns_.place[j], row.values[e]);
      packed.close();
      low.push_back(clp_bound(row.low));
      high.push_back(clp_bound(row.high));
      rows_.add(r);
    }
    if (!added.empty())
      clp_.addRows(int(added.size()), low.data(), high.data(), packed.starts.data(), packed.indices.data(),
                   packed.values.data());
  }

  void add_columns(const std::vector<std::size_t>& added) {
    Packed packed = entries_of(added);
    std::vector<double> lower, upper, costs;
    for (const std::size_t j : added) {
      lower.push_back(program_.columns[j].lower);
      upper.push_back(program_.columns[j].upper);
      costs.push_back(costs_[j]);
      columns_.add(j);
    }
    if (!added.empty())
      clp_.addColumns(int(added.size()), lower.data(), upper.data(), costs.data(), packed.starts.data(),
                      packed.indices.data(), packed.values.data());
  }

  /// Waiting columns at their lower bound that would only raise the costs.
  void drop_idle_columns() {
    std::vector<int> out;
    Members kept{{}, std::vector<int>(program_.columns.size(), -1)};
    for (std::size_t k = 0; k < columns_.inside.size(); ++k) {
      const std::size_t j = columns_.inside[k];
      const bool idle = clp_.getColumnStatus(int(k)) == ClpSimplex::atLowerBound && clp_.dualColumnSolution()[k] > 0;
      if (program_.columns[j].waits && idle)
        out.push_back(int(k));
      else
        kept.add(j);
    }
    if (!out.empty()) clp_.deleteColumns(int(out.size()), out.data());
    columns_ = std::move(kept);
  }

  /// @return iterations. @param rows_are_new the basis is dual feasible
  int solve(bool rows_are_new) {
    if (rows_.inside.empty()) return 0;  // the library wants a row
    int iterations = 0;
    for (const bool dual : {rows_are_new, !rows_are_new}) {
      if (dual)
        clp_.dual(0);
      else
        clp_.primal(0);
      if (stopped_) std::rethrow_exception(stopped_);
      iterations += clp_.numberIterations();
      if (clp_.isProvenOptimal()) return iterations;
    }
    throw InputError("the linear programme has no solution", "planning",
                     "its rows contradict each other or are too badly scaled", "loosen the goals or the MU limits");
  }

  std::vector<double> point() const {
    std::vector<double> x;
    for (std::size_t j = 0; j < program_.columns.size(); ++j) {
      const LpColumn& c = program_.columns[j];
      x.push_back(!columns_.has(j)       ? c.lower
                  : rows_.inside.empty() ? (costs_[j] < 0 ? c.upper : c.lower)
                                         : clp_.primalColumnSolution()[columns_.place[j]]);
    }
    return x;
  }

  std::vector<double> multipliers() const {
    std::vector<double> y(program_.rows.size(), 0.0);
    for (std::size_t i = 0; i < rows_.inside.size(); ++i) y[rows_.inside[i]] = clp_.dualRowSolution()[i];
    return y;
  }

  std::vector<std::size_t> broken_rows(const std::vector<double>& x, double tolerance) const {
    std::vector<std::pair<double, std::size_t>> found;
    for (std::size_t r = 0; r < program_.rows.size(); ++r) {
      if (rows_.has(r)) continue;
      const double by = violation(program_.rows[r], program_.rows[r].activity(x));
      if (by > tolerance) found.emplace_back(-by, r);
    }
    return worst(found, most_new_rows);
  }

  /// Columns out of the model with the lowest reduced costs; none when all together are worth no more than
  /// gap_share of the costs.
  std::vector<std::size_t> cheaper_columns(double primal) const {
    if (columns_.inside.size() == program_.columns.size()) return {};
    const std::vector<double> reduced = reduced_costs(program_, costs_, multipliers());
    std::vector<std::pair<double, std::size_t>> found;
    double worth = 0;
    for (std::size_t j = 0; j < reduced.size(); ++j) {
      if (columns_.has(j) || reduced[j] >= 0) continue;
      worth -= reduced[j] * (program_.columns[j].upper - program_.columns[j].lower);
      found.emplace_back(reduced[j], j);
    }
    if (worth <= gap_share * std::max(1.0, std::abs(primal))) return {};
    return worst(found, most_new_columns);
  }

  const LinearProgram& program() const { return program_; }
  int rows() const { return int(rows_.inside.size()); }
  int columns() const { return int(columns_.inside.size()); }

 private:
  Packed entries_of(const std::vector<std::size_t>& columns) const {
    std::vector<int> number(program_.columns.size(), -1);
    for (std::size_t k = 0; k < columns.size(); ++k) number[columns[k]] = int(k);
    std::vector<std::vector<std::pair<int, double>>> entries(columns.size());
    for (std::size_t i = 0; i < rows_.inside.size(); ++i) {
      const LpRow& row = program_.rows[rows_.inside[i]];
      for (std::size_t e = 0; e < row.columns.size(); ++e)
        if (const int k = number[std::size_t(row.columns[e])]; k >= 0)
          entries[std::size_t(k)].emplace_back(int(i), row.values[e]);
    }
    Packed packed;
    for (const auto& column : entries) {
      for (const auto& [row, value] : column) packed.add(row, value);
      packed.close();
    }
    return packed;
  }

  const LinearProgram& program_;
  ClpSimplex clp_;
  Members rows_, columns_;
  std::vector<double> costs_;
  std::exception_ptr stopped_;
};

LpSolver::LpSolver(const LinearProgram& program, const std::vector<double>& start, Progress& progress)
    : model_(std::make_unique<Model>(program, start, progress)) {}

LpSolver::~LpSolver() = default;

LpSolution LpSolver::minimise(const std::vector<double>& costs, double tolerance) {
  Model& model = *model_;
  const LinearProgram& program = model.program();
  SBRT_EXPECT(costs.size() == program.columns.size());
  model.set_costs(costs);
  model.add_appended_rows();
  LpSolution solution;
  double lowest = HUGE_VAL;
  bool rows_are_new = false;
  for (;;) {
    solution.iterations += model.solve(rows_are_new);
    solution.x = model.point();
    const std::vector<std::size_t> rows = model.broken_rows(solution.x, tolerance);
    if (rows_are_new = !rows.empty(); rows_are_new) {
      model.add_rows(rows);
      continue;
    }
    solution.primal = std::inner_product(costs.begin(), costs.end(), solution.x.begin(), 0.0);
    const std::vector<std::size_t> columns = model.cheaper_columns(solution.primal);
    if (columns.empty()) break;
    if (solution.primal < lowest) model.drop_idle_columns();  // else the same ones might come and go for ever
    lowest = std::min(lowest, solution.primal);
    model.add_columns(columns);
  }
  solution.dual_bound = lp_dual_bound(program, costs, model.multipliers());
  solution.rows = model.rows();
  solution.columns = model.columns();
  return solution;
}

}  // namespace sbrt
