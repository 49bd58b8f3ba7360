/// When each beam of one fraction is on, by the time model of delivery.h.
#pragma once

#include "engine/planning/delivery.h"

#include <vector>

namespace sbrt {

struct BeamTime {
  double start_min = 0;  //!< from the moment the first beam is on
  double minutes = 0;    //!< beam on
};

/// One entry per beam. Before a beam: aiming, the move from the node before, and the images that became due since the
/// beam before (one per image interval of treatment time). An image that falls due during a beam waits for its end.
/// @param ordered beams as delivered, see in_delivery_order(); MU are totals over all fractions
/// @throws InputError unless fractions >= 1
std::vector<BeamTime> beam_times(const BeamSet& ordered, int fractions, const DeliveryModel& model = {});

}  // namespace sbrt
