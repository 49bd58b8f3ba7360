#include "engine/evaluation/structure_dose.h"

#include "engine/evaluation/dose_extremes.h"
#include "engine/evaluation/structure_names.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

constexpr double pieces_of_target = 200'000, pieces_of_organ = 60'000;
constexpr double finest_step_mm = 0.05;
constexpr double surface_steps = 2;  // the extremes are searched from the best of these points
constexpr double hot_volume_mm3 = 1 * units::cc;
constexpr double hot_step_mm = 0.4;  // 15 pieces per mm^3: D0.03cc rests on 470 of them
constexpr double most_hot_voxels = 200'000;

void scale_cold_part(SampledStructure& sampled, double threshold_gy, const SampledStructure& hot) {
  double volume = 0, cold = 0, hot_volume = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    volume += sampled.samples[i].volume_mm3;
    if (!(sampled.dose_gy[i] >= threshold_gy)) cold += sampled.samples[i].volume_mm3;
  }
  for (const Sample& s : hot.samples) hot_volume += s.volume_mm3;
  if (!(cold > 0) || hot_volume >= volume) return;
  const double scale = (volume - hot_volume) / cold;
  SampledStructure merged;
  merged.step_mm = sampled.step_mm;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    if (sampled.dose_gy[i] >= threshold_gy) continue;
    merged.samples.push_back({sampled.samples[i].point, sampled.samples[i].volume_mm3 * scale});
    merged.points.push_back(sampled.points[i]);
    merged.dose_gy.push_back(sampled.dose_gy[i]);
  }
  merged.samples.insert(merged.samples.end(), hot.samples.begin(), hot.samples.end());
  merged.points.insert(merged.points.end(), hot.points.begin(), hot.points.end());
  merged.dose_gy.insert(merged.dose_gy.end(), hot.dose_gy.begin(), hot.dose_gy.end());
  sampled = std::move(merged);
}

}  // namespace

double sampling_step_mm(double volume_mm3, bool is_target) {
  return std::max(std::cbrt(volume_mm3 / (is_target ? pieces_of_target : pieces_of_organ)), finest_step_mm);
}

SampledStructure sample_dose(const Shape& shape, const DoseInterpolator& dose, double step_mm) {
  SampledStructure sampled;
  sampled.step_mm = step_mm;
  sampled.samples = shape.sample(step_mm);
  sampled.points = scattered_points(sampled.samples);
  sampled.dose_gy = dose.values_at(sampled.points);
  return sampled;
}

void refine_hot_spot(const Shape& shape, const DoseInterpolator& dose, SampledStructure& sampled) {
  if (sampled.step_mm <= 1.5 * hot_step_mm) return;
  const Dvh coarse(sampled.samples, sampled.dose_gy);
  const std::optional<double> threshold = coarse.dose_at_volume_gy(hot_volume_mm3);
  if (!threshold) return;
  Box box;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (sampled.dose_gy[i] >= *threshold) box.add(sampled.samples[i].point);
  box = box.grown(sampled.step_mm);
  const PatientVec size = box.high - box.low;
  const double step = std::max(hot_step_mm, std::cbrt(size.x * size.y * size.z / most_hot_voxels));
  if (step > sampled.step_mm / 1.5) return;
  const Grid grid({int(std::ceil(size.x / step)), int(std::ceil(size.y / step)), int(std::ceil(size.z / step))},
                  {step, step, step}, box.low + PatientVec{step / 2, step / 2, step / 2});
  const Occupancy occupied = occupancy_of(shape, grid);
  SampledStructure hot;
  hot.step_mm = step;
  const GridSize n = grid.size();
  std::vector<Sample> candidates;
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        if (occupied(i, j, k) > 0)
          candidates.push_back({grid.voxel_centre(i, j, k), occupied(i, j, k) * grid.voxel_volume_mm3()});
  const std::vector<PatientPoint> points = scattered_points(candidates);
  const std::vector<double> doses = dose.values_at(points);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (doses[i] >= *threshold) {
      hot.samples.push_back(candidates[i]);
      hot.points.push_back(points[i]);
      hot.dose_gy.push_back(doses[i]);
    }
  if (!hot.samples.empty()) scale_cold_part(sampled, *threshold, hot);
}

double sampling_noise(const Dvh& dvh, const Metric& metric, double value,
                      const std::optional<DoseReference>& reference) {
  const double noise_cc = dvh.volume_noise_mm3() / units::cc,
               noise_pct = 100 * dvh.volume_noise_mm3() / dvh.volume_mm3();
  if (metric.kind == Metric::Kind::volume_at_dose || metric.kind == Metric::Kind::cold_volume_at_dose)
    return metric.result_unit == Metric::Unit::percent ? noise_pct : noise_cc;
  if (metric.kind != Metric::Kind::dose_at_volume) return 0;
  double noise = 0;
  for (const int sign : {-1, 1}) {
    Metric shifted = metric;
    shifted.argument += sign * (metric.argument_unit == Metric::Unit::percent ? noise_pct : noise_cc);
    if (const auto changed = dvh.value(shifted, reference)) noise = std::max(noise, std::abs(*changed - value));
  }
  return noise;
}

Measured with_sampling_error(double fine, double coarse, double noise) {
  const double half = std::max(std::abs(fine - coarse) / 2, noise);
  return {fine, {fine - half, fine + half}};
}

void fill_structure_result(const Shape& shape, const DoseInterpolator& dose, const SampledStructure& fine,
                           const std::vector<Metric>& metrics, double dvh_bin_gy, StructureResult& result,
                           Warnings& warnings) {
  const std::vector<PatientPoint> surface = surface_points(shape, surface_steps * fine.step_mm);
  const std::vector<double> surface_gy = dose.values_at(surface);
  result.dvh = Dvh(fine.samples, fine.dose_gy, surface_gy);
  result.step_mm = fine.step_mm;
  result.has_dose = !result.dvh.empty();
  result.outside_grid_cc = result.dvh.outside_mm3() / units::cc;
  if (result.outside_grid_cc > 0)
    warnings.push_back({"structure-outside-grid",
                        fmt::format("{}: {:.3g} of {:.4g} cc lie outside the dose grid; their dose is unknown",
                                    result.name, result.outside_grid_cc, result.volume_cc)});
  if (!result.has_dose) return;

  DoseAtPoint hottest{-HUGE_VAL, {}}, coldest{HUGE_VAL, {}};
  const auto offer = [&](double gy, PatientPoint p) {
    if (gy > hottest.dose_gy) hottest = {gy, p};
    if (gy < coldest.dose_gy) coldest = {gy, p};
  };
  for (std::size_t i = 0; i < fine.dose_gy.size(); ++i) offer(fine.dose_gy[i], fine.points[i]);
  for (std::size_t i = 0; i < surface.size(); ++i) offer(surface_gy[i], surface[i]);
  const auto inside = [&](PatientPoint p) { return shape.contains(p); };
  hottest = climb(dose, hottest.point, inside);
  coldest = descend(dose, coldest.point, inside);
  result.dvh.widen(coldest.dose_gy, hottest.dose_gy);
  result.max_point = hottest.point;
  result.min_gy = result.dvh.min_gy();
  result.mean_gy = result.dvh.mean_gy();
  result.max_gy = result.dvh.max_gy();

  const SampledStructure coarse_sampled = sample_dose(shape, dose, 2 * fine.step_mm);
  const Dvh coarse(coarse_sampled.samples, coarse_sampled.dose_gy);
  for (const Metric& metric : metrics) {
    const std::optional<double> value = result.dvh.value(metric, result.reference);
    if (!value) {
      warnings.push_back({"query-without-value", fmt::format("{}:{} has no value: {}", result.name, metric.text,
                                                             why_no_value(metric, result))});
      continue;
    }
    result.queries[metric.text] = *value;
    // The extremes come from the surface and a climb, not from the pieces; a change of step says nothing about them.
    if (metric.kind == Metric::Kind::minimum || metric.kind == Metric::Kind::maximum) continue;
    if (const std::optional<double> check = coarse.value(metric, result.reference))
      result.query_intervals[metric.text] =
          with_sampling_error(*value, *check, sampling_noise(result.dvh, metric, *value, result.reference)).interval;
  }
  DvhCurve curve = sampled_curve(result.dvh, dvh_bin_gy);
  result.dvh_dose_gy = std::move(curve.dose_gy);
  result.dvh_volume_cc = std::move(curve.volume_cc);
}

std::vector<Metric> metrics_for(const std::string& structure, const Prescription* own_prescription,
                                const std::vector<StructureQuery>& queries) {
  std::vector<std::string> texts{"D0.03cc", "D2%"};
  if (own_prescription)
    texts = {"D98%", "D95%", "D50%", "D2%", "D0.03cc", fmt::format("V{}Gy[%]", own_prescription->dose_gy)};
  std::vector<Metric> metrics;
  for (const std::string& text : texts) metrics.push_back(Metric::parse(text));
  for (const StructureQuery& query : queries)
    if (query.structure == structure &&
        std::none_of(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.text == query.metric.text; }))
      metrics.push_back(query.metric);
  return metrics;
}

}  // namespace sbrt
