#include "engine/evaluation/structure_dose.h"

#include "engine/evaluation/climb.h"
#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/refiner.h"
#include "engine/evaluation/split_pieces.h"
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
constexpr double worth_a_warning = 5;       // times the wanted width; below, the printed interval says enough
constexpr double starts_apart_mm = 3;
constexpr double surface_steps = 3;  // the extremes are searched from the best of these points

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
  sampled.cell = std::move(pieces.cell);
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
  std::vector<PatientPoint> points = surface_points(shape, surface_steps * fine.step_mm);
  std::vector<double> dose_gy = dose.values_at(points);
  points.insert(points.end(), fine.points.begin(), fine.points.end());
  dose_gy.insert(dose_gy.end(), fine.dose_gy.begin(), fine.dose_gy.end());
  const Allowed inside = [&](PatientPoint p) { return shape.contains(p); };
  std::optional<DoseAtPoint> hottest, coldest;
  parallel_for(2, [&](std::int64_t n) {
    (n == 0 ? hottest : coldest) =
        extreme_near(n == 0 ? Extreme::hottest : Extreme::coldest, dose, points, dose_gy, starts_apart_mm, inside);
  });
  result.dvh.widen(coldest->dose_gy, hottest->dose_gy);
  result.max_point = hottest->point;
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

// The isodose that bounds the volume of a metric; nothing for a mean, and for a volume at a biological dose.
std::optional<double> isodose_of(const Metric& metric, const StructureResult& result) {
  using Kind = Metric::Kind;
  const bool percent = metric.argument_unit == Metric::Unit::percent;
  if (metric.kind == Kind::dose_at_volume)
    return result.dvh.dose_at_volume_gy(percent ? metric.argument / 100 * result.dvh.volume_mm3()
                                                : metric.argument * units::cc);
  if (metric.kind != Kind::volume_at_dose && metric.kind != Kind::cold_volume_at_dose) return std::nullopt;
  if (metric.scale != Metric::Scale::physical) return std::nullopt;
  if (!percent) return metric.argument;
  return result.reference ? std::optional(metric.argument / 100 * result.reference->dose_gy) : std::nullopt;
}

// Values and intervals of the metrics; returns those that are too wide.
std::vector<TooWide> measure_metrics(const MeasuredMetrics& measure, const std::vector<Metric>& metrics,
                                     const std::vector<Metric>& judged, const WantedInterval& wanted,
                                     double largest_dose_gy, StructureResult& result) {
  std::vector<TooWide> too_wide;
  const auto compare = [&](const Metric& metric, const MetricResult& found) {
    const double times = excess(metric, found, wanted, result, largest_dose_gy);
    if (times > 1) too_wide.push_back({times, metric.text, isodose_of(metric, result)});
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
  return too_wide;
}

}  // namespace

namespace {

// By how much the pieces of a hot spot should be shorter for the metrics that depend on it; these are taken out of
// `too_wide`. 1 where there are none, or where the spot is too large for shorter ones.
double finer_hot_spot(const HotSpot& hot, double hot_mm, std::vector<TooWide>& too_wide) {
  if (hot_mm <= hot_step_mm / 2 && too_large_for(hot, hot_mm)) return 1;
  double times = 0;
  std::erase_if(too_wide, [&](const TooWide& t) {
    if (!t.isodose_gy || *t.isodose_gy < hot.threshold_gy) return false;
    times = std::max(times, t.times);
    return true;
  });
  return times > 0 ? finer_for(times) : 1;
}

}  // namespace

SampledTwice fill_structure_result(const Shape& shape, const DoseInterpolator& dose, const std::vector<Metric>& metrics,
                                   const std::vector<Metric>& judged, const WantedInterval& wanted, double dvh_bin_gy,
                                   StructureResult& result, Warnings& warnings) {
  const auto largest_gy = double(dose.rows().highest());
  Refiner refiner(sampling_step_mm(shape.volume_mm3(), wanted.volume_pct));
  SampledTwice sampled;
  const auto measure_all = [&](CoarseCurves curves) {
    const MeasuredMetrics measure(result.dvh, std::move(curves), result.reference);
    result.check = measure.curves();
    return measure_metrics(measure, metrics, judged, wanted, largest_gy, result);
  };
  SampledStructure plain = sample_dose(shape, dose, refiner.step_mm()), pieces = plain;
  std::optional<HotSpot> hot = find_hot_spot(shape, dose, hot_step_mm, plain);
  double hot_mm = hot_step_mm;
  for (;;) {
    sampled.coarse = twice_as_coarse(pieces);
    const std::vector<SampledStructure> hot_draws =
        hot ? twice_as_coarse(hot->pieces) : std::vector<SampledStructure>{};
    // What follows runs side by side where one structure has all threads to itself.
    parallel_for(1 + std::int64_t(sampled.coarse.size()), [&](std::int64_t n) {
      if (n == 0) {
        sampled.fine = hot ? with_hot_spot(pieces, hot->threshold_gy, hot->pieces) : pieces;
        result.dvh = Dvh(sampled.fine.samples, sampled.fine.dose_gy);
      } else if (hot) {
        const auto d = std::size_t(n - 1);
        sampled.coarse[d] = with_hot_spot(sampled.coarse[d], hot->threshold_gy, hot_draws[d]);
      }
    });
    if (result.dvh.empty()) break;
    std::vector<TooWide> too_wide = measure_all(coarse_curves(shape, sampled.coarse));
    if (too_wide.empty()) break;
    // What the hot spot decides needs smaller pieces there only.
    const double finer_spot = hot ? finer_hot_spot(*hot, hot_mm, too_wide) : 1;
    const bool refined = !too_wide.empty() && refiner.refine(too_wide, plain.samples.size());
    if (!refined && finer_spot == 1) break;
    hot_mm /= finer_spot;
    const bool smaller = plain.step_mm != refiner.step_mm();
    if (smaller) plain = sample_dose(shape, dose, refiner.step_mm());
    if (finer_spot > 1 || (smaller && !(hot && still_serves(*hot, hot_mm, plain.step_mm))))
      hot = find_hot_spot(shape, dose, hot_mm, plain);
    if (!refined) continue;
    std::optional<SampledStructure> split;
    if (const std::vector<double> isodoses_gy = refiner.isodoses_gy(); !isodoses_gy.empty()) {
      split = split_at(shape, dose, plain, isodoses_gy, most_pieces);
      if (!split) refiner.give_up_splitting();
    }
    pieces = split ? std::move(*split) : plain;
  }
  result.step_mm = refiner.step_mm();
  if (!result.dvh.empty()) {
    search_extremes(shape, dose, sampled.fine, result);
    const std::vector<TooWide> too_wide = measure_all(std::move(result.check));
    if (!too_wide.empty() && widest(too_wide).times > worth_a_warning)
      warnings.push_back(
          {"interval-not-reached",
           fmt::format("{}: the interval of {} is {:.2g} times as wide as wanted, with {} pieces of {:.3g} mm",
                       result.name, widest(too_wide).metric, widest(too_wide).times, pieces.samples.size(),
                       result.step_mm)});
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
