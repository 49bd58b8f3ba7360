#include "engine/evaluation/dvh.h"
#include "engine/evaluation/structure_dose.h"
#include "engine/planning/planner.h"
#include "geometry/error.h"
#include "geometry/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {

double normalisation_factor(const std::vector<PlanningTarget>& targets, const DoseGrid& dose, double coverage_pct) {
  SBRT_EXPECT(!targets.empty() && coverage_pct > 0 && coverage_pct <= 100);
  const DoseInterpolator dose_at(dose);
  double factor = 0;
  for (const PlanningTarget& t : targets) {
    // The same samples as the evaluation's, so that it reports the coverage that was asked for.
    // As fine as the evaluation goes where the isodose follows the target's surface.
    const double step = sampling_step_mm(t.shape.volume_mm3(), 0.5 * WantedInterval{}.volume_pct) / 2;
    const SampledStructure sampled = sample_dose(t.shape, dose_at, step);
    if (std::any_of(sampled.dose_gy.begin(), sampled.dose_gy.end(), [](double d) { return !std::isfinite(d); }))
      throw InputError("target leaves the dose grid", t.shape.name(), "its coverage cannot be judged",
                       "use a larger dose grid");
    const Dvh dvh(sampled.samples, sampled.dose_gy);
    const double covered_gy = dvh.dose_at_volume_gy(coverage_pct / 100 * dvh.volume_mm3()).value_or(0);
    if (!(covered_gy > 0))
      throw InputError(fmt::format("target receives no dose in {} % of its volume", 100 - coverage_pct), t.shape.name(),
                       "no factor on the MU can reach the prescription", "use more beams or larger collimators");
    factor = std::max(factor, t.prescription.dose_gy / covered_gy);
  }
  return factor;
}

}  // namespace sbrt
