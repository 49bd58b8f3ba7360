/// Weights by an ordered linear programme (docs/planning.md): coverage, then organs by priority, conformity,
/// homogeneity, MU; each stage may leave the optima before it by a stated slack only.
#pragma once

#include "dose/influence.h"
#include "engine/planning/goal_terms.h"
#include "engine/planning/plan_penalties.h"
#include "engine/planning/planner.h"
#include "engine/planning/solver_record.h"

#include <string>
#include <vector>

namespace sbrt {

/// What one programme is made of. All references must outlive the call.
struct OrderedProgramme {
  const PlanningProblem& problem;
  const PlanningOptions& options;
  const BeamSet& beams;
  const DoseInfluence& influence;  //!< at the penalties' points, mean rows included
  const PlanPenalties& penalties;
  const std::vector<GoalTerm>& terms;
  const std::vector<double>& goal_scale;  //!< by term: dose that is asked for over the goal's
  /// Weights whose dose, lifted to the coverage, says which points coverage and dose-volume goals leave free.
  const std::vector<double>& guide_mu;
};

struct OrderedSolution {
  std::vector<double> weights_mu;
  std::vector<double> dose_gy;  //!< at the influence's points
  std::vector<LpStage> stages;
  std::vector<GoalBound> missed;  //!< goals that keep the coverage from standing, or each other
  std::string mps;                //!< of the last stage
  int rows = 0, iterations = 0;
};

enum class OrderedPart { all, to_conformity, goals_only };  ///< goals_only ends after the organs

/// Hard: prescription / isodose in targets and shells, MU of beams and nodes. Elastic: the prescription, the goals.
/// Optimum and bound hold for these beams, these points and the points the guide leaves free. @throws Cancelled when
/// `progress` does
OrderedSolution solve_ordered(const OrderedProgramme& programme, OrderedPart part = OrderedPart::all,
                              bool write_mps = false, Progress& progress = no_progress);

/// Weights like optimise(), by the ordered programme: first over all candidates (the record's bounds), then over fewer
/// and fewer beams until the limits hold, on denser points, mended until the full grid agrees. The penalty solver's
/// plan is the guide.
PlanningResult optimise_ordered(const PlanningProblem& problem, const PlanningOptions& options,
                                const BeamSet& candidates, const PlanningResult& guide, Progress& progress);

/// Goals that no weights of these candidates can meet together with the coverage: warning "goals-contradict" naming
/// each with the Gy by which it must be missed. @param plan weighted beams out of the candidates: the guide
void explain_missed_goals(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                          const BeamSet& plan, Warnings& warnings, Progress& progress);

/// The same in words, from what solve_ordered found.
void warn_of_missed_goals(const std::vector<GoalBound>& missed, double coverage_pct, Warnings& warnings);

}  // namespace sbrt
