/// The hottest part of a structure in smaller pieces than the rest.
#pragma once

#include "geometry/interpolate.h"
#include "geometry/shape.h"

#include <optional>
#include <vector>

namespace sbrt {

/// A structure as points with doses; the coarse pass has twice the step and tells the sampling error.
struct SampledStructure {
  std::vector<Sample> samples;
  std::vector<PatientPoint> points;  //!< where the dose of each piece was taken
  std::vector<double> dose_gy;       //!< NaN outside the grid
  double step_mm = 0;
};

inline constexpr double hot_step_mm = 0.4;  //!< 15 pieces per mm^3: D0.03cc rests on 470 of them

/// The structure with its hottest cubic centimetre in pieces of `step_mm`, so that D0.03cc of a large organ rests on
/// hundreds of pieces; the cold rest is scaled to keep the volume. Nothing where the pieces are as small already.
std::optional<SampledStructure> with_hot_spot(const Shape& shape, const DoseInterpolator& dose, double step_mm,
                                              const SampledStructure& sampled);

}  // namespace sbrt
