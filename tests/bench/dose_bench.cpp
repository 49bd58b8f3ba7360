// Dose: time per beam and voxel inside its cone, on every path in one run.
#include "bench_thorax.h"
#include "dose/beam_groups.h"
#include "dose/cone_rows.h"
#include "dose/depth_fan.h"
#include "dose/dose_engine.h"
#include "dose/folded_tables.h"
#include "dose/point_dose.h"
#include "dose/row_kernel.h"
#include "dose/water_depth.h"
#include "geometry/thread_count.h"
#include "geometry/traverse.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <stdexcept>
#include <string>

namespace {

using namespace sbrt;
using namespace sbrt::testing;
using bench::target;

/// Grid about the target with `side_mm` along every axis.
Grid grid_about_target(double side_mm, double spacing_mm) {
  const int n = int(side_mm / spacing_mm);
  const double first = -spacing_mm * (n - 1) / 2;
  return Grid({n, n, n}, {spacing_mm, spacing_mm, spacing_mm}, target + PatientVec{first, first, first});
}

double largest(const DoseGrid& dose) { return *std::max_element(dose.values().begin(), dose.values().end()); }

/// All paths must lie within their bound of the reference before anything is timed.
void check_against_exact() {
  static bool done = false;
  if (done) return;
  const BeamSet beams = plan_of(40, 40, target, 15);
  const Grid grid = grid_about_target(60, 6);
  const DoseGrid exact = compute_dose(beams, bench::thorax_map(), generic_data(), grid, {.path = DosePath::exact}).dose;
  for (const SimdPath path : {SimdPath::portable, SimdPath::avx2, SimdPath::avx512}) {
    if (path > best_simd_path()) continue;
    const SimdChoice simd = path == SimdPath::portable ? SimdChoice::portable
                            : path == SimdPath::avx2   ? SimdChoice::avx2
                                                       : SimdChoice::avx512;
    const DoseGrid fast = compute_dose(beams, bench::thorax_map(), generic_data(), grid, {.simd = simd}).dose;
    for (std::size_t i = 0; i < grid.count(); ++i)
      if (std::abs(fast.values()[i] - exact.values()[i]) > 0.01 * largest(exact))
        throw std::runtime_error("the fast path left its error bound");
  }
  done = true;
}

/// Of this thread; other programs on the machine do not count.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

void report(benchmark::State& state, std::int64_t pairs) {
  state.counters["pairs"] = double(pairs);
  state.counters["per_pair"] =
      benchmark::Counter(double(pairs), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Everything: fans, tables, dose. beams, nodes, cone [mm] or 0 for 10-35 mm, side of the region [mm], spacing [0.1
/// mm], threads
void dose(benchmark::State& state, DosePath path, SimdChoice simd) {
  if ((simd == SimdChoice::avx512 && best_simd_path() < SimdPath::avx512) ||
      (simd == SimdChoice::avx2 && best_simd_path() < SimdPath::avx2))
    return state.SkipWithError("the processor lacks these instructions");
  check_against_exact();
  const double cone = double(state.range(2));
  const BeamSet beams = plan_of(int(state.range(0)), int(state.range(1)), target, 15, 1,
                                cone > 0 ? std::vector<double>{cone} : std::vector<double>{10, 15, 20, 25, 35});
  const Grid grid = grid_about_target(double(state.range(3)), double(state.range(4)) / 10);
  const ThreadCount threads(int(state.range(5)));
  std::int64_t pairs = 0;
  for (auto _ : state) {
    const DoseResult result =
        compute_dose(beams, bench::thorax_map(), generic_data(), grid, {.path = path, .simd = simd});
    pairs = result.validity.points_total;
    benchmark::DoNotOptimize(result.dose.values().data());
  }
  report(state, pairs);
}

/// The naive way: for every voxel in a cone, Siddon's walk from the source through the whole density map and eq. (6) in
/// double precision. Every 13th row only, the time per pair is the same.
void naive(benchmark::State& state) {
  const BeamSet beams = plan_of(150, 80, target, 15);
  const Grid grid = grid_about_target(200, double(state.range(0)) / 10);
  const BeamData::Tables& tables = generic_data().tables();
  std::int64_t pairs = 0;
  double sum = 0;
  for (auto _ : state) {
    pairs = 0;
    for (const Beam& beam : beams) {
      const BeamAxis axis(beam);
      const std::size_t c = tables.find(beam.collimator_mm);
      const GridSize n = grid.size();
      for (int row = 0; row < n.ny * n.nz; row += 13)
        for (int i = 0; i < n.nx; ++i) {
          const PatientPoint point = grid.voxel_centre(i, row % n.ny, row / n.ny);
          const PointInBeam p = locate(axis, point, tables.reference_distance_mm);
          if (!(p.z_mm > 0) || p.r800_mm > tables.ocr[c].columns.back()) continue;
          const double depth = water_equivalent_depth_mm(bench::thorax_map(), beam.source, point);
          sum += beam.weight_mu * dose_factors(tables, c, p, depth).gy_per_mu;
          ++pairs;
        }
    }
    benchmark::DoNotOptimize(sum);
  }
  if (!(sum > 0)) throw std::runtime_error("no dose");
  report(state, pairs);
}

/// Only what is done per pair: interpolation in fans that are ready, and eq. (6).
void kernel(benchmark::State& state, SimdPath path) {
  if (path > best_simd_path()) return state.SkipWithError("the processor lacks these instructions");
  const BeamSet beams = plan_of(150, 80, target, 15);
  const Grid grid = grid_about_target(double(state.range(0)), double(state.range(1)) / 10);
  const ThreadCount threads(1);
  const RowKernel& inner = row_kernel(path);
  const RayDensity density(bench::thorax_map());
  const std::vector<char> used(beams.size(), 1);
  const BeamData::Tables& tables = generic_data().tables();
  std::vector<float> depth_mm;
  std::int64_t pairs = 0;
  DoseGrid result(grid);
  double seconds = 0;
  for (auto _ : state) {
    pairs = 0, seconds = 0;
    std::fill(result.values().begin(), result.values().end(), 0.0f);
    for (const BeamGroup& group : group_by_source_and_face(beams, used, grid)) {
      if (group.face.normal == 0) continue;  // their lines lie in a transposed grid
      std::vector<BeamCone> cones;
      for (const std::size_t b : group.beams)
        cones.push_back({Direction<Patient>(beams[b].aim - beams[b].source),
                         generic_data().largest_radius_mm(beams[b].collimator_mm) / 800});
      auto fan = DepthFan::over(grid, group.source, group.face, cones, density, 3);
      depth_mm.resize(fan->values());
      fan->store_at(depth_mm.data());
      for (int row = 0; row < fan->rows(); ++row) fan->build_row(row, inner);
      for (std::size_t i = 0; i < group.beams.size(); ++i) {
        const Beam& beam = beams[group.beams[i]];
        const FoldedTables folded(tables, tables.find(beam.collimator_mm), 700, 1100);
        const GridInFrame frame(grid, SourceFrame(beam.source, beam.aim - beam.source));
        const ConeRows cone(frame, grid.size(), cones[i].tangent);
        std::vector<float> depth(std::size_t(grid.size().ny) * padded(grid.size().nx));
        std::vector<DepthRow> depth_rows;
        std::vector<DoseRow> dose_rows;
        const double start = cpu_seconds();
        for (int k = 0; k < grid.size().nz; ++k) {
          const ConeSlice slice = cone.slice(k);
          const IndexRange rows = slice.rows();
          depth_rows.clear(), dose_rows.clear();
          float* at = depth.data();
          for (int j = rows.begin; j < rows.end; ++j) {
            const IndexRange v = slice.voxels(j);
            if (v.empty()) continue;
            const int points = v.end - v.begin;
            const bool by_slice = group.face.normal == 2;
            depth_rows.push_back({fan->line(by_slice ? k : j, by_slice ? j : k, v.begin), points, at, false});
            const GridInFrame::V p = frame.at(v.begin, j, k);
            dose_rows.push_back({float(p[0]), float(p[1]), float(p[2]), points, at,
                                 &result.values()[grid.index(v.begin, j, k)],
                                 std::ptrdiff_t(grid.count() - grid.index(v.begin, j, k))});
            at += padded(points);
          }
          inner.depth(depth_rows.data(), int(depth_rows.size()), 0);
          pairs += inner.add_dose(folded.view(), dose_rows.data(), int(dose_rows.size()), frame.step(),
                                  float(beam.weight_mu));
        }
        seconds += cpu_seconds() - start;
      }
    }
    state.SetIterationTime(seconds);
    benchmark::DoNotOptimize(result.values().data());
  }
  if (!(largest(result) > 0)) throw std::runtime_error("no dose");
  report(state, pairs);
}

/// Siddon's walk in double precision through every voxel from a source to points of the target's region.
void reference_tracer(benchmark::State& state) {
  const Beam beam = plan_of(1, 1, target, 15).front();
  const DensityMap body = cropped_to_density(bench::thorax_map());
  const Grid points = grid_about_target(60, 3);
  std::int64_t steps = 0;
  double depth = 0;
  const PatientPoint end = points.voxel_centre(10, 10, 10);
  // In the thorax every step but those in air adds density; a walk of unit density gives the length inside the map.
  const DensityMap ones(body.grid(), 1.0f);
  const SegmentPart part = clip_to_grid(body.grid(), beam.source, end);
  if (std::abs(water_equivalent_depth_mm(ones, beam.source, end) -
               (part.leave - part.enter) * distance(beam.source, end)) > 1e-9)
    throw std::runtime_error("the tracer's lengths do not sum to the path");
  for (auto _ : state) {
    depth = 0;
    for (int k = 0; k < points.size().nz; ++k)
      for (int j = 0; j < points.size().ny; ++j)
        for (int i = 0; i < points.size().nx; ++i)
          depth += water_equivalent_depth_mm(body, beam.source, points.voxel_centre(i, j, k));
    benchmark::DoNotOptimize(depth);
  }
  for (int k = 0; k < points.size().nz; ++k)
    for (int j = 0; j < points.size().ny; ++j)
      for (int i = 0; i < points.size().nx; ++i)
        traverse(body.grid(), beam.source, points.voxel_centre(i, j, k), [&](std::size_t, double) { ++steps; });
  state.counters["steps_per_ray"] = double(steps) / double(points.count());
  state.counters["per_step"] =
      benchmark::Counter(double(steps), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

#define SBRT_PATH(name, path, simd) BENCHMARK_CAPTURE(dose, name, path, simd)->Unit(benchmark::kMillisecond)

SBRT_PATH(avx512, DosePath::fast, SimdChoice::avx512)
    ->Args({150, 80, 0, 200, 10, 1})
    ->Args({150, 80, 0, 200, 15, 1})
    ->Args({150, 80, 0, 200, 30, 1})
    ->Args({150, 130, 0, 200, 15, 1})
    ->Args({150, 80, 10, 200, 15, 1})
    ->Args({150, 80, 35, 200, 15, 1})
    ->Args({150, 80, 60, 200, 15, 1})
    ->Args({1, 1, 20, 200, 15, 1});
SBRT_PATH(avx512, DosePath::fast, SimdChoice::avx512)->Args({150, 80, 0, 200, 15, 2})->UseRealTime();
SBRT_PATH(avx2, DosePath::fast, SimdChoice::avx2)->Args({150, 80, 0, 200, 10, 1})->Args({150, 80, 0, 200, 15, 1});
SBRT_PATH(portable, DosePath::fast, SimdChoice::portable)
    ->Args({150, 80, 0, 200, 10, 1})
    ->Args({150, 80, 0, 200, 15, 1});
SBRT_PATH(exact, DosePath::exact, SimdChoice::widest)->Args({150, 80, 0, 200, 60, 1})->Args({12, 12, 0, 200, 15, 1});
BENCHMARK(naive)->Arg(15)->Iterations(1)->Unit(benchmark::kMillisecond);
#define SBRT_KERNEL(name)                         \
  BENCHMARK_CAPTURE(kernel, name, SimdPath::name) \
      ->Args({200, 10})                           \
      ->Args({200, 15})                           \
      ->UseManualTime()                           \
      ->Unit(benchmark::kMillisecond)
SBRT_KERNEL(avx512);
SBRT_KERNEL(avx2);
SBRT_KERNEL(portable);
BENCHMARK(reference_tracer)->Unit(benchmark::kMillisecond);

}  // namespace
