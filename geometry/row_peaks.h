/// Upper bounds of an interpolated dose in whole rows of cells, many times cheaper than cell by cell.
#pragma once

#include "geometry/interpolate.h"

#include <array>
#include <span>
#include <vector>

namespace sbrt {

/// A dose summit passes the sample beside it by at most a quarter of that sample's second difference along each axis
/// (see DoseInterpolator); a cell holds no more than the highest such sum at its corners. For one thread.
class RowPeaks {
 public:
  /// @param dose is kept
  explicit RowPeaks(const DoseInterpolator& dose);

  /// What the dose in the cells (0, j, k), (1, j, k), ... cannot pass [Gy]: at least
  /// DoseInterpolator::cell_bounds().high. Valid until the next call; cheapest where j is one more than before.
  std::span<const float> of_cells(int j, int k);

 private:
  struct Row {
    int j = -1, k = -1;
    std::vector<float> peak;
  };
  const std::vector<float>& of_samples(int j, int k);

  const DoseInterpolator& dose_;
  float rounding_;
  std::array<Row, 4> rows_;  // the last ones, by the parity of j and k
  std::vector<float> cells_;
};

}  // namespace sbrt
