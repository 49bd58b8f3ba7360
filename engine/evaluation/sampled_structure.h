/// A structure as points with doses.
#pragma once

#include "geometry/shape.h"

#include <cstdint>
#include <vector>

namespace sbrt {

/// Pieces of a structure.
struct SampledStructure {
  std::vector<Sample> samples;
  std::vector<PatientPoint> points;  //!< where the dose of each piece was taken
  std::vector<double> dose_gy;       //!< NaN outside the grid
  std::vector<std::uint64_t> cell;   //!< of PieceCells with this step; empty where pieces were joined or replaced
  std::vector<std::int32_t> block;   //!< of pieces that are one when twice as long; empty where they were joined
  std::int32_t blocks = 0;
  double step_mm = 0;
};

}  // namespace sbrt
