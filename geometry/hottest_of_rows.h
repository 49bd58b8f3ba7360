/// What a search of a dose may pass over without looking: whole rows of voxels that are too cold.
#pragma once

#include "geometry/volume.h"

#include <vector>

namespace sbrt {

/// Smallest and largest sample of a dose [Gy], and the largest of every row along x. Immutable.
class HottestOfRows {
 public:
  /// @throws InputError naming the first voxel that is not finite
  explicit HottestOfRows(const DoseGrid& dose);

  float lowest() const { return lowest_; }
  float highest() const { return highest_; }
  float of_row(int j, int k) const { return row_[std::size_t(k) * std::size_t(ny_) + std::size_t(j)]; }
  /// Of the rows around the cells (0, j, k), (1, j, k), ...: two along y and two along z, one at the end of an axis.
  float around_cells(int j, int k) const;

 private:
  int ny_, nz_;
  float lowest_ = 0, highest_ = 0;
  std::vector<float> row_;
};

}  // namespace sbrt
