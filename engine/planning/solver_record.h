/// What a solver found and proved, for the report.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace sbrt {

/// One objective of the ordered linear programme.
struct LpStage {
  std::string name;       //!< coverage, organs-1, conformity, homogeneity, mu
  std::string objective;  //!< what is made small, in words
  std::string unit;
  double primal = 0;
  double dual_bound = 0;  //!< no weights of these beams do better on these points
  double slack = 0;       //!< by which later stages may leave the optimum, in `unit`
  int rows = 0;           //!< of the programme's that took part
  int iterations = 0;
  double gap() const { return std::abs(primal - dual_bound) / std::max(1e-9, std::abs(primal)); }
};

/// How far a goal must be missed.
struct GoalBound {
  std::string goal;
  double alone_gy = 0;     //!< at least so far, were it the only goal (dual bound)
  double together_gy = 0;  //!< in the compromise of all goals
};

struct SolverRecord {
  std::string name = "lp";
  int candidates = 0, points = 0, rows = 0;
  std::vector<LpStage> all_candidates;  //!< bounds of every plan from the candidates, without a limit on their number
  std::vector<LpStage> plan;            //!< of the beams of the plan, on its own points
  std::vector<GoalBound> missed;
};

}  // namespace sbrt
