#include "engine/planning/beam_choice.h"
#include "engine/planning/ordered_lp.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace sbrt {
namespace {

// Fewer points than the penalties have: the simplex takes the third power of their number. What they miss, the full
// grid finds.
constexpr PointDensity for_bound{500, 150, 500, 250, 250, 400}, for_plan{1000, 300, 1000, 400, 300, 800};
constexpr int most_checks = 4;            // on the full grid
constexpr double asked_of_goals = 0.985;  // points miss the very maximum
constexpr double loosest_scale = 0.9;

std::vector<double> weights_by_id(const BeamSet& candidates, const BeamSet& plan) {
  std::map<std::string, double> mu;
  for (const Beam& b : plan) mu[b.id] += b.weight_mu;
  std::vector<double> weights;
  for (const Beam& b : candidates) {
    const auto found = mu.find(b.id);
    weights.push_back(found == mu.end() ? 0.0 : found->second);
  }
  return weights;
}

/// Beams in work with their matrix and weights.
struct Working {
  BeamSet beams;
  DoseInfluence influence;
  std::vector<double> weights_mu;
  std::vector<double> dose_gy;

  void pick(const std::vector<std::size_t>& kept) {
    influence = influence.subset(kept);
    beams = only(beams, kept);
    weights_mu = only(weights_mu, kept);
  }
  void take(OrderedSolution& s) {
    weights_mu = s.weights_mu;
    dose_gy = s.dose_gy;
  }
};

}  // namespace

PlanningResult optimise_ordered(const PlanningProblem& problem, const PlanningOptions& options,
                                const BeamSet& candidates, const PlanningResult& guide, Progress& progress) {
  PlanningResult result;
  const std::vector<GoalTerm> terms = goal_terms(problem, result.warnings);
  const int fractions = problem.targets.front().prescription.fractions;
  PlanPenalties coarse(problem, options, make_dose_points(problem, for_bound, options.seed), terms);
  Working w{candidates,
            influence_of(candidates, problem, options, coarse, progress),
            weights_by_id(candidates, guide.beams),
            {}};
  std::vector<double> scale(terms.size(), 1.0);

  progress.begin("optimise", 6);
  SolverRecord record;
  record.candidates = int(candidates.size());
  record.points = int(w.influence.points());
  const auto solve = [&](const PlanPenalties& penalties, OrderedPart stages, bool write_mps) {
    OrderedSolution s = solve_ordered({problem, options, w.beams, w.influence, penalties, terms, scale, w.weights_mu},
                                      stages, write_mps, progress);
    w.take(s);
    result.iterations += s.iterations;
    progress.advance();
    return s;
  };
  OrderedSolution all = solve(coarse, OrderedPart::all, options.write_mps);
  record.rows = all.rows;
  record.all_candidates = std::move(all.stages);
  record.missed = std::move(all.missed);
  result.mps = std::move(all.mps);
  warn_of_missed_goals(record.missed, options.coverage_pct, result.warnings);

  std::fill(scale.begin(), scale.end(), asked_of_goals);
  for (std::size_t g = 0; g < terms.size(); ++g)
    if (terms[g].kind == GoalTerm::Kind::lower) scale[g] = 1 / asked_of_goals;
  std::size_t limit = most_beams(problem, options.limits);
  auto nodes_limit = std::size_t(std::max(0, options.limits.max_nodes));
  if (options.reduce_pct > 0) {  // as few as the guide, which was reduced
    limit = std::min(limit, guide.beams.size());
    nodes_limit = beams_by_node(guide.beams).size();
  }
  for (const double share : {1.5, 1.0}) {
    const auto part = importance(w.influence, w.weights_mu, coarse);
    const auto kept =
        strongest(w.beams, part, std::size_t(share * double(limit)), std::size_t(share * double(nodes_limit)));
    if (kept.empty())
      throw InputError("no beam reaches a target", "optimisation", "", "check targets, body and candidate beams");
    w.pick(kept);
    solve(coarse, OrderedPart::to_conformity, false);
  }
  progress.end();

  std::vector<DosePoint> points = make_dose_points(problem, for_plan, options.seed + 1);
  std::optional<PlanPenalties> dense(std::in_place, problem, options, points, terms);
  w.influence = influence_of(w.beams, problem, options, *dense, progress);
  const auto settle = [&] {  // weights on the dense points, no beam below the machine's minimum
    for (;;) {
      OrderedSolution s = solve(*dense, OrderedPart::all, false);
      record.plan = std::move(s.stages);
      const double least = options.limits.min_beam_mu * fractions / dense->lift(w.dose_gy);
      std::vector<std::size_t> kept;
      for (std::size_t b = 0; b < w.beams.size(); ++b)
        if (w.weights_mu[b] >= least) kept.push_back(b);
      if (kept.empty())
        throw InputError("no beam reaches the minimum MU", "optimisation", "",
                         "lower the minimum MU or the number of fractions");
      if (kept.size() == w.beams.size()) return;
      w.pick(kept);
    }
  };
  progress.begin("optimise", 6);
  settle();
  progress.end();
  for (; options.full_grid && result.grid_checks < most_checks; ++result.grid_checks) {
    const GridFindings found =
        check_weights(w.beams, w.weights_mu, problem, options, *dense, terms, dense->lift(w.dose_gy), progress);
    if (found.points.empty()) break;
    result.added_points += found.points.size();
    points.insert(points.end(), found.points.begin(), found.points.end());
    dense.emplace(problem, options, points, terms);
    for (std::size_t g = 0; g < terms.size(); ++g)
      if (terms[g].kind == GoalTerm::Kind::upper && found.goal_value[g] > terms[g].dose_gy)
        scale[g] = std::max(loosest_scale, scale[g] * terms[g].dose_gy / found.goal_value[g]);
    w.influence = influence_of(w.beams, problem, options, *dense, progress);
    progress.begin("optimise", 3);
    settle();
    progress.end();
  }

  finish_plan(w.beams, w.weights_mu, w.dose_gy, *dense, problem.targets.size(), result);
  result.objective = record.plan.back().primal;
  result.solver = std::move(record);
  return result;
}

void warn_of_missed_goals(const std::vector<GoalBound>& missed, double coverage_pct, Warnings& warnings) {
  constexpr double nothing_gy = 0.01;
  for (const GoalBound& m : missed) {
    std::string text = fmt::format("'{}' contradicts the asked coverage of {} %: ", m.goal, coverage_pct);
    if (m.alone_gy > nothing_gy)
      text += fmt::format(
          "whatever the weights of these candidates, it is missed by at least {:.2f} Gy on the planning points (dual "
          "bound, all other goals left aside)",
          m.alone_gy);
    else
      text = fmt::format("'{}' can be met alone, but not together with the other goals: it gives way by {:.2f} Gy",
                         m.goal, m.together_gy);
    warnings.push_back({"goals-contradict", text});
  }
}

void explain_missed_goals(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                          const BeamSet& plan, Warnings& warnings, Progress& progress) {
  Warnings repeated;
  const std::vector<GoalTerm> terms = goal_terms(problem, repeated);
  const PlanPenalties penalties(problem, options, make_dose_points(problem, for_bound, options.seed), terms);
  const DoseInfluence influence = influence_of(candidates, problem, options, penalties, progress);
  const std::vector<double> guide = weights_by_id(candidates, plan), scale(terms.size(), 1.0);
  const OrderedSolution s = solve_ordered({problem, options, candidates, influence, penalties, terms, scale, guide},
                                          OrderedPart::goals_only, false, progress);
  warn_of_missed_goals(s.missed, options.coverage_pct, warnings);
}

}  // namespace sbrt
