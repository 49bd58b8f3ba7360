// The influence matrix: candidates per second, bytes per entry, time per entry of both products.
#include "bench_thorax.h"
#include "dose/influence.h"
#include "geometry/thread_count.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace {

using namespace sbrt;
using namespace sbrt::testing;
using bench::target;

/// Every third bit of the index, so that neighbours in the list are neighbours in space.
std::uint32_t every_third_bit(std::uint32_t n, int shift) {
  std::uint32_t value = 0;
  for (int bit = 0; bit < 10; ++bit) value |= (n >> (3 * bit + shift) & 1u) << bit;
  return value;
}

/// Points about the target in Morton order, as the planner sorts its own: dense near it, sparse to 60 mm.
std::vector<PatientPoint> sampled_points(std::size_t wanted) {
  std::vector<PatientPoint> points;
  constexpr int side = 64;
  const double spacing = 120.0 / side;
  const double share = double(wanted) / (side * side * side * std::numbers::pi / 6);
  double carried = 0;
  for (std::uint32_t n = 0; n < side * side * side; ++n) {
    const PatientVec v =
        spacing * PatientVec{every_third_bit(n, 0) - 31.5, every_third_bit(n, 1) - 31.5, every_third_bit(n, 2) - 31.5};
    if (norm(v) > 60) continue;
    carried += share;
    if (carried < 1) continue;
    carried -= 1;
    points.push_back(target + v);
  }
  return points;
}

struct Case {
  BeamSet beams;
  std::vector<PatientPoint> points;
  Case(int candidates, int nodes, std::size_t count)
      : beams(plan_of(candidates, nodes, target, 15, 1, {10, 15, 20})), points(sampled_points(count)) {}
};

/// The product with the weights must be the exact dose within the fast path's bound.
void check(const DoseInfluence& matrix, const Case& c) {
  std::vector<double> weights(c.beams.size(), 0.0);
  BeamSet some;
  for (std::size_t b = 0; b < c.beams.size(); b += c.beams.size() / 40) {
    weights[b] = c.beams[b].weight_mu;
    some.push_back(c.beams[b]);
  }
  const std::vector<double> dose = matrix.dose(weights);
  const double maximum = *std::max_element(dose.begin(), dose.end());
  for (std::size_t p = 0; p < c.points.size(); p += 997) {
    double exact = 0;
    for (const BeamContribution& part : trace_point(some, bench::thorax_map(), generic_data(), c.points[p]))
      exact += part.dose_gy;
    if (!(std::abs(dose[p] - exact) <= 0.002 * maximum)) throw std::runtime_error("the matrix left its error bound");
  }
}

/// candidates, nodes, points, threads
void influence(benchmark::State& state) {
  const Case c(int(state.range(0)), int(state.range(1)), std::size_t(state.range(2)));
  const ThreadCount threads(int(state.range(3)));
  const DoseInfluence checked = compute_influence(c.beams, bench::thorax_map(), generic_data(), c.points);
  check(checked, c);
  for (auto _ : state)
    benchmark::DoNotOptimize(compute_influence(c.beams, bench::thorax_map(), generic_data(), c.points).entries());
  state.counters["candidates_per_s"] =
      benchmark::Counter(double(c.beams.size()), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["points"] = double(c.points.size());
  state.counters["entries"] = double(checked.entries());
  state.counters["bytes_per_entry"] = double(checked.bytes()) / double(checked.entries());
  state.counters["per_entry"] = benchmark::Counter(
      double(checked.entries()), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

const DoseInfluence& matrix_for_products() {
  static const DoseInfluence matrix = [] {
    const Case c(6000, 130, 20'000);
    return compute_influence(c.beams, bench::thorax_map(), generic_data(), c.points);
  }();
  return matrix;
}

void products(benchmark::State& state, bool transposed) {
  const ThreadCount threads(1);
  const DoseInfluence& a = matrix_for_products();
  const std::vector<double> x(a.beams(), 1.0), y(a.points(), 1.0);
  const std::vector<double> ax = a.dose(x), aty = a.transposed_product(y);
  const double left = std::accumulate(ax.begin(), ax.end(), 0.0), right = std::accumulate(aty.begin(), aty.end(), 0.0);
  if (!(std::abs(left - right) <= 1e-9 * left)) throw std::runtime_error("the products are not adjoint");
  for (auto _ : state) benchmark::DoNotOptimize(transposed ? a.transposed_product(y).data() : a.dose(x).data());
  state.counters["per_entry"] = benchmark::Counter(
      double(a.entries()), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Half of the beams are dropped and added again.
void drop_and_add(benchmark::State& state) {
  const DoseInfluence& a = matrix_for_products();
  std::vector<std::size_t> even, odd;
  for (std::size_t b = 0; b < a.beams(); ++b) (b % 2 ? odd : even).push_back(b);
  for (auto _ : state) benchmark::DoNotOptimize(a.subset(even).joined(a.subset(odd)).beams());
}

BENCHMARK(influence)->Args({6000, 130, 20'000, 1})->Args({2000, 130, 10'000, 1})->Unit(benchmark::kMillisecond);
BENCHMARK(influence)
    ->Args({6000, 130, 20'000, 2})
    ->Args({1500, 130, 5'000, 2})
    ->Args({3000, 130, 5'000, 2})
    ->Args({12000, 130, 5'000, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(products, Ax, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(products, ATy, true)->Unit(benchmark::kMillisecond);
BENCHMARK(drop_and_add)->Unit(benchmark::kMicrosecond);

}  // namespace
