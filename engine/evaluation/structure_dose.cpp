#include "engine/evaluation/structure_dose.h"

#include "engine/evaluation/dose_extremes.h"
#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/structure_names.h"
#include "geometry/scatter.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace sbrt {
namespace {

constexpr double noise_of_n_pieces = 0.29;  // of the volume, times n^(-2/3): an isodose around 2 % of it
constexpr double first_try = 0.8;           // of the wanted noise: the number of pieces is not met exactly
constexpr double finest_step_mm = 0.05;
constexpr double most_pieces = 3e6;
constexpr double worth_a_warning = 5;  // times the wanted width; below, the printed interval says enough
constexpr double surface_steps = 3;    // the extremes are searched from the best of these points
constexpr double hot_volume_mm3 = 1 * units::cc;
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

// Dose that the hottest `volume_mm3` exceed, as the curve of all pieces tells it, from the hot ones only; nothing where
// less than that has a dose.
std::optional<double> dose_of_hottest(const SampledStructure& sampled, double volume_mm3) {
  std::vector<double> finite;
  double covered = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (std::isfinite(sampled.dose_gy[i])) {
      finite.push_back(sampled.dose_gy[i]);
      covered += sampled.samples[i].volume_mm3;
    }
  if (finite.empty()) return std::nullopt;
  for (double share = 2 * volume_mm3 / covered;; share *= 2) {
    const auto wanted = std::size_t(share * double(finite.size())) + 16;
    const bool all = wanted >= finite.size();
    double coldest = -HUGE_VAL;
    if (!all) {
      const auto last = finite.begin() + std::ptrdiff_t(wanted);
      std::nth_element(finite.begin(), last, finite.end(), std::greater<>());
      coldest = *last;
    }
    std::vector<Sample> hot;
    std::vector<double> hot_gy;
    for (std::size_t i = 0; i < sampled.samples.size(); ++i)
      if (sampled.dose_gy[i] >= coldest) {
        hot.push_back(sampled.samples[i]);
        hot_gy.push_back(sampled.dose_gy[i]);
      }
    const Dvh curve(hot, hot_gy);
    constexpr double beyond = 1.5;  // the curve's end is not that of all pieces
    if (all || curve.covered_mm3() > beyond * volume_mm3) return curve.dose_at_volume_gy(volume_mm3);
  }
}

// Centroid of the part of a voxel that lies inside, taken as cut by a plane whose normal is the slope of the
// occupancies around: exact for cuts across an axis, between that and the corner for slanted ones.
PatientPoint middle_of_inside(const Occupancy& occupied, int i, int j, int k) {
  const Grid& grid = occupied.grid();
  const PatientPoint centre = grid.voxel_centre(i, j, k);
  const double share = double(occupied(i, j, k));
  if (share >= 1) return centre;
  const GridSize n = grid.size();
  const auto slope = [&](int di, int dj, int dk) {
    const auto at = [&](int sign) {
      return double(occupied(std::clamp(i + sign * di, 0, n.nx - 1), std::clamp(j + sign * dj, 0, n.ny - 1),
                             std::clamp(k + sign * dk, 0, n.nz - 1)));
    };
    return at(1) - at(-1);
  };
  const PatientVec inward{slope(1, 0, 0), slope(0, 1, 0), slope(0, 0, 1)};
  const double size = norm(inward);
  if (!(size > 0)) return centre;
  const double extent = grid.spacing_mm()[0] * (std::abs(inward.x) + std::abs(inward.y) + std::abs(inward.z)) / size;
  return centre + (0.5 * (1 - share) * extent / size) * inward;
}

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
  return sampled;
}

void refine_hot_spot(const Shape& shape, const DoseInterpolator& dose, double hot_mm, SampledStructure& sampled) {
  if (sampled.step_mm <= 1.5 * hot_mm) return;
  const std::optional<double> threshold = dose_of_hottest(sampled, hot_volume_mm3);
  if (!threshold) return;
  Box box;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (sampled.dose_gy[i] >= *threshold) box.add(sampled.samples[i].point);
  box = box.grown(sampled.step_mm);
  const PatientVec size = box.high - box.low;
  const double step = std::max(hot_mm, std::cbrt(size.x * size.y * size.z / most_hot_voxels));
  if (step > sampled.step_mm / 1.5) return;
  const Grid grid({int(std::ceil(size.x / step)), int(std::ceil(size.y / step)), int(std::ceil(size.z / step))},
                  {step, step, step}, box.low + PatientVec{step / 2, step / 2, step / 2});
  const Occupancy occupied = occupancy_of(shape, grid);
  SampledStructure hot;
  hot.step_mm = step;
  const GridSize n = grid.size();
  std::vector<Sample> candidates;
  std::vector<PatientPoint> points;
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) {
        const double share = double(occupied(i, j, k));
        if (!(share > 0)) continue;
        candidates.push_back({middle_of_inside(occupied, i, j, k), share * grid.voxel_volume_mm3()});
        const auto place = [&](UnitPoint x) {
          return grid.to_patient(VoxelPoint{i + x.a - 0.5, j + x.b - 0.5, k + x.c - 0.5});
        };
        const auto inside = [&](PatientPoint p) { return share >= 1 || shape.contains(p); };
        points.push_back(point_in_part(grid.index(i, j, k), place, inside).value_or(candidates.back().point));
      }
  const std::vector<double> doses = dose.values_at(points);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (doses[i] >= *threshold) {
      hot.samples.push_back(candidates[i]);
      hot.points.push_back(points[i]);
      hot.dose_gy.push_back(doses[i]);
    }
  if (!hot.samples.empty()) scale_cold_part(sampled, *threshold, hot);
}

Measured with_sampling_error(double fine, double coarse, double noise) {
  const double half = std::max(std::abs(fine - coarse) / 2, noise);
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
  SampledStructure fine = sample_dose(shape, dose, result.step_mm),
                   coarse = sample_dose(shape, dose, 2 * result.step_mm);
  SampledTwice sampled;
  const auto measure_all = [&](CoarseCurves curves) {
    const MeasuredMetrics measure(result.dvh, std::move(curves), result.reference);
    result.check = measure.curves();
    return measure_metrics(measure, metrics, judged, wanted, largest_gy, result);
  };
  for (;;) {
    sampled = {fine, coarse};
    refine_hot_spot(shape, dose, hot_step_mm, sampled.fine);
    refine_hot_spot(shape, dose, 2 * hot_step_mm, sampled.coarse);
    result.dvh = Dvh(sampled.fine.samples, sampled.fine.dose_gy);
    const double times = result.dvh.empty() ? 0 : measure_all(coarse_curves({&shape}, {sampled.coarse})).first;
    if (times <= 1) break;
    // The error goes with the square of the step. In quarters, so that nearly equal doses get the same pieces.
    const double finer = times > 2.5 ? 2 : std::ceil(4 * std::sqrt(1.5 * times)) / 4;
    if (result.step_mm / finer < finest_step_mm || finer * finer * finer * double(fine.samples.size()) > most_pieces)
      break;
    result.step_mm /= finer;
    coarse = finer == 2 ? std::move(fine) : sample_dose(shape, dose, 2 * result.step_mm);
    fine = sample_dose(shape, dose, result.step_mm);
  }
  if (!result.dvh.empty()) {
    search_extremes(shape, dose, sampled.fine, result);
    if (const auto [times, metric] = measure_all(std::move(result.check)); times > worth_a_warning)
      warnings.push_back(
          {"interval-not-reached",
           fmt::format("{}: the interval of {} is {:.2g} times as wide as wanted, with {} pieces of {:.3g} mm",
                       result.name, metric, times, fine.samples.size(), result.step_mm)});
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
