/// Pieces of a structure that isodoses pass, told by many points instead of one.
#pragma once

#include "engine/evaluation/sampled_structure.h"
#include "geometry/interpolate.h"

#include <optional>
#include <span>

namespace sbrt {

/// How many times smaller the sampling error at an isodose becomes when the pieces that it passes are split: their
/// points fall as if the pieces were half as long.
inline constexpr double split_gain = 4;

/// The pieces whose cells the isodoses may pass, by the doses at their corners, share their volume between up to
/// sixteen points (PieceCells::many_points()) and become blocks of their own; the others stay as they are. Which pieces
/// are split depends on the cells and the dose, not on the points drawn before, so that volumes stay unbiased.
/// @param pieces as sample_dose() gives them  @param most of all pieces, else nothing is split and nothing returned
std::optional<SampledStructure> split_at(const Shape& shape, const DoseInterpolator& dose,
                                         const SampledStructure& pieces, std::span<const double> isodoses_gy,
                                         double most);

}  // namespace sbrt
