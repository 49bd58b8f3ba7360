/// What every beam must fulfil before dose is computed.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "geometry/volume.h"

namespace sbrt {

/// @throws InputError naming the beam: collimator absent, source equal to aim, source inside the body, MU negative, a
/// value
///         not finite
void require_valid_beams(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data);

/// True when the beam's axis or any of 48 rays spread over its geometric field crosses density.
bool meets_body(const Beam& beam, const DensityMap& density, double reference_distance_mm);

/// By beam: meets_body; the warnings name those that do not.
struct BodyHits {
  std::vector<char> meets;
  Warnings warnings;
};
BodyHits find_beams_that_meet_body(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data);

}  // namespace sbrt
