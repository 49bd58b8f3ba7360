#include "engine/evaluation/gamma.h"
#include "engine/verify/suites.h"
#include "phantoms/analytic_dose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt::verify {

Rows check_gamma() {
  Rows rows;
  // 40 Gy at the origin, 1.245 Gy/mm along no axis; the evaluated grid has its own spacing and origin.
  const phantoms::LinearDose ramp{40, {0.9, -0.5, 0.7}};
  const DoseGrid reference = phantoms::sample(ramp, Grid({9, 8, 7}, {1.3, 1, 2}, {-4.1, -3.2, -7}));
  const double maximum = double(*std::max_element(reference.values().begin(), reference.values().end()));
  struct Change {
    PatientVec shift;
    double offset_gy;
  };
  for (const auto& [shift, offset_gy] : {Change{{0, 0, 0}, 0.8}, {{0.4, 0, 0}, 0}, {{-0.2, 0.7, 0.3}, 0.5}}) {
    const phantoms::LinearDose moved{ramp.at_origin_gy + offset_gy - dot(ramp.gradient_gy_per_mm, shift),
                                     ramp.gradient_gy_per_mm};
    const DoseGrid evaluated = phantoms::sample(moved, Grid({40, 41, 28}, {1.1, 0.9, 1.7}, {-21, -19, -23}));
    const GammaResult result = compare_gamma(reference, evaluated, {.dose_pct = 2, .distance_mm = 1});
    const double dose_gy = 0.02 * maximum, slope = norm(ramp.gradient_gy_per_mm) / dose_gy;
    const double exact =
        std::abs(offset_gy - dot(ramp.gradient_gy_per_mm, shift)) / dose_gy / std::sqrt(1 + slope * slope);
    // Doses are stored in single precision.
    rows.push_back({"gamma",
                    fmt::format("gamma 2 %/1 mm of a linear dose, shifted by {:.2f} mm, {} Gy higher: largest",
                                norm(shift), offset_gy),
                    "1", exact, 2e-5, result.largest});
  }
  return rows;
}

}  // namespace sbrt::verify
