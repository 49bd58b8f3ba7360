/// Weights under one-sided quadratic penalties: min f(x), 0 <= x <= upper,
/// sums over groups of beams bounded,
/// f(x) = sum_i [ u_i max(0, low_i - d_i)^2 + v_i max(0, d_i - high_i)^2 ] + c.x,  d = A x.
#pragma once

#include "dose/influence.h"

#include <cstdint>
#include <vector>

namespace sbrt {

/// Penalties of one dose point; a weight of 0 switches a side off.
struct RowPenalty {
  double low_gy = 0, low_weight = 0;    //!< [1 / Gy^2]
  double high_gy = 0, high_weight = 0;  //!< [1 / Gy^2]
};

struct PenaltyProblem {
  const DoseInfluence* influence = nullptr;
  std::vector<RowPenalty> rows;                  //!< one per dose point
  std::vector<double> cost_per_mu;               //!< c, one per beam; empty: 0
  std::vector<double> upper_mu;                  //!< one per beam; empty: no bound
  std::vector<std::vector<std::size_t>> groups;  //!< beams that share a limit, each in one group at most
  double group_upper_mu = 0;                     //!< of the sum over each group
};

struct PenaltyOptions {
  int max_iterations = 2000;
  /// Stop when the KKT residual falls below this fraction of the one at x = 0.
  double relative_kkt = 1e-4;
};

struct PenaltySolution {
  std::vector<double> weights_mu;
  std::vector<double> dose_gy;
  double objective = 0;
  double relative_kkt = 0;  //!< KKT residual over the one at x = 0; scaled as the columns are
  int iterations = 0;
};

/// Accelerated projected gradient (Beck and Teboulle 2009) on diagonally scaled weights, with backtracking and restart
/// when the momentum points uphill (O'Donoghue and Candes 2015). Deterministic for any thread count.
/// @param start weights to begin with; empty: 0
PenaltySolution minimise_penalties(const PenaltyProblem& problem, const std::vector<double>& start = {},
                                   const PenaltyOptions& options = {});

/// f(x) for given dose and weights.
double penalty_value(const PenaltyProblem& problem, const std::vector<double>& dose_gy,
                     const std::vector<double>& weights_mu);

}  // namespace sbrt
