// Both solvers by the number of candidates: weights of a ball in water, checked before they are timed.
#include "engine/planning/beam_choice.h"
#include "engine/planning/ordered_lp.h"
#include "engine/planning/penalty_solver.h"
#include "geometry/thread_count.h"
#include "tests/engine/planning/planning_fixture.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <optional>
#include <stdexcept>

namespace {

using namespace sbrt;

/// Candidates and their matrix on about as many points as asked.
struct Case {
  WaterCase water{20};
  BeamSet beams;
  std::vector<GoalTerm> terms;
  std::optional<PlanPenalties> penalties;
  std::optional<DoseInfluence> influence;
  PenaltyProblem problem;

  Case(int candidates, int points) {
    water.options.count = candidates;
    Warnings warnings;
    beams = make_candidates(water.problem, water.options, warnings);
    const double unit = points / 5200.0;  // what the standard density makes
    const auto n = [&](int standard) { return int(std::lround(unit * standard)); };
    penalties.emplace(water.problem, water.options,
                      make_dose_points(water.problem, {n(1500), n(600), n(1500), n(800), n(800), n(1500)}, 1), terms);
    influence.emplace(influence_of(beams, water.problem, water.options, *penalties, no_progress));
    problem.influence = &*influence;
    problem.rows = penalties->rows();
    problem.cost_per_mu.assign(beams.size(), penalties->cost_per_mu());
    problem.upper_mu.assign(beams.size(), 2500);
  }
};

constexpr PenaltyOptions usual{300, 1e-3};  // of the planner

void penalty(benchmark::State& state, bool warm) {
  const ThreadCount threads(int(state.range(2)));
  const Case c(int(state.range(0)), int(state.range(1)));
  const PenaltySolution exact = minimise_penalties(c.problem, {}, {20000, 1e-6});
  const PenaltySolution cold = minimise_penalties(c.problem, {}, usual);
  if (!(cold.objective <= 1.02 * exact.objective)) throw std::runtime_error("the usual tolerance is too wide");
  // Warm: limits moved by one percent, as the planner's own rounds do.
  PenaltyProblem moved = c.problem;
  for (RowPenalty& r : moved.rows) r.low_gy *= 1.01;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        (warm ? minimise_penalties(moved, cold.weights_mu, usual) : minimise_penalties(c.problem, {}, usual))
            .objective);
  state.counters["points"] = double(c.influence->points());
  state.counters["entries"] = double(c.influence->entries());
  state.counters["iterations"] = (warm ? minimise_penalties(moved, cold.weights_mu, usual) : cold).iterations;
}

void ordered(benchmark::State& state) {
  const ThreadCount threads(1);
  const Case c(int(state.range(0)), int(state.range(1)));
  const std::vector<double> guide = minimise_penalties(c.problem, {}, usual).weights_mu, scale;
  const OrderedProgramme p{c.water.problem, c.water.options, c.beams, *c.influence,
                           *c.penalties,    c.terms,         scale,   guide};
  OrderedSolution s;
  for (auto _ : state) s = solve_ordered(p);
  for (const LpStage& stage : s.stages)
    if (!(std::abs(stage.primal - stage.dual_bound) <= 1e-6 * std::max(1.0, stage.primal)))
      throw std::runtime_error("no optimum in stage " + stage.name);
  state.counters["points"] = double(c.influence->points());
  state.counters["rows"] = s.rows;
  state.counters["rows_that_took_part"] = s.stages.back().rows;
  state.counters["iterations"] = s.iterations;
}

BENCHMARK_CAPTURE(penalty, cold, false)
    ->ArgsProduct({{1000}, {5000}, {1, 2}})
    ->Args({2000, 20000, 2})
    ->Args({1500, 5000, 2})
    ->Args({3000, 5000, 2})
    ->Args({6000, 5000, 2})
    ->Args({12000, 5000, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(penalty, warm, true)
    ->Args({1000, 5000, 2})
    ->Args({2000, 20000, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(ordered)
    ->Args({300, 1500})
    ->Args({1500, 1500})
    ->Args({3000, 1500})
    ->Args({6000, 1500})
    ->Args({12000, 1500})
    ->Args({1500, 5000})
    ->Args({6000, 5000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
