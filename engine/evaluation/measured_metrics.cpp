#include "engine/evaluation/measured_metrics.h"

#include "geometry/parallel.h"
#include "geometry/units.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sbrt {
namespace {

// The pieces with the volume changed by `change_mm3`: in the pieces beyond the outermost contour planes, or in all
// where too little lies there to be taken away.
std::vector<Sample> with_other_ends(const Shape& shape, const SampledStructure& sampled, double change_mm3) {
  const PatientVec normal = shape.plane_normal();
  const double low = shape.plane_positions_mm().front(), high = shape.plane_positions_mm().back();
  const auto beyond = [&](const Sample& s) {
    const double z = dot(normal, s.point - PatientPoint{});
    return z < low || z > high;
  };
  double all = 0, ends = 0;
  for (const Sample& s : sampled.samples) {
    all += s.volume_mm3;
    if (beyond(s)) ends += s.volume_mm3;
  }
  constexpr double rounding = 0.01, smallest_share = 1e-6;  // flat ends may vanish as a whole
  const bool only_ends = ends > 0 && change_mm3 > -(1 + rounding) * ends;
  const double scale = std::max(1 + change_mm3 / (only_ends ? ends : all), smallest_share);
  std::vector<Sample> samples = sampled.samples;
  if (scale > 0 || only_ends)
    for (Sample& s : samples)
      if (!only_ends || beyond(s)) s.volume_mm3 *= scale;
  return samples;
}

}  // namespace

MeasuredMetrics::MeasuredMetrics(const Dvh& fine, CoarseCurves curves, const std::optional<DoseReference>& reference)
    : fine_(fine), reference_(reference), curves_(std::move(curves)) {}

CoarseCurves coarse_curves(const Shape& shape, const std::vector<SampledStructure>& draws) {
  CoarseCurves curves;
  std::vector<Dvh> others(draws.size());
  parallel_for(std::int64_t(draws.size()), [&](std::int64_t d) {
    const SampledStructure& draw = draws[std::size_t(d)];
    if (d == 0)
      curves = coarse_curves({&shape}, {draw});
    else
      others[std::size_t(d)] = Dvh(draw.samples, draw.dose_gy);
  });
  std::move(others.begin() + 1, others.end(), std::back_inserter(curves.coarse));
  return curves;
}

CoarseCurves coarse_curves(const std::vector<const Shape*>& shapes, const std::vector<SampledStructure>& parts) {
  SBRT_EXPECT(shapes.size() == parts.size());
  std::vector<Sample> coarse, smaller, larger;
  std::vector<double> dose_gy;
  const auto append_to = [](auto& all, const auto& more) { all.insert(all.end(), more.begin(), more.end()); };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Interval volume = shapes[i]->volume_interval_mm3();
    append_to(coarse, parts[i].samples);
    append_to(smaller, with_other_ends(*shapes[i], parts[i], volume.low - shapes[i]->volume_mm3()));
    append_to(larger, with_other_ends(*shapes[i], parts[i], volume.high - shapes[i]->volume_mm3()));
    append_to(dose_gy, parts[i].dose_gy);
  }
  return {{Dvh(coarse, dose_gy)}, Dvh(smaller, dose_gy), Dvh(larger, dose_gy)};
}

std::optional<JudgedMetric> measure(const StructureResult& structure, const Metric& metric) {
  const auto found = MeasuredMetrics(structure.dvh, structure.check, structure.reference)(metric);
  if (!found) return std::nullopt;
  if (metric.kind == Metric::Kind::minimum || metric.kind == Metric::Kind::maximum)
    return JudgedMetric{found->measured.value, std::nullopt};
  return JudgedMetric{found->measured.value, found->measured.interval};
}

double MeasuredMetrics::noise(const Metric& metric, double value) const {
  using Kind = Metric::Kind;
  const bool percent_result = metric.result_unit == Metric::Unit::percent;
  if (metric.kind == Kind::volume_at_dose || metric.kind == Kind::cold_volume_at_dose) {
    const double volume = percent_result ? value / 100 * fine_.volume_mm3() : value * units::cc;
    const double hot = metric.kind == Kind::volume_at_dose ? volume : fine_.covered_mm3() - volume;
    const double noise_mm3 = fine_.volume_noise_mm3(hot);
    return percent_result ? 100 * noise_mm3 / fine_.volume_mm3() : noise_mm3 / units::cc;
  }
  if (metric.kind != Kind::dose_at_volume) return 0;
  const bool percent_argument = metric.argument_unit == Metric::Unit::percent;
  const double unit_mm3 = percent_argument ? fine_.volume_mm3() / 100 : units::cc;
  double largest = 0;
  for (const int sign : {-1, 1}) {
    Metric shifted = metric;
    shifted.argument += sign * fine_.volume_noise_mm3(metric.argument * unit_mm3) / unit_mm3;
    if (const auto changed = fine_.value(shifted, reference_)) largest = std::max(largest, std::abs(*changed - value));
  }
  return largest;
}

std::optional<MetricResult> MeasuredMetrics::operator()(const Metric& metric) const {
  const std::optional<double> value = fine_.value(metric, reference_);
  if (!value) return std::nullopt;
  MetricResult result{{*value, {*value, *value}}, 0};
  if (metric.kind == Metric::Kind::minimum || metric.kind == Metric::Kind::maximum) return result;
  std::vector<double> changed_by_step;
  for (const Dvh& coarse : curves_.coarse)
    if (const auto v = coarse.value(metric, reference_)) changed_by_step.push_back(*v);
  result.sampling = with_sampling_error(*value, changed_by_step, noise(metric, *value)).interval.high - *value;
  double below = 0, above = 0;
  if (const auto coarse = curves_.coarse.empty() ? std::nullopt : curves_.coarse.front().value(metric, reference_))
    for (const Dvh* other : {&curves_.smaller, &curves_.larger})
      if (const std::optional<double> changed = other->value(metric, reference_)) {
        below = std::max(below, *coarse - *changed);
        above = std::max(above, *changed - *coarse);
      }
  result.measured.interval = {*value - result.sampling - below, *value + result.sampling + above};
  return result;
}

}  // namespace sbrt
