#include "dose/influence.h"
#include "engine/planning/full_grid_check.h"
#include "engine/planning/plan_penalties.h"
#include "engine/planning/planner.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

template <class T>
std::vector<T> only(const std::vector<T>& values, const std::vector<std::size_t>& picked) {
  std::vector<T> out;
  for (const std::size_t i : picked) out.push_back(values[i]);
  return out;
}

/// Beams in work with their matrix and weights.
struct Working {
  BeamSet beams;
  DoseInfluence influence;
  std::vector<double> weights_mu;
};

/// Each beam's part in the dose to the targets; what little it gives, its loss costs little.
std::vector<double> importance(const Working& w, const PlanPenalties& penalties) {
  std::vector<double> target(w.influence.points(), 0.0);
  for (std::size_t i = 0; i < penalties.points().size(); ++i)
    if (penalties.points()[i].role == PointRole::target) target[i] = 1;
  std::vector<double> part = w.influence.transposed_product(target);
  for (std::size_t b = 0; b < part.size(); ++b) part[b] *= w.weights_mu[b];
  return part;
}

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
    p.upper_mu.assign(w.beams.size(), options_.limits.max_beam_mu * fractions_);
    const PenaltySolution s = minimise_penalties(p, w.weights_mu, {max_iterations, tolerance});
    w.weights_mu = s.weights_mu;
    dose_gy = s.dose_gy;
    iterations += s.iterations;
    objective = s.objective;
    progress_.advance();
  }

  /// Keeps the `count` most important beams of positive weight.
  void keep(Working& w, const PlanPenalties& penalties, std::size_t count) {
    const std::vector<double> part = importance(w, penalties);
    std::vector<std::size_t> order(part.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return part[a] > part[b]; });
    order.resize(std::min(order.size(), count));
    std::erase_if(order, [&](std::size_t b) { return !(part[b] > 0); });
    std::sort(order.begin(), order.end());
    pick(w, order);
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

  GridFindings check(const Working& w, const PlanPenalties& penalties, const std::vector<GoalTerm>& terms) {
    BeamSet beams = w.beams;
    for (std::size_t b = 0; b < beams.size(); ++b) beams[b].weight_mu = w.weights_mu[b];
    DoseOptions dose_options;
    dose_options.depth = options_.depth;
    const DoseGrid dose =
        compute_dose(beams, *problem_.density, *problem_.beam_data, *options_.full_grid, dose_options, progress_).dose;
    return check_on_grid(problem_, penalties.isodoses(), terms, dose, penalties.lift(dose_gy));
  }

  std::vector<double> dose_gy;  // of the last solve
  int iterations = 0;
  double objective = 0;

 private:
  const PlanningProblem& problem_;
  const PlanningOptions& options_;
  Progress& progress_;
  int fractions_;
};

constexpr int most_checks = 4;  // on the full grid

/// 150, more for large targets: a field is at most 60 mm wide.
int automatic_max_beams(const PlanningProblem& problem) {
  constexpr double served_by_150_mm = 60;
  double largest = 0;
  for (const PlanningTarget& t : problem.targets) largest = std::max(largest, equal_volume_diameter_mm(t.shape));
  return int(std::lround(150 * std::clamp(largest / served_by_150_mm, 1.0, 2.0)));
}

DoseInfluence influence_of(const BeamSet& beams, const PlanningProblem& problem, const PlanningOptions& options,
                           const PlanPenalties& penalties, Progress& progress) {
  DoseOptions dose_options;
  dose_options.depth = options.depth;
  return penalties.with_mean_rows(
      compute_influence(beams, *problem.density, *problem.beam_data, penalties.positions(), dose_options, progress));
}

}  // namespace

PlanningResult optimise(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                        Progress& progress) {
  SBRT_EXPECT(problem.density && problem.beam_data && problem.body);
  SBRT_EXPECT(options.limits.max_beams >= 0 && options.coverage_pct > 0 && options.coverage_pct <= 100);
  if (problem.targets.empty()) throw InputError("no target", "optimisation", "", "name a target");
  if (candidates.empty()) throw InputError("no candidate beams", "optimisation", "", "make or load some");

  PlanningResult result;
  const std::vector<GoalTerm> terms = goal_terms(problem, result.warnings);
  PlanPenalties coarse(problem, options, make_dose_points(problem, {}, options.seed), terms);
  Working w{candidates, influence_of(candidates, problem, options, coarse, progress),
            std::vector<double>(candidates.size(), 0.0)};

  const std::size_t limit =
      std::size_t(options.limits.max_beams > 0 ? options.limits.max_beams : automatic_max_beams(problem));
  progress.begin("optimise", 14);
  Search search(problem, options, progress);
  for (int round = 0; round < 3; ++round) {
    search.solve(w, coarse, 300, 1e-3);
    coarse.adapt(search.dose_gy);
    if (round == 1) search.keep(w, coarse, 4 * limit);  // what two solves left at zero hardly comes back
  }
  for (const double share : {2.0, 1.5, 1.25, 1.0}) {
    search.keep(w, coarse, std::size_t(std::lround(share * double(limit))));
    if (w.beams.empty())
      throw InputError("no beam reaches a target", "optimisation", "", "check targets, body and candidate beams");
    search.solve(w, coarse, 300, 1e-3);
    coarse.adapt(search.dose_gy);
  }
  progress.end();

  std::vector<DosePoint> points =
      make_dose_points(problem, {4000, 1000, 4000, 2000, 2000, 3000}, options.seed + 1);
  std::optional<PlanPenalties> dense(std::in_place, problem, options, points, terms);
  w.influence = influence_of(w.beams, problem, options, *dense, progress);
  progress.begin("optimise", 6);
  dense->carry_on(coarse);
  search.dose_gy = w.influence.dose(w.weights_mu);
  for (int round = 0; round < 4; ++round) {
    dense->adapt(search.dose_gy);
    search.solve(w, *dense, 300, 1e-4);
  }
  search.drop_small(w, *dense);
  progress.end();
  for (; options.full_grid && result.grid_checks < most_checks; ++result.grid_checks) {
    const GridFindings found = search.check(w, *dense, terms);
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

  const double lift = dense->lift(search.dose_gy);
  result.expected_isodose_pct = 100;
  for (std::size_t t = 0; t < problem.targets.size(); ++t)
    result.expected_isodose_pct =
        std::min(result.expected_isodose_pct, 100 * dense->reached_isodose(search.dose_gy, int(t)) / lift);
  for (std::size_t b = 0; b < w.beams.size(); ++b) {
    w.beams[b].weight_mu = lift * w.weights_mu[b];
    result.beams.push_back(w.beams[b]);
  }
  result.iterations = search.iterations;
  result.objective = search.objective;
  return result;
}

}  // namespace sbrt
