#include "engine/evaluation/structure_union.h"

#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/structure_dose.h"
#include "geometry/units.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// The members' pieces without those that lie in an earlier member.
std::vector<SampledStructure> sample(const std::vector<const NamedShape*>& members, const DoseInterpolator& dose,
                                     double step_mm, double hot_mm) {
  std::vector<SampledStructure> parts;
  std::vector<Box> boxes;
  for (std::size_t m = 0; m < members.size(); ++m) {
    SampledStructure all = sample_dose(members[m]->shape, dose, step_mm);
    if (const std::optional<HotSpot> hot = find_hot_spot(members[m]->shape, dose, hot_mm, all))
      all = with_hot_spot(all, hot->threshold_gy, hot->pieces);
    SampledStructure part;
    part.step_mm = all.step_mm;
    for (std::size_t i = 0; i < all.samples.size(); ++i) {
      const PatientPoint p = all.samples[i].point;
      bool counted = false;
      for (std::size_t earlier = 0; earlier < m && !counted; ++earlier)
        counted = boxes[earlier].contains(p) && members[earlier]->shape.contains(p);
      if (counted) continue;
      part.samples.push_back(all.samples[i]);
      part.points.push_back(all.points[i]);
      part.dose_gy.push_back(all.dose_gy[i]);
    }
    boxes.push_back(members[m]->shape.bounding_box());
    parts.push_back(std::move(part));
  }
  return parts;
}

Dvh curve_of(const std::vector<SampledStructure>& parts) {
  std::vector<Sample> samples;
  std::vector<double> dose_gy;
  for (const SampledStructure& part : parts) {
    samples.insert(samples.end(), part.samples.begin(), part.samples.end());
    dose_gy.insert(dose_gy.end(), part.dose_gy.begin(), part.dose_gy.end());
  }
  return Dvh(samples, dose_gy);
}

}  // namespace

StructureResult union_result(const std::string& name, const std::vector<const NamedShape*>& members,
                             const std::vector<const StructureResult*>& results, const DoseInterpolator& dose,
                             const WantedInterval& wanted, const std::optional<DoseReference>& reference) {
  SBRT_EXPECT(!members.empty() && members.size() == results.size());
  StructureResult result;
  result.name = name;
  result.role = members.front()->role;
  result.reference = reference;
  double volume_mm3 = 0;
  std::vector<const Shape*> shapes;
  for (const NamedShape* m : members) {
    volume_mm3 += m->shape.volume_mm3();
    shapes.push_back(&m->shape);
  }
  result.step_mm = sampling_step_mm(volume_mm3, wanted.volume_pct);
  result.dvh = curve_of(sample(members, dose, result.step_mm, hot_step_mm));
  result.check = coarse_curves(shapes, sample(members, dose, 2 * result.step_mm, 2 * hot_step_mm));
  result.has_dose = !result.dvh.empty();
  result.volume_cc = result.dvh.volume_mm3() / units::cc;
  result.outside_grid_cc = result.dvh.outside_mm3() / units::cc;
  double down = 0, up = 0, low = HUGE_VAL, high = -HUGE_VAL;
  for (const StructureResult* r : results) {
    down += r->volume_cc - r->volume_interval_cc.low;
    up += r->volume_interval_cc.high - r->volume_cc;
    if (!r->has_dose) continue;
    low = std::min(low, r->min_gy);
    high = std::max(high, r->max_gy);
  }
  result.volume_interval_cc = {result.volume_cc - down, result.volume_cc + up};
  if (!result.has_dose) return result;
  result.dvh.widen(low, high);
  result.min_gy = result.dvh.min_gy();
  result.mean_gy = result.dvh.mean_gy();
  result.max_gy = result.dvh.max_gy();
  return result;
}

}  // namespace sbrt
