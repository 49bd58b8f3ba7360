#include "dose/influence.h"
#include "engine/planning/beam_choice.h"
#include "engine/planning/goal_conflicts.h"
#include "engine/planning/ordered_lp.h"
#include "engine/planning/plan_penalties.h"
#include "engine/planning/plan_quality.h"
#include "engine/planning/planner.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

constexpr int most_checks = 4;       // on the full grid
constexpr double cap_safety = 1.01;  // the full grid scales the weights once more
constexpr double searched_isodoses_pct[] = {70, 72.5, 75, 77.5, 80};
constexpr double conformity_worth = 0.01;  // an isodose may cost so much of the best one's conformity

/// Beams in work with their matrix and weights.
struct Working {
  BeamSet beams;
  DoseInfluence influence;
  std::vector<double> weights_mu;
};

class Search {
 public:
  Search(const PlanningProblem& problem, const PlanningOptions& options, Progress& progress)
      : problem_(problem),
        options_(options),
        progress_(progress),
        fractions_(problem.targets.front().prescription.fractions) {}

  void solve(Working& w, const PlanPenalties& penalties, int max_iterations, double tolerance) {
    PenaltyProblem p;
    p.influence = &w.influence;
    p.rows = penalties.rows();
    p.cost_per_mu.assign(w.beams.size(), penalties.cost_per_mu());
    // What the user states holds for the finished plan, which the lift to the coverage scales.
    const DeliveryLimits& limits = options_.limits;
    const double scale = fractions_ / (limits.caps_stated() ? cap_safety * lift_ : 1);
    p.upper_mu.assign(w.beams.size(), limits.max_beam_mu * scale);
    if (limits.max_node_mu > 0) {
      p.groups = beams_by_node(w.beams);
      p.group_upper_mu = limits.max_node_mu * scale;
    }
    const PenaltySolution s = minimise_penalties(p, w.weights_mu, {max_iterations, tolerance});
    w.weights_mu = s.weights_mu;
    dose_gy = s.dose_gy;
    iterations += s.iterations;
    objective = s.objective;
    lift_ = std::clamp(penalties.lift(dose_gy), 0.5, 2.0);
    progress_.advance();
  }

  /// Keeps the `count` most important beams of positive weight, from at most `nodes` nodes.
  void keep(Working& w, const PlanPenalties& penalties, std::size_t count, std::size_t nodes) {
    pick(w, strongest(w.beams, importance(w.influence, w.weights_mu, penalties), count, nodes));
  }

  void pick(Working& w, const std::vector<std::size_t>& beams) {
    w.influence = w.influence.subset(beams);
    w.beams = only(w.beams, beams);
    w.weights_mu = only(w.weights_mu, beams);
  }

  /// A beam below the machine's minimum is dropped and the rest weighted again.
  void drop_small(Working& w, const PlanPenalties& penalties) {
    for (;;) {
      const double least = options_.limits.min_beam_mu * fractions_ / penalties.lift(dose_gy);
      std::vector<std::size_t> kept;
      for (std::size_t b = 0; b < w.beams.size(); ++b)
        if (w.weights_mu[b] >= least) kept.push_back(b);
      if (kept.empty())
        throw InputError("no beam reaches the minimum MU", "optimisation", "",
                         "lower the minimum MU or the number of fractions");
      if (kept.size() == w.beams.size()) return;
      pick(w, kept);
      solve(w, penalties, 300, 1e-4);
    }
  }

  /// Gives up the weakest nodes, then the weakest beams, a fifth at a time and fewer and fewer, while the quality stays
  /// within the tolerance of what it was.
  void reduce(Working& w, const PlanPenalties& penalties, double tolerance) {
    const PlanQuality before = quality_on_points(problem_, penalties, dose_gy);
    for (const bool by_node : {true, false}) {
      const auto left = [&] { return by_node ? beams_by_node(w.beams).size() : w.beams.size(); };
      for (std::size_t step = std::max<std::size_t>(1, left() / 5); left() > step;) {
        const Working saved = w;
        const std::vector<double> saved_dose = dose_gy;
        keep(w, penalties, by_node ? w.beams.size() : w.beams.size() - step, by_node ? left() - step : 0);
        solve(w, penalties, 300, 1e-4);
        drop_small(w, penalties);
        if (quality_on_points(problem_, penalties, dose_gy).within(tolerance, before)) continue;
        w = saved;
        dose_gy = saved_dose;
        if (step == 1) break;
        step /= 2;
      }
    }
  }

  /// Tries isodoses for the targets that state none and keeps the weights of the one with the least volume at half the
  /// prescription, among those that harm neither conformity nor goals. Returns its penalties.
  PlanPenalties search_isodose(Working& w, const PlanPenalties& from, PlanningOptions& options) {
    struct Trial {
      double isodose_pct;
      PlanPenalties penalties;
      PlanQuality quality;
      std::vector<double> weights_mu, dose_gy;
    };
    const std::vector<double> weights_mu = w.weights_mu, start_gy = dose_gy;
    std::vector<Trial> trials;
    double conformity = HUGE_VAL, goal = HUGE_VAL;
    for (const double pct : searched_isodoses_pct) {
      options.default_isodose_pct = pct;
      PlanPenalties trial(problem_, options, from.points(), from.terms());
      trial.carry_on(from);
      w.weights_mu = weights_mu;
      dose_gy = start_gy;
      for (int round = 0; round < 2; ++round) {
        trial.adapt(dose_gy);
        solve(w, trial, 300, 1e-3);
      }
      const PlanQuality quality = quality_on_points(problem_, trial, dose_gy);
      conformity = std::min(conformity, quality.conformity);
      goal = std::min(goal, std::max(1.0, quality.goal));
      trials.push_back({pct, std::move(trial), quality, w.weights_mu, dose_gy});
    }
    const Trial* best = nullptr;
    for (const Trial& t : trials) {
      const bool harms =
          t.quality.conformity > (1 + conformity_worth) * conformity || t.quality.goal > (1 + conformity_worth) * goal;
      if (!harms && (!best || t.quality.half < best->quality.half)) best = &t;
    }
    if (!best)  // conformity and goals want different ones
      best = &*std::min_element(trials.begin(), trials.end(),
                                [](const Trial& a, const Trial& b) { return a.quality.goal < b.quality.goal; });
    options.default_isodose_pct = best->isodose_pct;
    w.weights_mu = best->weights_mu;
    dose_gy = best->dose_gy;
    return best->penalties;
  }

  std::vector<double> dose_gy;  // of the last solve
  int iterations = 0;
  double objective = 0;

 private:
  const PlanningProblem& problem_;
  const PlanningOptions& options_;
  Progress& progress_;
  int fractions_;
  double lift_ = 1;  // of the last solve
};

bool leaves_isodose_open(const PlanningProblem& problem) {
  return std::any_of(problem.targets.begin(), problem.targets.end(),
                     [](const PlanningTarget& t) { return !t.prescription.isodose_pct; });
}

PlanningResult optimise_penalties(const PlanningProblem& problem, PlanningOptions options, const BeamSet& candidates,
                                  Progress& progress) {
  PlanningResult result;
  const std::vector<GoalTerm> terms = goal_terms(problem, result.warnings);
  append(result.warnings, contradictory_goals(problem, terms, options.coverage_pct));
  std::optional<PlanPenalties> coarse(std::in_place, problem, options, make_dose_points(problem, {}, options.seed),
                                      terms);
  Working w{candidates, influence_of(candidates, problem, options, *coarse, progress),
            std::vector<double>(candidates.size(), 0.0)};

  const std::size_t limit = most_beams(problem, options.limits);
  const auto nodes_limit = std::size_t(std::max(0, options.limits.max_nodes));
  const bool searches = leaves_isodose_open(problem) && !options.default_isodose_pct;
  progress.begin("optimise", searches ? 24 : 14);
  Search search(problem, options, progress);
  for (int round = 0; round < 3; ++round) {
    search.solve(w, *coarse, 300, 1e-3);
    coarse->adapt(search.dose_gy);
    if (round == 1) search.keep(w, *coarse, 4 * limit, 0);  // what two solves left at zero hardly comes back
  }
  if (searches) {
    const PlanPenalties found = search.search_isodose(w, *coarse, options);
    coarse.emplace(found);
    result.searched_isodose_pct = options.default_isodose_pct;
  }
  for (const double share : {2.0, 1.5, 1.25, 1.0}) {
    search.keep(w, *coarse, std::size_t(std::lround(share * double(limit))),
                std::size_t(std::lround(share * double(nodes_limit))));
    if (w.beams.empty())
      throw InputError("no beam reaches a target", "optimisation", "", "check targets, body and candidate beams");
    search.solve(w, *coarse, 300, 1e-3);
    coarse->adapt(search.dose_gy);
  }
  progress.end();

  std::vector<DosePoint> points = make_dose_points(problem, {4000, 1000, 4000, 2000, 2000, 3000}, options.seed + 1);
  std::optional<PlanPenalties> dense(std::in_place, problem, options, points, terms);
  w.influence = influence_of(w.beams, problem, options, *dense, progress);
  progress.begin("optimise", 6);
  dense->carry_on(*coarse);
  search.dose_gy = w.influence.dose(w.weights_mu);
  for (int round = 0; round < 4; ++round) {
    dense->adapt(search.dose_gy);
    search.solve(w, *dense, 300, 1e-4);
  }
  search.drop_small(w, *dense);
  if (options.reduce_pct > 0) search.reduce(w, *dense, options.reduce_pct / 100);
  progress.end();
  for (; options.full_grid && result.grid_checks < most_checks; ++result.grid_checks) {
    const GridFindings found =
        check_weights(w.beams, w.weights_mu, problem, options, *dense, terms, dense->lift(search.dose_gy), progress);
    if (found.points.empty()) break;
    result.added_points += found.points.size();
    points.insert(points.end(), found.points.begin(), found.points.end());
    const PlanPenalties before = std::move(*dense);
    dense.emplace(problem, options, points, terms);
    dense->carry_on(before);
    dense->tighten_goals(found.goal_value);
    w.influence = influence_of(w.beams, problem, options, *dense, progress);
    search.dose_gy = w.influence.dose(w.weights_mu);
    progress.begin("optimise", 3);
    for (int round = 0; round < 2; ++round) {
      dense->adapt(search.dose_gy);
      search.solve(w, *dense, 300, 1e-4);
    }
    search.drop_small(w, *dense);
    progress.end();
  }

  finish_plan(w.beams, w.weights_mu, search.dose_gy, *dense, problem.targets.size(), result);
  if (options.prove_goals && dense->misses_a_goal(search.dose_gy))
    explain_missed_goals(problem, options, candidates, result.beams, result.warnings, progress);
  result.iterations = search.iterations;
  result.objective = search.objective;
  return result;
}

}  // namespace

PlanningResult optimise(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                        Progress& progress) {
  SBRT_EXPECT(problem.density && problem.beam_data && problem.body);
  SBRT_EXPECT(options.limits.max_beams >= 0 && options.coverage_pct > 0 && options.coverage_pct <= 100);
  if (problem.targets.empty()) throw InputError("no target", "optimisation", "", "name a target");
  if (candidates.empty()) throw InputError("no candidate beams", "optimisation", "", "make or load some");

  if (options.solver == SolverChoice::ordered_lp) {
    PlanningOptions fast = options;
    fast.solver = SolverChoice::penalty;
    fast.prove_goals = false;  // the programme itself says it
    const PlanningResult guide = optimise_penalties(problem, fast, candidates, progress);
    PlanningOptions ordered = options;
    if (guide.searched_isodose_pct) ordered.default_isodose_pct = guide.searched_isodose_pct;
    PlanningResult result = optimise_ordered(problem, ordered, candidates, guide, progress);
    result.searched_isodose_pct = guide.searched_isodose_pct;
    return result;
  }
  return optimise_penalties(problem, options, candidates, progress);
}

}  // namespace sbrt
