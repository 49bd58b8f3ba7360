/// Goals that contradict each other or the prescription by their own numbers, before any dose is computed.
#pragma once

#include "engine/planning/goal_terms.h"
#include "engine/planning/planner.h"
#include "geometry/warning.h"

#include <vector>

namespace sbrt {

/// A structure that must have at least one dose in so much and at most a smaller dose in so much of its volume that the
/// two parts overlap. The prescription counts as such a goal of its target. Warnings "goals-contradict" with the Gy by
/// which they do. Neglected: structures that overlap (the linear programme finds those).
Warnings contradictory_goals(const PlanningProblem& problem, const std::vector<GoalTerm>& terms, double coverage_pct);

}  // namespace sbrt
