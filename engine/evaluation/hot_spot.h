/// The hottest part of a structure in smaller pieces than the rest.
#pragma once

#include "engine/evaluation/sampled_structure.h"
#include "geometry/interpolate.h"

#include <optional>

namespace sbrt {

inline constexpr double hot_step_mm = 0.4;  //!< 15 pieces per mm^3: D0.03cc rests on 470 of them

/// The structure with its hottest cubic centimetre in pieces of `step_mm`, so that D0.03cc of a large organ rests on
/// hundreds of pieces; the cold rest is scaled to keep the volume. Nothing where the pieces are as small already.
std::optional<SampledStructure> with_hot_spot(const Shape& shape, const DoseInterpolator& dose, double step_mm,
                                              const SampledStructure& sampled);

}  // namespace sbrt
