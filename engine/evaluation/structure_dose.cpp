#include "engine/evaluation/structure_dose.h"

#include "engine/evaluation/dose_extremes.h"
#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/structure_names.h"
#include "geometry/parallel.h"
#include "geometry/scatter.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double noise_of_n_pieces = 0.29;  // of the volume, times n^(-2/3): an isodose around 2 % of it
constexpr double first_try = 0.8;           // of the wanted noise: the number of pieces is not met exactly
constexpr int coarse_draws = 8;             // as many as a block has pieces
constexpr double finest_step_mm = 0.05;
constexpr double most_pieces = 3e6;
constexpr double worth_a_warning = 5;  // times the wanted width; below, the printed interval says enough
constexpr double surface_steps = 3;    // the extremes are searched from the best of these points

}  // namespace

double sampling_step_mm(double volume_mm3, double wanted_pct) {
  const double pieces = std::min(std::pow(100 * noise_of_n_pieces / (first_try * wanted_pct), 1.5), most_pieces);
  return std::max(std::cbrt(volume_mm3 / pieces), finest_step_mm);
}

StructureResult volume_result(const NamedShape& structure) {
  StructureResult result;
  result.name = structure.shape.name();
  result.role = structure.role;
  result.volume_cc = structure.shape.volume_mm3() / units::cc;
  const Interval volume = structure.shape.volume_interval_mm3();
  result.volume_interval_cc = {volume.low / units::cc, volume.high / units::cc};
  return result;
}

SampledStructure sample_dose(const Shape& shape, const DoseInterpolator& dose, double step_mm) {
  SampledStructure sampled;
  sampled.step_mm = step_mm;
  ScatteredSamples pieces = shape.sample_scattered(step_mm);
  sampled.samples = std::move(pieces.samples);
  sampled.points = std::move(pieces.points);
  sampled.dose_gy = dose.values_at(sampled.points);
  sampled.block = std::move(pieces.block), sampled.blocks = pieces.blocks;
  return sampled;
}

std::vector<SampledStructure> twice_as_coarse(const SampledStructure& fine) {
  SBRT_EXPECT(fine.block.size() == fine.samples.size());
  const auto blocks = std::size_t(fine.blocks);
  SampledStructure empty;
  empty.step_mm = 2 * fine.step_mm;
  empty.samples.resize(blocks), empty.points.resize(blocks), empty.dose_gy.resize(blocks);
  for (std::size_t i = 0; i < fine.samples.size(); ++i) {
    Sample& all = empty.samples[std::size_t(fine.block[i])];
    const Sample& one = fine.samples[i];
    all.volume_mm3 += one.volume_mm3;
    all.point = all.point + one.volume_mm3 / all.volume_mm3 * (one.point - all.point);
  }
  std::vector<SampledStructure> draws(coarse_draws, empty);
  std::vector<double> before(blocks, 0.0);  // volume of the block's pieces so far
  for (std::size_t i = 0; i < fine.samples.size(); ++i) {
    const auto b = std::size_t(fine.block[i]);
    const double all = empty.samples[b].volume_mm3, begin = before[b] / all;
    before[b] += fine.samples[i].volume_mm3;
    const double end = before[b] >= (1 - 1e-12) * all ? 1 : before[b] / all;
    // A draw takes the piece that holds place (u + d) / 8, u random for each block and so is which draw has which d.
    const UnitPoint random = unit_point(b);
    double place = random.a / coarse_draws;
    const int first = int(random.b * coarse_draws);
    for (int d = 0; d < coarse_draws; ++d, place += 1.0 / coarse_draws) {
      if (place < begin || place >= end) continue;
      SampledStructure& draw = draws[std::size_t((first + d) % coarse_draws)];
      draw.points[b] = fine.points[i];
      draw.dose_gy[b] = fine.dose_gy[i];
    }
  }
  return draws;
}

Measured with_sampling_error(double fine, const std::vector<double>& coarse, double noise) {
  double squares = 0;
  for (const double c : coarse) squares += (fine - c) * (fine - c);
  const double change = coarse.empty() ? 0 : std::sqrt(squares / double(coarse.size()));
  const double half = std::max(change / 2, noise);
  return {fine, {fine - half, fine + half}};
}

namespace {

// Raises the ends of the curve to the extremes found by a search from the pieces and the surface.
void search_extremes(const Shape& shape, const DoseInterpolator& dose, const SampledStructure& fine,
                     StructureResult& result) {
  const std::vector<PatientPoint> surface = surface_points(shape, surface_steps * fine.step_mm);
  const std::vector<double> surface_gy = dose.values_at(surface);
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
}

// How many times the wanted half width the sampling part of the interval is.
double excess(const Metric& metric, const MetricResult& found, const WantedInterval& wanted,
              const StructureResult& result, double largest_dose_gy) {
  double width_pct = 0;
  if (metric.kind == Metric::Kind::volume_at_dose || metric.kind == Metric::Kind::cold_volume_at_dose) {
    width_pct = metric.result_unit == Metric::Unit::percent ? found.sampling : 100 * found.sampling / result.volume_cc;
    return width_pct / wanted.volume_pct;
  }
  // A biological dose is larger than the dose it belongs to; its interval is judged by its own size.
  const double scale = metric.scale == Metric::Scale::physical ? largest_dose_gy : found.measured.value;
  const bool percent = metric.result_unit == Metric::Unit::percent;
  width_pct = percent ? found.sampling : scale > 0 ? 100 * found.sampling / scale : 0;
  return width_pct / wanted.dose_pct;
}

// Values and intervals of the metrics; returns the largest excess and its metric.
std::pair<double, std::string> measure_metrics(const MeasuredMetrics& measure, const std::vector<Metric>& metrics,
                                               const std::vector<Metric>& judged, const WantedInterval& wanted,
                                               double largest_dose_gy, StructureResult& result) {
  std::pair<double, std::string> widest{0, ""};
  const auto compare = [&](const Metric& metric, const MetricResult& found) {
    const double times = excess(metric, found, wanted, result, largest_dose_gy);
    if (times > widest.first) widest = {times, metric.text};
  };
  for (const Metric& metric : metrics) {
    const std::optional<MetricResult> found = measure(metric);
    if (!found) continue;
    result.queries[metric.text] = found->measured.value;
    if (metric.kind == Metric::Kind::minimum || metric.kind == Metric::Kind::maximum) continue;
    result.query_intervals[metric.text] = found->measured.interval;
    compare(metric, *found);
  }
  for (const Metric& metric : judged)
    if (const std::optional<MetricResult> found = measure(metric)) compare(metric, *found);
  return widest;
}

}  // namespace

SampledTwice fill_structure_result(const Shape& shape, const DoseInterpolator& dose, const std::vector<Metric>& metrics,
                                   const std::vector<Metric>& judged, const WantedInterval& wanted, double dvh_bin_gy,
                                   StructureResult& result, Warnings& warnings) {
  const auto largest_gy = double(dose.largest_sample());
  result.step_mm = sampling_step_mm(shape.volume_mm3(), wanted.volume_pct);
  SampledTwice sampled;
  std::size_t pieces = 0;
  const auto measure_all = [&](CoarseCurves curves) {
    const MeasuredMetrics measure(result.dvh, std::move(curves), result.reference);
    result.check = measure.curves();
    return measure_metrics(measure, metrics, judged, wanted, largest_gy, result);
  };
  for (;;) {
    sampled.fine = sample_dose(shape, dose, result.step_mm);
    sampled.coarse = twice_as_coarse(sampled.fine);
    pieces = sampled.fine.samples.size();
    // What follows runs side by side where one structure has all threads to itself.
    std::optional<HotSpot> hot, hot_twice;
    parallel_for(2, [&](std::int64_t n) {
      if (n == 0)
        hot = find_hot_spot(shape, dose, hot_step_mm, sampled.fine);
      else
        hot_twice = find_hot_spot(shape, dose, 2 * hot_step_mm, sampled.coarse.front());
    });
    parallel_for(1 + std::int64_t(sampled.coarse.size()), [&](std::int64_t n) {
      if (n == 0) {
        if (hot) sampled.fine = with_hot_spot(std::move(sampled.fine), *hot);
        result.dvh = Dvh(sampled.fine.samples, sampled.fine.dose_gy);
      } else if (hot_twice) {
        SampledStructure& draw = sampled.coarse[std::size_t(n - 1)];
        draw = with_hot_spot(std::move(draw), *hot_twice);
      }
    });
    const double times = result.dvh.empty() ? 0 : measure_all(coarse_curves(shape, sampled.coarse)).first;
    if (times <= 1) break;
    // The error goes with the square of the step; a fifth more, because the error told by eight draws scatters. In
    // quarters, so that nearly equal doses get the same pieces.
    const double finer = times > 2.5 ? 2 : std::ceil(4 * std::sqrt(1.2 * times)) / 4;
    if (result.step_mm / finer < finest_step_mm || finer * finer * finer * double(pieces) > most_pieces) break;
    result.step_mm /= finer;
  }
  if (!result.dvh.empty()) {
    search_extremes(shape, dose, sampled.fine, result);
    if (const auto [times, metric] = measure_all(std::move(result.check)); times > worth_a_warning)
      warnings.push_back(
          {"interval-not-reached",
           fmt::format("{}: the interval of {} is {:.2g} times as wide as wanted, with {} pieces of {:.3g} mm",
                       result.name, metric, times, pieces, result.step_mm)});
  }
  result.has_dose = !result.dvh.empty();
  result.outside_grid_cc = result.dvh.outside_mm3() / units::cc;
  if (result.outside_grid_cc > 0)
    warnings.push_back({"structure-outside-grid",
                        fmt::format("{}: {:.3g} of {:.4g} cc lie outside the dose grid; their dose is unknown",
                                    result.name, result.outside_grid_cc, result.volume_cc)});
  if (!result.has_dose) return sampled;
  result.min_gy = result.dvh.min_gy();
  result.mean_gy = result.dvh.mean_gy();
  result.max_gy = result.dvh.max_gy();
  for (const Metric& metric : metrics)
    if (!result.queries.contains(metric.text))
      warnings.push_back({"query-without-value", fmt::format("{}:{} has no value: {}", result.name, metric.text,
                                                             why_no_value(metric, result))});
  DvhCurve curve = sampled_curve(result.dvh, dvh_bin_gy);
  result.dvh_dose_gy = std::move(curve.dose_gy);
  result.dvh_volume_cc = std::move(curve.volume_cc);
  return sampled;
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
