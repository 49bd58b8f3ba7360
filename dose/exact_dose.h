/// The reference path: one exact ray per beam and point, in double precision.
#pragma once

#include "dose/dose_engine.h"

#include <vector>

namespace sbrt {

/// @param used beams that take part
DoseResult compute_dose_exact(const BeamSet& beams, const std::vector<char>& used, const DensityMap& density,
                              const BeamData& beam_data, const Grid& dose_grid, DepthMode depth, Progress& progress);

}  // namespace sbrt
