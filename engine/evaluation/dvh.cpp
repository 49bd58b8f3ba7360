#include "engine/evaluation/dvh.h"

#include "engine/evaluation/biological_metric.h"
#include "geometry/units.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace sbrt {
namespace {

// Rounding in the sum of up to 1e7 volumes.
constexpr double volume_rounding = 1e-9;

struct Place {
  double dose;
  std::uint32_t index;
};

// The finite doses, hottest first, ties in order of index. A counting sort into fine dose classes leaves only a handful
// of points per class for the comparison sort.
std::vector<Place> hottest_first(std::span<const double> dose) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  std::size_t finite = 0;
  for (const double d : dose)
    if (std::isfinite(d)) {
      low = std::min(low, d);
      high = std::max(high, d);
      ++finite;
    }
  const std::size_t classes = std::clamp<std::size_t>(finite / 4, 1, 1 << 18);
  const double scale = high > low ? double(classes - 1) / (high - low) : 0;
  const auto class_of = [&](double d) { return std::size_t((high - d) * scale); };
  std::vector<std::uint32_t> begin(classes + 1, 0);
  for (const double d : dose)
    if (std::isfinite(d)) ++begin[class_of(d) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<Place> order(finite);
  std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t i = 0; i < dose.size(); ++i)
    if (std::isfinite(dose[i])) order[next[class_of(dose[i])]++] = {dose[i], std::uint32_t(i)};
  for (std::size_t c = 0; c < classes; ++c)
    if (begin[c + 1] - begin[c] > 1)
      std::sort(order.begin() + begin[c], order.begin() + begin[c + 1],
                [](const Place& a, const Place& b) { return a.dose != b.dose ? a.dose > b.dose : a.index < b.index; });
  return order;
}

}  // namespace

Dvh::Dvh(std::span<const Sample> samples, std::span<const double> dose_gy, std::span<const double> surface_gy) {
  SBRT_EXPECT(samples.size() == dose_gy.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (!std::isfinite(dose_gy[i])) outside_mm3_ += samples[i].volume_mm3;
  volume_mm3_ = outside_mm3_;
  const std::vector<Place> order = hottest_first(dose_gy);
  if (order.empty()) return;
  dose_.reserve(order.size());
  volume_.reserve(order.size());
  middle_.reserve(order.size());
  for (const Place& place : order) {
    const double volume = samples[place.index].volume_mm3;
    dose_.push_back(place.dose);
    volume_.push_back(volume);
    middle_.push_back(covered_mm3_ + volume / 2);
    covered_mm3_ += volume;
  }
  volume_mm3_ += covered_mm3_;
  max_ = dose_.front();
  min_ = dose_.back();
  for (const double d : surface_gy)
    if (std::isfinite(d)) {
      max_ = std::max(max_, d);
      min_ = std::min(min_, d);
    }
  average();
}

void Dvh::average() {
  double sum = 0;
  for (std::size_t i = 0; i < dose_.size(); ++i) sum += volume_[i] * dose_[i];
  mean_ = covered_mm3_ > 0 ? sum / covered_mm3_ : 0;
}

void Dvh::widen(double min_gy, double max_gy) {
  SBRT_EXPECT(!empty());
  min_ = std::min(min_, min_gy);
  max_ = std::max(max_, max_gy);
}

std::optional<double> Dvh::dose_at_volume_gy(double volume_mm3) const {
  if (empty() || volume_mm3 < 0 || volume_mm3 > covered_mm3_ * (1 + volume_rounding)) return std::nullopt;
  const auto after = std::lower_bound(middle_.begin(), middle_.end(), volume_mm3);
  const std::size_t i = std::size_t(after - middle_.begin());
  const double v0 = i == 0 ? 0 : middle_[i - 1], d0 = i == 0 ? max_ : dose_[i - 1];
  const double v1 = i == middle_.size() ? covered_mm3_ : middle_[i], d1 = i == middle_.size() ? min_ : dose_[i];
  return v1 > v0 ? d0 + (d1 - d0) * std::min((volume_mm3 - v0) / (v1 - v0), 1.0) : d1;
}

double Dvh::volume_at_dose_mm3(double dose_gy) const {
  if (empty() || dose_gy > max_) return 0;
  if (dose_gy <= min_) return covered_mm3_;
  // First point that is colder; the curve crosses the dose between it and the one before.
  const auto colder = std::partition_point(dose_.begin(), dose_.end(), [&](double d) { return d >= dose_gy; });
  const std::size_t i = std::size_t(colder - dose_.begin());
  const double v0 = i == 0 ? 0 : middle_[i - 1], d0 = i == 0 ? max_ : dose_[i - 1];
  const double v1 = i == dose_.size() ? covered_mm3_ : middle_[i], d1 = i == dose_.size() ? min_ : dose_[i];
  return d0 > d1 ? v0 + (v1 - v0) * (d0 - dose_gy) / (d0 - d1) : v0;
}

double Dvh::geud_gy(double a) const {
  // Doses relative to the one that counts most keep d^a in range.
  const double scale = empty() ? 0 : a > 0 ? max_ : dose_.back();
  if (!(scale > 0)) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < dose_.size(); ++i) sum += volume_[i] * std::pow(std::max(dose_[i], 0.0) / scale, a);
  return scale * std::pow(sum / covered_mm3_, 1 / a);
}

double Dvh::volume_noise_mm3(double hot_mm3) const {
  if (empty()) return 0;
  const auto at = std::partition_point(middle_.begin(), middle_.end(), [&](double v) { return v < hot_mm3; });
  const auto hotter = at - middle_.begin();
  constexpr std::ptrdiff_t around = 50;  // pieces of a refined hot spot are smaller than the others
  const auto first = std::max<std::ptrdiff_t>(hotter - around, 0),
             last = std::min<std::ptrdiff_t>(hotter + around, std::ptrdiff_t(volume_.size()));
  const double piece = std::accumulate(volume_.begin() + first, volume_.begin() + last, 0.0) / double(last - first);
  const double hot = hot_mm3 / piece, cold = (covered_mm3_ - hot_mm3) / piece;
  const double met =
      std::min(1.5 * 4.84 * std::pow(std::max(hot, 1.0), 2.0 / 3), 2 * std::max(std::min(hot, cold), 0.5));
  return piece * std::sqrt(met / 6);
}

std::optional<double> Dvh::value(const Metric& metric, const std::optional<DoseReference>& reference) const {
  if (empty() || !why_no_biology(metric, reference).empty()) return std::nullopt;
  if (metric.is_response()) return response_pct(*this, metric, *reference);
  if (metric.scale != Metric::Scale::physical) {
    const BiologicalDose convert(metric, *reference);
    Metric plain = metric;
    plain.scale = Metric::Scale::physical;
    DoseReference converted = *reference;
    converted.dose_gy = reference->dose_gy > 0 ? convert(reference->dose_gy) : 0;
    return mapped(convert).value(plain, converted);
  }
  if (metric.needs_prescription() && !(reference && reference->dose_gy > 0)) return std::nullopt;
  const auto as_dose = [&](double gy) {
    return metric.result_unit == Metric::Unit::percent ? 100 * gy / reference->dose_gy : gy;
  };
  const auto as_volume = [&](double mm3) {
    return metric.result_unit == Metric::Unit::percent ? 100 * mm3 / volume_mm3_ : mm3 / units::cc;
  };
  const double dose_argument = metric.argument_unit == Metric::Unit::percent && reference
                                   ? metric.argument / 100 * reference->dose_gy
                                   : metric.argument;
  switch (metric.kind) {
    case Metric::Kind::minimum:
      return as_dose(min_);
    case Metric::Kind::mean:
      return as_dose(mean_);
    case Metric::Kind::maximum:
      return as_dose(max_);
    case Metric::Kind::geud:
      return as_dose(geud_gy(metric.argument));
    case Metric::Kind::ntcp:
    case Metric::Kind::tcp:
      break;  // answered above
    case Metric::Kind::volume_at_dose:
      return as_volume(volume_at_dose_mm3(dose_argument));
    case Metric::Kind::cold_volume_at_dose:
      if (covered_mm3_ < volume_mm3_ * (1 - volume_rounding)) return std::nullopt;
      return as_volume(covered_mm3_ - volume_at_dose_mm3(dose_argument));
    case Metric::Kind::dose_at_volume: {
      const double volume = metric.argument_unit == Metric::Unit::percent ? metric.argument / 100 * volume_mm3_
                                                                          : metric.argument * units::cc;
      const std::optional<double> dose = dose_at_volume_gy(volume);
      return dose ? std::optional<double>(as_dose(*dose)) : std::nullopt;
    }
  }
  return std::nullopt;
}

DvhCurve sampled_curve(const Dvh& dvh, double bin_gy) {
  SBRT_EXPECT(bin_gy > 0);
  DvhCurve curve;
  if (dvh.empty()) return curve;
  const std::int64_t bins = std::int64_t(std::floor(std::max(dvh.max_gy(), 0.0) / bin_gy)) + 1;
  for (std::int64_t b = 0; b <= bins; ++b) {
    curve.dose_gy.push_back(double(b) * bin_gy);
    curve.volume_cc.push_back(dvh.volume_at_dose_mm3(curve.dose_gy.back()) / units::cc);
  }
  return curve;
}

}  // namespace sbrt
