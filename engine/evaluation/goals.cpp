#include "engine/evaluation/goals.h"

#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/structure_names.h"

#include <algorithm>

namespace sbrt {

std::vector<GoalResult> evaluate_goals(const std::vector<Goal>& goals, const std::vector<StructureResult>& structures) {
  std::vector<std::string> names;
  for (const StructureResult& s : structures) names.push_back(s.name);
  std::vector<GoalResult> results;
  for (const Goal& goal : goals) {
    const StructureResult& structure = structures[index_of_structure(goal.query.structure, names, "goal " + goal.text)];
    const std::optional<JudgedMetric> measured = measure(structure, goal.query.metric);
    GoalResult result{goal, std::nullopt, false, {}};
    if (measured) {
      result.value = measured->value;
      result.interval = measured->interval;
    }
    if (!result.value)
      result.why_no_value = why_no_value(goal.query.metric, structure);
    else
      result.met = goal.relation == Goal::Relation::at_most ? *result.value <= goal.limit : *result.value >= goal.limit;
    results.push_back(std::move(result));
  }
  return results;
}

bool all_met(const std::vector<GoalResult>& results) {
  return std::all_of(results.begin(), results.end(), [](const GoalResult& r) { return r.met; });
}

}  // namespace sbrt
