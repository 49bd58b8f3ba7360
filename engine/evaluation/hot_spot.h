/// The hottest part of a structure in smaller pieces than the rest.
#pragma once

#include "engine/evaluation/sampled_structure.h"
#include "geometry/interpolate.h"

#include <optional>

namespace sbrt {

inline constexpr double hot_step_mm = 0.4;  //!< 15 pieces per mm^3: D0.03cc rests on 470 of them

/// The hottest cubic centimetre of a structure in pieces of their own.
struct HotSpot {
  double threshold_gy;      //!< all that receives at least this is hot
  SampledStructure pieces;  //!< all that may be hot by the dose around them, in blocks; some are not
};

/// True where its pieces are longer than asked because there would be too many.
bool too_large_for(const HotSpot& hot, double hot_mm);
/// True where a hot spot found among larger pieces of the same structure serves pieces of `step_mm` as well: its own
/// are as short as asked.
bool still_serves(const HotSpot& hot, double hot_mm, double step_mm);
/// @param step_mm of its pieces: D0.03cc of a large organ then rests on hundreds of them. Longer where the box around
///        the spot would hold more than 200 000 of them (1.6 million of half the usual length)
/// @return nothing where the pieces of `sampled` are as small already
std::optional<HotSpot> find_hot_spot(const Shape& shape, const DoseInterpolator& dose, double step_mm,
                                     const SampledStructure& sampled);
/// The pieces with the hot ones of `pieces` instead of their own; the cold rest is scaled to keep the volume. Unchanged
/// where the hot spot leaves no room for a rest.
SampledStructure with_hot_spot(const SampledStructure& sampled, double threshold_gy, const SampledStructure& pieces);

}  // namespace sbrt
