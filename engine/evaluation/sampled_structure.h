/// A structure as points with doses.
#pragma once

#include "geometry/shape.h"

#include <vector>

namespace sbrt {

/// Pieces of a structure; the coarse pass has twice the step of the fine one and tells the sampling error.
struct SampledStructure {
  std::vector<Sample> samples;
  std::vector<PatientPoint> points;  //!< where the dose of each piece was taken
  std::vector<double> dose_gy;       //!< NaN outside the grid
  double step_mm = 0;
};

}  // namespace sbrt
