/// A linear programme min c.x, low <= A x <= high, lower <= x <= upper, its exact solution and its bound.
#pragma once

#include "geometry/progress.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sbrt {

struct LpColumn {
  std::string name;             //!< without space
  double lower = 0, upper = 0;  //!< finite
};

struct LpRow {
  std::string name;  //!< as of LpColumn
  std::vector<int> columns;
  std::vector<double> values;
  double low = 0, high = 0;  //!< one of them may be infinite

  double activity(const std::vector<double>& x) const;
};

struct LinearProgram {
  std::vector<LpColumn> columns;
  std::vector<LpRow> rows;
};

struct LpSolution {
  std::vector<double> x;
  double primal = 0;
  double dual_bound = 0;  //!< no feasible x costs less
  int iterations = 0;     //!< of the simplex
  int rows = 0;           //!< that took part; all others hold too
};

/// Lower bound on c.x over everything the programme allows, from any multipliers: with signs as they come,
///   sum_r (y_r > 0 ? y_r low_r : y_r high_r) + sum_j min over the column's bounds of (c_j - (A^T y)_j) x_j.
/// Needs no trust in the solver that made them. A multiplier of a side that is infinite counts as 0.
double lp_dual_bound(const LinearProgram& program, const std::vector<double>& costs,
                     const std::vector<double>& multipliers);

/// Solves by Clp's simplex (EPL-2.0), one thread, no time limit, the same result on every call. Rows take part only
/// once a solution breaks them: dose points seldom bind.
class LpSolver {
 public:
  /// @param program must outlive this; rows may be appended to it between solves. @pre x within bounds and
  /// all rows can hold @param start rows that it nearly breaks take part at once; may be empty
  /// @param progress asked after every step of the simplex whether to go on; must outlive this
  LpSolver(const LinearProgram& program, const std::vector<double>& start, Progress& progress = no_progress);
  ~LpSolver();
  LpSolver(const LpSolver&) = delete;
  LpSolver& operator=(const LpSolver&) = delete;

  /// Rows hold within `tolerance` (in their own unit); rows appended since the last call all take part.
  /// @throws InputError when the rows contradict each other, Cancelled
  LpSolution minimise(const std::vector<double>& costs, double tolerance = 1e-6);

  /// New bounds for a column, e.g. to switch a beam off.
  void set_bounds(int column, double lower, double upper);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The programme in free MPS, marked so on its NAME line: the objective is row COST. Numbers read back to the same
/// doubles.
std::string mps_text(const LinearProgram& program, const std::vector<double>& costs, const std::string& name);

}  // namespace sbrt
