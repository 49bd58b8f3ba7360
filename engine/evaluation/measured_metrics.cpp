#include "engine/evaluation/measured_metrics.h"

#include "geometry/units.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// The curve with the volume changed by `change_mm3`: in the pieces beyond the outermost contour planes, or in all where
// too little lies there to be taken away.
Dvh with_other_ends(const Shape& shape, const SampledStructure& sampled, double change_mm3) {
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
  const bool only_ends = ends > 0 && ends + change_mm3 > 0;
  const double scale = 1 + change_mm3 / (only_ends ? ends : all);
  std::vector<Sample> samples = sampled.samples;
  if (scale > 0)
    for (Sample& s : samples)
      if (!only_ends || beyond(s)) s.volume_mm3 *= scale;
  return Dvh(samples, sampled.dose_gy);
}

}  // namespace

MeasuredMetrics::MeasuredMetrics(const Shape& shape, const Dvh& fine, const SampledStructure& coarse,
                                 const std::optional<DoseReference>& reference)
    : fine_(fine), reference_(reference), coarse_(coarse.samples, coarse.dose_gy) {
  const Interval volume = shape.volume_interval_mm3();
  smaller_ = with_other_ends(shape, coarse, volume.low - shape.volume_mm3());
  larger_ = with_other_ends(shape, coarse, volume.high - shape.volume_mm3());
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
  const std::optional<double> coarse = coarse_.value(metric, reference_);
  result.sampling = with_sampling_error(*value, coarse.value_or(*value), noise(metric, *value)).interval.high - *value;
  double below = 0, above = 0;
  if (coarse)
    for (const Dvh* other : {&smaller_, &larger_})
      if (const std::optional<double> changed = other->value(metric, reference_)) {
        below = std::max(below, *coarse - *changed);
        above = std::max(above, *changed - *coarse);
      }
  result.measured.interval = {*value - result.sampling - below, *value + result.sampling + above};
  return result;
}

}  // namespace sbrt
