/// A linear programme min c.x, low <= A x <= high, lower <= x <= upper, the bound that multipliers prove, and its text.
#pragma once

#include <string>
#include <vector>

namespace sbrt {

struct LpColumn {
  std::string name;             //!< without space
  double lower = 0, upper = 0;  //!< finite
  bool waits = false;           //!< takes part in a solution only once that lowers the costs (LpSolver)
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

/// c - A^T y; a multiplier of a side that is infinite counts as 0.
std::vector<double> reduced_costs(const LinearProgram& program, const std::vector<double>& costs,
                                  const std::vector<double>& multipliers);

/// Lower bound on c.x over everything the programme allows, from any multipliers: with signs as they come,
///   sum_r (y_r > 0 ? y_r low_r : y_r high_r) + sum_j min over the column's bounds of (c_j - (A^T y)_j) x_j.
/// Needs no trust in the solver that made them. A multiplier of a side that is infinite counts as 0.
double lp_dual_bound(const LinearProgram& program, const std::vector<double>& costs,
                     const std::vector<double>& multipliers);

/// The programme in free MPS, marked so on its NAME line: the objective is row COST. Numbers read back to the same
/// doubles.
std::string mps_text(const LinearProgram& program, const std::vector<double>& costs, const std::string& name);

}  // namespace sbrt
