/// How good weights are on the optimiser's points: what a reduction of beams may not harm.
#pragma once

#include "engine/planning/plan_penalties.h"

#include <vector>

namespace sbrt {

/// Of the dose lifted to the asked coverage; the worst of the targets and goals.
struct PlanQuality {
  double conformity = 1;  //!< volume at the prescription over its part inside the target
  double maximum = 1;     //!< highest dose over the prescription
  double half = 0;        //!< volume at half the prescription in the shells, in target volumes
  double far = 0;         //!< highest dose farther than 20 mm from the targets, over the prescription
  double goal = 0;        //!< dose over its limit of an upper goal, limit over dose of a lower one

  /// No number is worse by more than this share. A goal that is met stays met.
  bool within(double share, const PlanQuality& before) const;
};

PlanQuality quality_on_points(const PlanningProblem& problem, const PlanPenalties& penalties,
                              const std::vector<double>& dose_gy);

}  // namespace sbrt
