#include "engine/planning/plan_quality.h"

#include <algorithm>

namespace sbrt {

bool PlanQuality::within(double share, const PlanQuality& before) const {
  const double more = 1 + share;
  return conformity <= more * before.conformity && maximum <= more * before.maximum && half <= more * before.half &&
         far <= more * before.far && goal <= std::max(more * before.goal, 1.0) && (before.goal > 1 || goal <= 1);
}

PlanQuality quality_on_points(const PlanningProblem& problem, const PlanPenalties& penalties,
                              const std::vector<double>& dose_gy) {
  const double lift = penalties.lift(dose_gy);
  PlanQuality q;
  const auto& points = penalties.points();
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const double rx = problem.targets[t].prescription.dose_gy / lift;
    double inside = 0, outside = 0, half = 0, highest = 0, volume = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const DosePoint& p = points[i];
      if (p.role == PointRole::organ || p.owner != int(t)) continue;
      highest = std::max(highest, dose_gy[i]);
      if (p.role == PointRole::target) {
        volume += p.volume_mm3;
        if (dose_gy[i] >= rx) inside += p.volume_mm3;
      } else {
        if (dose_gy[i] >= rx) outside += p.volume_mm3;
        if (dose_gy[i] >= rx / 2) half += p.volume_mm3;
        if (p.distance_mm > 20) q.far = std::max(q.far, dose_gy[i] / rx);
      }
    }
    if (inside > 0) q.conformity = std::max(q.conformity, (inside + outside) / inside);
    q.half = std::max(q.half, half / volume);
    q.maximum = std::max(q.maximum, highest / rx);
  }
  for (std::size_t g = 0; g < penalties.terms().size(); ++g) {
    const GoalTerm& term = penalties.terms()[g];
    const double reached = lift * penalties.limited_gy(g, dose_gy);
    if (!(reached > 0) || !(term.dose_gy > 0)) continue;
    q.goal = std::max(q.goal, term.kind == GoalTerm::Kind::lower ? term.dose_gy / reached : reached / term.dose_gy);
  }
  return q;
}

}  // namespace sbrt
