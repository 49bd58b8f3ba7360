#include "engine/evaluation/radiobiology.h"

#include "geometry/error.h"

namespace sbrt {

double bed_gy(double dose_gy, int fractions, double alpha_beta_gy) {
  SBRT_EXPECT(fractions >= 1 && alpha_beta_gy > 0);
  return dose_gy * (1 + dose_gy / fractions / alpha_beta_gy);  // (8)
}

double eqd2_gy(double dose_gy, int fractions, double alpha_beta_gy) {
  return bed_gy(dose_gy, fractions, alpha_beta_gy) / (1 + 2 / alpha_beta_gy);  // (9)
}

double bed_lql_gy(double dose_gy, int fractions, double alpha_beta_gy, double transition_gy) {
  SBRT_EXPECT(fractions >= 1 && alpha_beta_gy > 0 && transition_gy > 0);
  const double d = dose_gy / fractions, t = transition_gy;
  if (d <= t) return bed_gy(dose_gy, fractions, alpha_beta_gy);
  return fractions * (t * (1 + t / alpha_beta_gy) + (1 + 2 * t / alpha_beta_gy) * (d - t));  // (10)
}

}  // namespace sbrt
