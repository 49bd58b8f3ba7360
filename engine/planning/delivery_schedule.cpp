#include "engine/planning/delivery_schedule.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt {

std::vector<BeamTime> beam_times(const BeamSet& ordered, int fractions, const DeliveryModel& model) {
  if (fractions < 1)
    throw InputError(fmt::format("{} fractions", fractions), "delivery", "at least one is needed",
                     "correct the number of fractions");
  SBRT_EXPECT(model.dose_rate_mu_per_min > 0 && model.robot_speed_mm_per_s > 0 && model.image_interval_s > 0);
  std::vector<BeamTime> times;
  double treatment_s = 0;  // beams, moves and aiming, without images
  double images = 0;       // taken after the first beam began; the image before it delays nothing
  for (std::size_t b = 0; b < ordered.size(); ++b) {
    const Beam& beam = ordered[b];
    if (b > 0) {
      treatment_s += model.beam_s;
      if (beam.node != ordered[b - 1].node)
        treatment_s += model.node_move_s + distance(beam.source, ordered[b - 1].source) / model.robot_speed_mm_per_s;
      images = std::floor(treatment_s / model.image_interval_s);
    }
    const double minutes = beam.weight_mu / fractions / model.dose_rate_mu_per_min;
    times.push_back({(treatment_s + images * model.image_s) / 60, minutes});
    treatment_s += 60 * minutes;
  }
  return times;
}

}  // namespace sbrt
