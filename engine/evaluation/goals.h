/// Stated goals against what the plan reached.
#pragma once

#include "engine/evaluation/query.h"
#include "geometry/interval.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct StructureResult;

struct GoalResult {
  Goal goal;
  std::optional<double> value;         //!< in the goal's unit; nothing when it cannot be evaluated
  bool met = false;                    //!< false without a value: what was not shown is not met
  std::string why_no_value;            //!< "the structure is smaller than 0.35 cc", ...
  std::optional<Interval> interval{};  //!< numerical, of the value
  bool at_limit() const { return interval && interval->low <= goal.limit && goal.limit <= interval->high; }
};

/// @throws InputError for a goal on a structure that was not evaluated, offering the nearest names
std::vector<GoalResult> evaluate_goals(const std::vector<Goal>& goals, const std::vector<StructureResult>& structures);

/// True when no goal is missed.
bool all_met(const std::vector<GoalResult>& results);

}  // namespace sbrt
