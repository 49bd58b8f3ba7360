/// The production path: depth from fans of exact rays, row by row inside each beam's cone, single precision.
#pragma once

#include "dose/dose_engine.h"

#include <vector>

namespace sbrt {

/// @param used beams that take part
DoseResult compute_dose_fast(const BeamSet& beams, const std::vector<char>& used, const DensityMap& density,
                             const BeamData& beam_data, const Grid& dose_grid, const DoseOptions& options,
                             Progress& progress);

}  // namespace sbrt
