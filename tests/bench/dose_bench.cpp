// Dose: time per beam and voxel inside its cone, fast path and reference tracer in one run; influence entries per
// second.
#include "dose/dose_engine.h"
#include "dose/influence.h"
#include "dose/plan_fixture.h"
#include "geometry/parallel.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace {

using namespace sbrt;
using namespace sbrt::testing;

const PatientPoint target{70, 5, 4};

const DensityMap& map() {
  static const DensityMap density = thorax(1.0, 2.0);
  return density;
}

/// Grid about the target with `side_mm` along every axis.
Grid grid_about_target(double side_mm, double spacing_mm) {
  const int n = int(side_mm / spacing_mm);
  const double first = -spacing_mm * (n - 1) / 2;
  return Grid({n, n, n}, {spacing_mm, spacing_mm, spacing_mm}, target + PatientVec{first, first, first});
}

double largest(const DoseGrid& dose) { return *std::max_element(dose.values().begin(), dose.values().end()); }

/// The fast path must lie within its bound of the reference before anything is timed.
void check_fast_against_exact() {
  static bool done = false;
  if (done) return;
  const BeamSet beams = plan_of(40, 20, target, 15);
  const Grid grid = grid_about_target(60, 6);
  const DoseGrid fast = compute_dose(beams, map(), generic_data(), grid).dose;
  const DoseGrid exact = compute_dose(beams, map(), generic_data(), grid, {.path = DosePath::exact}).dose;
  for (std::size_t i = 0; i < grid.count(); ++i)
    if (std::abs(fast.values()[i] - exact.values()[i]) > 0.01 * largest(exact))
      throw std::runtime_error("the fast path left its error bound");
  done = true;
}

void dose(benchmark::State& state, DosePath path, SimdChoice simd) {
  check_fast_against_exact();
  const BeamSet beams = plan_of(int(state.range(0)), int(state.range(1)), target, 15);
  const Grid grid = grid_about_target(double(state.range(2)), double(state.range(3)) / 10);
  set_thread_count(int(state.range(4)));
  std::int64_t points = 0;
  for (auto _ : state) {
    const DoseResult result = compute_dose(beams, map(), generic_data(), grid, {.path = path, .simd = simd});
    points = result.validity.points_total;
    benchmark::DoNotOptimize(result.dose.values().data());
  }
  state.counters["points"] = double(points);
  state.counters["time_per_point"] =
      benchmark::Counter(double(points), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void influence(benchmark::State& state) {
  const BeamSet beams = plan_of(int(state.range(0)), 130, target, 15, 1, {10, 15, 20});
  std::vector<PatientPoint> points;
  const int n = int(std::cbrt(double(state.range(1))));
  for (int k = 0; k < n; ++k)
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) points.push_back(target + 3.0 * PatientVec{i - n / 2.0, j - n / 2.0, k - n / 2.0});
  set_thread_count(int(state.range(2)));
  std::size_t entries = 0;
  for (auto _ : state) {
    const DoseInfluence matrix = compute_influence(beams, map(), generic_data(), points);
    entries = matrix.entries();
  }
  state.counters["entries"] = double(entries);
  state.counters["entries_per_second"] =
      benchmark::Counter(double(entries), benchmark::Counter::kIsIterationInvariantRate);
}

// beams, nodes, side of the region in mm, spacing in 0.1 mm, threads
BENCHMARK_CAPTURE(dose, portable, DosePath::fast, SimdChoice::portable)->Args({150, 80, 200, 15, 1})->UseRealTime();
BENCHMARK_CAPTURE(dose, widest, DosePath::fast, SimdChoice::widest)
    ->Args({150, 80, 200, 15, 1})
    ->Args({150, 80, 200, 30, 1})
    ->Args({150, 80, 200, 15, 2})
    ->UseRealTime();
BENCHMARK_CAPTURE(dose, exact, DosePath::exact, SimdChoice::widest)->Args({150, 80, 200, 60, 1})->UseRealTime();
BENCHMARK(influence)->Args({2000, 10000, 2})->Args({6000, 20000, 2})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
