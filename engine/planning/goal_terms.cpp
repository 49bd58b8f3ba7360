#include "engine/planning/goal_terms.h"

#include "geometry/error.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sbrt {
namespace {

struct Found {
  PointRole role;
  int owner;
  double volume_mm3;
  double prescription_gy;  // what percent of dose means
};

Found find_structure(const PlanningProblem& problem, const Goal& goal) {
  const std::string& name = goal.query.structure;
  for (std::size_t t = 0; t < problem.targets.size(); ++t)
    if (problem.targets[t].shape.name() == name)
      return {PointRole::target, int(t), problem.targets[t].shape.volume_mm3(),
              problem.targets[t].prescription.dose_gy};
  for (std::size_t o = 0; o < problem.organs.size(); ++o)
    if (problem.organs[o].name() == name)
      return {PointRole::organ, int(o), problem.organs[o].volume_mm3(), problem.targets.front().prescription.dose_gy};
  throw InputError("goal for an unknown structure '" + name + "'", goal.text,
                   "it is neither a target nor an organ of the problem", "correct the name");
}

double volume_mm3(double value, Metric::Unit unit, double whole_mm3) {
  return unit == Metric::Unit::percent ? value / 100 * whole_mm3 : value * units::cc;
}

double dose_gy(double value, Metric::Unit unit, double prescription_gy) {
  return unit == Metric::Unit::percent ? value / 100 * prescription_gy : value;
}

/// False where no penalty of ours expresses the goal.
bool to_term(const Goal& goal, const Found& s, GoalTerm& term) {
  const Metric& m = goal.query.metric;
  const bool at_most = goal.relation == Goal::Relation::at_most;
  if (m.scale != Metric::Scale::physical) return false;
  term.role = s.role;
  term.owner = s.owner;
  term.text = goal.text;
  term.priority = goal.priority;
  term.kind = at_most ? GoalTerm::Kind::upper : GoalTerm::Kind::lower;
  const double limit_gy = dose_gy(goal.limit, goal.unit, s.prescription_gy);
  switch (m.kind) {
    case Metric::Kind::maximum:
    case Metric::Kind::minimum:
      if (at_most != (m.kind == Metric::Kind::maximum)) return false;
      term.dose_gy = limit_gy;
      return true;
    case Metric::Kind::mean:
      if (!at_most) return false;
      term.kind = GoalTerm::Kind::mean_upper;
      term.dose_gy = limit_gy;
      return true;
    case Metric::Kind::dose_at_volume: {
      const double volume = volume_mm3(m.argument, m.argument_unit, s.volume_mm3);
      term.dose_gy = limit_gy;
      term.free_mm3 = std::max(0.0, at_most ? volume : s.volume_mm3 - volume);
      return true;
    }
    case Metric::Kind::volume_at_dose:
    case Metric::Kind::cold_volume_at_dose: {
      const bool cold = m.kind == Metric::Kind::cold_volume_at_dose;
      const double volume = volume_mm3(goal.limit, goal.unit, s.volume_mm3);
      term.kind = at_most != cold ? GoalTerm::Kind::upper : GoalTerm::Kind::lower;
      term.dose_gy = dose_gy(m.argument, m.argument_unit, s.prescription_gy);
      term.free_mm3 = std::max(0.0, at_most ? volume : s.volume_mm3 - volume);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

std::vector<GoalTerm> goal_terms(const PlanningProblem& problem, Warnings& warnings) {
  std::vector<GoalTerm> terms;
  for (const Goal& goal : problem.goals) {
    GoalTerm term;
    if (to_term(goal, find_structure(problem, goal), term))
      terms.push_back(term);
    else
      warnings.push_back({"goal-not-planned",
                          fmt::format("the goal '{}' is judged, but the optimiser does not plan for it", goal.text)});
  }
  return terms;
}

double dose_exceeded_by(const std::vector<double>& dose_gy, const std::vector<double>& volume_mm3, double free_mm3) {
  SBRT_EXPECT(dose_gy.size() == volume_mm3.size() && !dose_gy.empty());
  std::vector<std::size_t> order(dose_gy.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return dose_gy[a] > dose_gy[b]; });
  // Between two points the dose falls linearly over the volume from one point's middle to the next's.
  double volume = 0, middle_before = 0, dose_before = dose_gy[order[0]];
  for (const std::size_t i : order) {
    const double middle = volume + 0.5 * volume_mm3[i];
    if (middle >= free_mm3) {
      const double width = middle - middle_before;
      const double share = width > 0 ? (free_mm3 - middle_before) / width : 0;
      return dose_before + share * (dose_gy[i] - dose_before);
    }
    volume += volume_mm3[i];
    middle_before = middle;
    dose_before = dose_gy[i];
  }
  return dose_before;
}

}  // namespace sbrt
