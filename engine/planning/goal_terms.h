/// Goals as limits on dose points.
#pragma once

#include "engine/planning/dose_points.h"

#include <string>
#include <vector>

namespace sbrt {

/// A goal in the form the penalties use: all of the structure but `free_mm3` stays below (above) `dose_gy`; or its mean
/// does.
struct GoalTerm {
  enum class Kind { upper, lower, mean_upper };
  Kind kind = Kind::upper;
  PointRole role = PointRole::organ;  //!< organ or target
  int owner = 0;
  double dose_gy = 0;
  double free_mm3 = 0;
  int priority = 1;
  std::string text;  //!< the goal as written
};

/// @param warnings gets "goal-not-planned" for a metric that is judged but cannot be planned for (gEUD, BED, a mean
/// from below, ...)
/// @throws InputError for a structure that is neither organ nor target
std::vector<GoalTerm> goal_terms(const PlanningProblem& problem, Warnings& warnings);

/// Rows whose dose exceeds the dose that exactly `free_mm3` of the rows' volume exceeds are free; returns that dose
/// [Gy]. 0 free volume gives the maximum.
double dose_exceeded_by(const std::vector<double>& dose_gy, const std::vector<double>& volume_mm3, double free_mm3);

}  // namespace sbrt
