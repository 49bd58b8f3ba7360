#include "engine/planning/normalisation.h"

#include "engine/evaluation/dvh.h"
#include "engine/evaluation/structure_dose.h"
#include "engine/planning/planner.h"
#include "geometry/error.h"
#include "geometry/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sbrt {
namespace {

bool lies_in(const Occupancy& body, PatientPoint p) {
  const VoxelPoint v = body.grid().to_voxel(p);
  const GridSize n = body.grid().size();
  const int i = int(std::lround(v.x)), j = int(std::lround(v.y)), k = int(std::lround(v.z));
  return i >= 0 && i < n.nx && j >= 0 && j < n.ny && k >= 0 && k < n.nz && body(i, j, k) >= 0.5f;
}

// Dose that coverage_pct of the target receives.
double dose_at_coverage(const PlanningTarget& t, const SampledStructure& sampled, double coverage_pct,
                        const Occupancy* body, Warnings* warnings) {
  double volume = 0, inside = 0;
  std::vector<double> dose_gy = sampled.dose_gy;
  for (std::size_t i = 0; i < dose_gy.size(); ++i) {
    volume += sampled.samples[i].volume_mm3;
    if (body && !lies_in(*body, sampled.points[i]))
      dose_gy[i] = 0;  // what lies outside the body is never covered
    else
      inside += sampled.samples[i].volume_mm3;
  }
  const Dvh dvh(sampled.samples, dose_gy);
  const double reachable_pct = 100 * inside / volume;
  const bool reachable = reachable_pct >= coverage_pct;
  if (!reachable && warnings)
    warnings->push_back(
        {"coverage-not-possible",
         fmt::format("{:.1f} % of '{}' lie outside the body, so that at most {:.1f} % of it can receive the "
                     "prescription; {} % of the part inside do, {:.1f} % of the whole instead of {} %",
                     100 - reachable_pct, t.shape.name(), reachable_pct, coverage_pct,
                     coverage_pct * reachable_pct / 100, coverage_pct)});
  const double asked_mm3 = coverage_pct / 100 * (reachable ? volume : inside);
  const double covered_gy = dvh.dose_at_volume_gy(asked_mm3).value_or(0);
  if (!(covered_gy > 0))
    throw InputError(fmt::format("target receives no dose in {} % of its volume", 100 - coverage_pct), t.shape.name(),
                     "no factor on the MU can reach the prescription", "use more beams or larger collimators");
  return covered_gy;
}

// The samples that the evaluation will take of this dose: their step depends on the isodose of the prescription.
SampledStructure evaluated_samples(const PlanningTarget& t, const DoseGrid& dose) {
  StructureResult result = volume_result({t.shape, RoiRole::ptv});
  const WantedInterval usual;
  const WantedInterval wanted{wanted_of_targets * usual.volume_pct, wanted_of_targets * usual.dose_pct};
  Warnings said_by_the_evaluation;
  constexpr double any_bin_gy = 1;
  return fill_structure_result(t.shape, DoseInterpolator(dose), metrics_for(result.name, &t.prescription, {}), {},
                               wanted, any_bin_gy, result, said_by_the_evaluation)
      .fine;
}

DoseGrid scaled(DoseGrid dose, double factor) {
  for (float& value : dose.values()) value = float(factor * double(value));
  return dose;
}

}  // namespace

double normalisation_factor(const std::vector<PlanningTarget>& targets, const DoseGrid& dose, double coverage_pct,
                            const Occupancy* body, Warnings* warnings) {
  SBRT_EXPECT(!targets.empty() && coverage_pct > 0 && coverage_pct <= 100);
  const DoseInterpolator dose_at(dose);
  double first = 0;
  for (const PlanningTarget& t : targets) {
    const SampledStructure sampled = sample_dose(
        t.shape, dose_at, sampling_step_mm(t.shape.volume_mm3(), wanted_of_targets * WantedInterval{}.volume_pct));
    if (std::any_of(sampled.dose_gy.begin(), sampled.dose_gy.end(), [](double d) { return !std::isfinite(d); }))
      throw InputError("target leaves the dose grid", t.shape.name(), "its coverage cannot be judged",
                       "use a larger dose grid");
    first = std::max(first, t.prescription.dose_gy / dose_at_coverage(t, sampled, coverage_pct, body, warnings));
  }
  // Near its end the dose decides the evaluation's own samples, so that it reports the coverage that was asked for.
  return settled_factor(first, [&](double factor) {
    const DoseGrid nearly = scaled(dose, factor);
    double missing = 0;
    for (const PlanningTarget& t : targets)
      missing = std::max(missing, t.prescription.dose_gy /
                                      dose_at_coverage(t, evaluated_samples(t, nearly), coverage_pct, body, nullptr));
    return missing;
  });
}

double factor_still_missing(const Evaluation& evaluation, double coverage_pct) {
  constexpr double rounded = 0.002;          // percentage points; reports print two decimals
  constexpr double most_by_samples = 1.002;  // a larger factor would mend something else, by an overdose
  double factor = 1;
  for (const TargetResult& target : evaluation.targets) {
    const auto coverage = target.indices.find("coverage_pct");
    if (coverage == target.indices.end() || coverage->second.value >= coverage_pct - rounded) continue;
    for (const StructureResult& s : evaluation.structures) {
      if (s.name != target.name) continue;
      const double rx = target.prescription.dose_gy, volume = s.dvh.volume_mm3();
      const double in_and_out = 100 * s.dvh.volume_at_dose_mm3(rx) / volume;
      const std::optional<double> covered_gy = s.dvh.dose_at_volume_gy(coverage_pct / 100 * volume);
      if (in_and_out - coverage->second.value < rounded && covered_gy && *covered_gy > 0)
        factor = std::max(factor, rx / *covered_gy);
    }
  }
  return factor < most_by_samples ? factor : 1;
}

double settled_factor(double first, const std::function<double(double)>& missing_at) {
  constexpr int most_looks = 5;
  constexpr double same = 1e-5;  // of the dose: less than a hundredth of a percent of the volume
  double factor = first;
  std::optional<double> enough;
  for (int look = 0; look < most_looks; ++look) {
    const double missing = missing_at(factor);
    if (std::abs(missing - 1) < same) return factor * missing;
    if (missing < 1 && (!enough || factor < *enough)) enough = factor;
    factor *= missing;
  }
  return enough.value_or(factor);
}

}  // namespace sbrt
