/// The exact solution of a linear programme of many rows and columns of which few matter, with its bound.
#pragma once

#include "engine/planning/linear_program.h"
#include "geometry/progress.h"

#include <memory>
#include <vector>

namespace sbrt {

struct LpSolution {
  std::vector<double> x;
  double primal = 0;
  double dual_bound = 0;      //!< no feasible x costs less; of the whole programme
  int iterations = 0;         //!< of the simplex
  int rows = 0, columns = 0;  //!< that took part in the end; all other rows hold, no other column lowers the costs
};

/// Solves by Clp's simplex (EPL-2.0), one thread, no time limit, the same result on every call. Rows take part only
/// once a solution breaks them (dose points seldom bind), waiting columns once their reduced cost is negative (few
/// candidates get weight); columns that left the basis go out again when the costs have fallen.
class LpSolver {
 public:
  /// @param program must outlive this; rows may be appended to it between solves. @pre all rows can hold together with
  /// every waiting column that is 0 in `start` at its lower bound
  /// @param start within the bounds, or empty. Rows that it nearly breaks and columns above their lower bound take part
  /// at once; without it, every column
  /// @param progress asked after every step of the simplex whether to go on; must outlive this
  LpSolver(const LinearProgram& program, const std::vector<double>& start, Progress& progress = no_progress);
  ~LpSolver();
  LpSolver(const LpSolver&) = delete;
  LpSolver& operator=(const LpSolver&) = delete;

  /// Begins at the optimum of the costs before. Rows hold within `tolerance` (in their own unit); rows appended since
  /// the last call all take part. @throws InputError when the rows contradict each other, Cancelled
  LpSolution minimise(const std::vector<double>& costs, double tolerance = 1e-6);

 private:
  class Model;
  std::unique_ptr<Model> model_;
};

}  // namespace sbrt
