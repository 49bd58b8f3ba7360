#include "engine/planning/goal_conflicts.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

double volume_of(const PlanningProblem& problem, const GoalTerm& term) {
  return term.role == PointRole::target ? problem.targets[term.owner].shape.volume_mm3()
                                        : problem.organs[term.owner].volume_mm3();
}

}  // namespace

Warnings contradictory_goals(const PlanningProblem& problem, const std::vector<GoalTerm>& terms, double coverage_pct) {
  std::vector<GoalTerm> lower;
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const PlanningTarget& target = problem.targets[t];
    GoalTerm asked{GoalTerm::Kind::lower, PointRole::target, int(t), target.prescription.dose_gy, 0, 1, ""};
    asked.free_mm3 = (1 - coverage_pct / 100) * target.shape.volume_mm3();
    asked.text = fmt::format("{}: {} Gy in {} %", target.shape.name(), target.prescription.dose_gy, coverage_pct);
    lower.push_back(asked);
  }
  for (const GoalTerm& term : terms)
    if (term.kind == GoalTerm::Kind::lower) lower.push_back(term);
  Warnings found;
  for (const GoalTerm& low : lower)
    for (const GoalTerm& high : terms) {
      if (high.kind != GoalTerm::Kind::upper || high.role != low.role || high.owner != low.owner) continue;
      if (low.dose_gy <= high.dose_gy || low.free_mm3 + high.free_mm3 >= volume_of(problem, low)) continue;
      found.push_back(
          {"goals-contradict",
           fmt::format("'{}' and '{}' contradict each other: the volumes they speak of overlap, and no dose "
                       "is both at least {} Gy and at most {} Gy; one is missed by {:.2f} Gy or both by half",
                       low.text, high.text, low.dose_gy, high.dose_gy, low.dose_gy - high.dose_gy)});
    }
  return found;
}

}  // namespace sbrt
