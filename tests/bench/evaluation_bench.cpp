// DVHs, indices and gamma on a dose of 200 x 200 x 200 points. Each benchmark checks its result before it times.
#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/gamma.h"
#include "phantoms/analytic_dose.h"
#include "phantoms/closed_form.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

namespace sbrt {
namespace {

constexpr int side = 200;  // of the dose grid, 1 mm spacing

Grid dose_grid() { return Grid({side, side, side}, {1, 1, 1}, {-99.7, -100.2, -99.4}); }

phantoms::GaussianDose gaussian(PatientPoint centre) { return {centre, 60, 30}; }

std::vector<double> planes(double gap_mm) {
  std::vector<double> at;
  for (double z = -98; z < 98; z += gap_mm) at.push_back(z);
  return at;
}

/// 20 spheres of 8 to 60 mm on 2 mm planes, spread over the grid; volumes of a body with organs.
std::vector<NamedShape> twenty_structures() {
  std::vector<NamedShape> shapes;
  for (int n = 0; n < 20; ++n) {
    const double radius = 8 + 52.0 * n / 19, reach = 95 - radius;
    const PatientPoint centre{reach * std::cos(2.4 * n), reach * std::sin(2.4 * n), 0.5 * reach * std::cos(1.1 * n)};
    const Structure drawn{n + 1,
                          "S" + std::to_string(n),
                          RoiRole::organ,
                          {},
                          phantoms::contours_on(phantoms::sphere(centre, radius), planes(2), 0.05)};
    shapes.push_back({Shape::from_structure(drawn), drawn.role});
  }
  return shapes;
}

void dvh_of_20_structures(benchmark::State& state) {
  const DoseGrid dose = phantoms::sample(gaussian({0, 0, 0}), dose_grid());
  EvaluationInput input;
  input.dose = &dose;
  input.structures = twenty_structures();
  const Evaluation checked = evaluate(input);
  for (std::size_t n = 0; n < checked.structures.size(); ++n) {
    const StructureResult& s = checked.structures[n];
    const double radius = 8 + 52.0 * double(n) / 19;
    if (std::abs(s.volume_cc * 1000 / phantoms::sphere_volume_mm3(radius) - 1) > 0.005 || !s.has_dose)
      return state.SkipWithError("a volume is more than 0.5 % off");
  }
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(input));
}
BENCHMARK(dvh_of_20_structures)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void indices_of_a_target(benchmark::State& state) {
  constexpr double rx_gy = 42;
  const DoseGrid dose = phantoms::sample(gaussian({0.3, 0.1, -0.2}), dose_grid());
  const double radius = phantoms::gaussian_radius_at_dose_mm(60, 30, rx_gy);
  const Structure ptv{
      1, "PTV", RoiRole::ptv, {}, phantoms::contours_on(phantoms::sphere({0.3, 0.1, -0.2}, radius), planes(1), 0.02)};
  EvaluationInput input;
  input.dose = &dose;
  input.structures = {{Shape::from_structure(ptv), ptv.role}};
  input.targets = {{"PTV", Prescription{rx_gy, 5, std::nullopt}}};
  if (std::abs(evaluate(input).targets[0].indices.at("ci").value - 1) > 0.005)
    return state.SkipWithError("CI is more than 0.5 % off");
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(input));
}
BENCHMARK(indices_of_a_target)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void gamma_2pct_1mm(benchmark::State& state) {
  const double shift_mm = double(state.range(0)) / 10;
  const DoseGrid reference = phantoms::sample(gaussian({0, 0, 0}), dose_grid()),
                 evaluated = phantoms::sample(gaussian({shift_mm, 0, 0}), dose_grid());
  const GammaResult checked = compare_gamma(reference, evaluated, {});
  // Where the gradient is steep gamma tends to the shift, and nowhere is it more.
  if (!(checked.largest <= shift_mm + 1e-3 && checked.largest > 0.7 * shift_mm))
    return state.SkipWithError("gamma is not that of the shift");
  state.counters["points"] = double(checked.compared);
  for (auto _ : state) benchmark::DoNotOptimize(compare_gamma(reference, evaluated, {}));
}
BENCHMARK(gamma_2pct_1mm)
    ->Arg(3)
    ->Arg(9)
    ->Arg(25)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace sbrt
