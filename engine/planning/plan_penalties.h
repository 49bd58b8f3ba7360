/// The penalties that express a plan's intent on its dose points. docs/physics.md, "Weights".
#pragma once

#include "engine/planning/dose_points.h"
#include "engine/planning/goal_terms.h"
#include "engine/planning/penalty_solver.h"

#include <vector>

namespace sbrt {

/// Relative weights of the parts of the intent; doses count in units of the prescription, volumes in units of the
/// target's.
struct PenaltyWeights {
  double target_low = 300, surface_low = 100;
  double target_high = 100;
  double target_core = 10;  //!< of the hottest points, where they do not reach an asked isodose's maximum
  double near_shell = 40, middle_shell = 40, far_shell = 10;
  double goal = 300;
  double mu = 0.2;               //!< all MU together, in units of the prescription over 0.01 Gy
  double fall_off_mm = 0.93;     //!< with fall_off_per_mm: distance at which the shells ask for half the prescription:
  double fall_off_share = 0.12;  //!< fall_off_mm + fall_off_share * target diameter
};

/// Of a target whose prescription states none, until one has been searched.
constexpr double usual_isodose_pct = 75;

/// Share of the prescription that a shell asks for at this distance from a target of this diameter.
double wanted_fall_off(double distance_mm, double diameter_mm, const PenaltyWeights& weights);

/// Turns intent into rows and adapts them to the dose reached so far.
class PlanPenalties {
 public:
  PlanPenalties(const PlanningProblem& problem, const PlanningOptions& options, std::vector<DosePoint> points,
                std::vector<GoalTerm> terms, PenaltyWeights weights = {});

  const std::vector<DosePoint>& points() const { return points_; }
  std::vector<PatientPoint> positions() const;
  /// Appends one row per mean goal to an influence matrix of positions(). The rows of this object are those of the
  /// result.
  DoseInfluence with_mean_rows(const DoseInfluence& influence) const;

  const std::vector<RowPenalty>& rows() const { return rows_; }
  /// New limits from the dose of the last solution: which points coverage and dose-volume goals leave free, how far the
  /// target limits must move so that the coverage comes out, which goals need more weight.
  void adapt(const std::vector<double>& dose_gy);

  /// Cost of every MU, for the solver.
  double cost_per_mu() const;

  /// Goals that the full grid shows to be missed are asked for by so much less. @param goal_value by goal term, 0:
  /// nothing known [Gy]
  void tighten_goals(const std::vector<double>& goal_value);

  /// Starts from what another set of points of the same plan has learned about limits and weights.
  void carry_on(const PlanPenalties& other);

  /// Dose that coverage_pct of target t receives [Gy].
  double covered_gy(const std::vector<double>& dose_gy, int target) const;
  /// Largest prescription / covered_gy of the targets: the factor that lifts all of them to their coverage.
  double lift(const std::vector<double>& dose_gy) const;
  /// Dose that goal g limits, not lifted; 0 where it has no points
  double limited_gy(std::size_t g, const std::vector<double>& dose_gy) const;
  const std::vector<GoalTerm>& terms() const { return terms_; }
  /// True when, lifted to the coverage, the points miss a goal by more than half a percent of its limit.
  bool misses_a_goal(const std::vector<double>& dose_gy) const;
  const std::vector<double>& isodoses() const { return isodose_; }
  /// Target t's prescription over the maximum near it.
  double reached_isodose(const std::vector<double>& dose_gy, int target) const;

 private:
  void set_base_rows();
  void heat_core(int target, const std::vector<double>& dose_gy);
  /// Volume outside target t with the dose that coverage_pct of it receives, over that inside.
  double leaking_share(const std::vector<double>& dose_gy, int target) const;
  const PlanningProblem& problem_;
  std::vector<DosePoint> points_;
  std::vector<GoalTerm> terms_;
  std::vector<double> term_weight_;
  std::vector<double> term_scale_;  //!< dose that is asked for over the goal's
  PenaltyWeights weights_;
  double coverage_;
  std::vector<double> isodose_;                        //!< by target
  std::vector<double> low_scale_;                      //!< by target: lower limit over prescription
  std::vector<double> high_scale_;                     //!< by target: upper limit over prescription / isodose
  std::vector<double> high_boost_;                     //!< by target: factor on the weight of the upper limit
  std::vector<double> leak_boost_;                     //!< by target: factor on the weight of the near shell
  std::vector<double> core_boost_;                     //!< by target: factor on the weight of the core; 0: not asked
  std::vector<std::vector<std::size_t>> target_rows_;  //!< volume points by target
  std::vector<std::vector<std::size_t>> term_rows_;    //!< points by goal term; mean goals: the appended row
  std::vector<RowPenalty> rows_;
};

}  // namespace sbrt
