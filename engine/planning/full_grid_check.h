/// What the optimiser's sampled points missed, found in the dose on a full grid: the generator of new points.
#pragma once

#include "engine/planning/plan_penalties.h"
#include "engine/planning/planner.h"

#include <vector>

namespace sbrt {

/// Where the full grid and the sampled points disagree.
struct GridFindings {
  std::vector<DosePoint> points;   //!< of role target, shell or organ, `added`, the worst first per structure
  std::vector<double> goal_value;  //!< dose of each goal term on the grid [Gy]; 0 where the grid does not show it
  double worst_excess = 0;         //!< largest dose over prescription / isodose, less 1
};

/// @param dose of the plan with MU as they are; a voxel stands for its centre
/// @param lift factor on the MU that makes the coverage right
///
/// Found are: target and shell voxels hotter than prescription / isodose, shell voxels above the prescription, target
/// voxels below 0.9 of it, organ voxels above a goal's dose when the goal is missed on the grid. Of neighbours only the
/// worst is taken, of each kind and structure at most 200. Neglected: what lies between voxel centres.
GridFindings check_on_grid(const PlanningProblem& problem, const std::vector<double>& isodose,
                           const std::vector<GoalTerm>& terms, const DoseGrid& dose, double lift);

}  // namespace sbrt
