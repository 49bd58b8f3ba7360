/// Which of the weighted beams stay, and the steps both solvers share.
#pragma once

#include "dose/influence.h"
#include "engine/planning/full_grid_check.h"
#include "engine/planning/plan_penalties.h"
#include "engine/planning/planner.h"

#include <cstddef>
#include <vector>

namespace sbrt {

/// The limit on the plan's beams: 150, more for large targets (a field is at most 60 mm wide), or the user's.
std::size_t most_beams(const PlanningProblem& problem, const DeliveryLimits& limits);

/// Each beam's part in the dose to the targets; what little it gives, its loss costs little.
std::vector<double> importance(const DoseInfluence& influence, const std::vector<double>& weights_mu,
                               const PlanPenalties& penalties);

/// Indices, ascending, of the most important beams of positive part: at most `count`, from at most `nodes` nodes (0:
/// any number), the nodes whose beams together are the most important.
std::vector<std::size_t> strongest(const BeamSet& beams, const std::vector<double>& part, std::size_t count,
                                   std::size_t nodes);

/// Dose per MU at the penalties' points, their mean rows included.
DoseInfluence influence_of(const BeamSet& beams, const PlanningProblem& problem, const PlanningOptions& options,
                           const PlanPenalties& penalties, Progress& progress);

/// The dose of the beams on the full grid against what the points say. @pre options.full_grid
GridFindings check_weights(const BeamSet& beams, const std::vector<double>& weights_mu, const PlanningProblem& problem,
                           const PlanningOptions& options, const PlanPenalties& penalties,
                           const std::vector<GoalTerm>& terms, double lift, Progress& progress);

/// Gives the result its beams with the MU that meet the coverage, and the isodose that the points promise.
/// @param weights_mu before the lift  @param dose_gy of these weights at the penalties' points
void finish_plan(const BeamSet& beams, const std::vector<double>& weights_mu, const std::vector<double>& dose_gy,
                 const PlanPenalties& penalties, std::size_t targets, PlanningResult& result);

/// Positions of the beams of each node, in the order in which the nodes first appear.
std::vector<std::vector<std::size_t>> beams_by_node(const BeamSet& beams);

template <class T>
std::vector<T> only(const std::vector<T>& values, const std::vector<std::size_t>& picked) {
  std::vector<T> out;
  out.reserve(picked.size());
  for (const std::size_t i : picked) out.push_back(values[i]);
  return out;
}

}  // namespace sbrt
