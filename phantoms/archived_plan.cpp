#include "phantoms/archived_plan.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt::phantoms {

double covered_share(const LobedEllipsoid& ptv, double level, double slope) {
  // The integrand is a polynomial of degree 7 on either side of the kink: Gauss's rule of five points is exact.
  constexpr double nodes[] = {-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640};
  constexpr double weights[] = {0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
                                0.2369268850561891};
  const double kink = slope > 0 ? std::clamp((1 - level) / slope, -1.0, 1.0) : 1;
  const auto integral = [&](double low, double high) {
    double sum = 0;
    for (int n = 0; n < 5; ++n) {
      const double mu = 0.5 * (low + high) + 0.5 * (high - low) * nodes[n];
      sum += weights[n] * ptv.share_at(mu) * std::min(level + slope * mu, 1.0);
    }
    return sum * (high - low) / 2;
  };
  return 0.5 * (integral(-1, kink) + integral(kink, 1));
}

ArchivedPlan fit_archived_plan(const LobedEllipsoid& ptv, double coverage_pct, double ci) {
  SBRT_EXPECT(coverage_pct > 0 && coverage_pct < 100 && ci >= 1);
  constexpr double steepest = 0.9;
  const double coverage = coverage_pct / 100;
  double level = coverage * ci;
  if (covered_share(ptv, level, steepest * level) > coverage) {
    // Not even the most slanted isodose leaves so much of the target out: less of it may lie outside.
    double low = coverage, high = level;
    for (int n = 0; n < 60; ++n) {
      const double middle = 0.5 * (low + high);
      (covered_share(ptv, middle, steepest * middle) > coverage ? high : low) = middle;
    }
    level = low;
  }
  double low = 0, high = steepest * level;  // the share falls with the slope
  for (int n = 0; n < 60; ++n) {
    const double middle = 0.5 * (low + high);
    (covered_share(ptv, level, middle) > coverage ? low : high) = middle;
  }
  ArchivedPlan plan;
  plan.level = level;
  plan.slope = 0.5 * (low + high);
  plan.coverage_pct = 100 * covered_share(ptv, plan.level, plan.slope);
  plan.ci = plan.level / (plan.coverage_pct / 100);
  return plan;
}

double archived_dose_gy(const ArchivedPlan& plan, const LobedEllipsoid& ptv, double rx_gy, PatientPoint p) {
  const LobedEllipsoid::Place place = ptv.place_of(p);
  const double isodose_gauge = std::cbrt(plan.level + plan.slope * place.mu);
  const double maximum_gy = rx_gy / (plan.isodose_pct / 100);
  if (place.gauge <= isodose_gauge) {
    const double f = place.gauge / isodose_gauge;
    return rx_gy + (maximum_gy - rx_gy) * (1 - f * f * f * f);
  }
  const double beyond_mm = distance(p, ptv.centre) * (1 - isodose_gauge / place.gauge);
  return rx_gy *
         (0.85 * std::exp(-beyond_mm / plan.fall_off_mm) + 0.15 * std::exp(-beyond_mm / (4 * plan.fall_off_mm)));
}

}  // namespace sbrt::phantoms
