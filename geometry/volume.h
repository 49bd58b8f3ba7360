/// A grid with one value per voxel. Different quantities are different types.
#pragma once

#include "geometry/grid.h"

#include <utility>
#include <vector>

namespace sbrt {

struct HounsfieldUnit {};           ///< CT number [HU]
struct RelativeElectronDensity {};  ///< electron density relative to water [1]
struct AbsorbedDose {};             ///< [Gy], total over all fractions unless said otherwise
struct SignedDistance {};           ///< distance to a surface, negative inside [mm]
struct OccupiedFraction {};         ///< fraction of a voxel's volume inside a structure, 0...1

template <class T, class Quantity>
class Volume {
 public:
  using value_type = T;

  explicit Volume(Grid grid, T fill = T{}) : grid_(std::move(grid)), values_(grid_.count(), fill) {}
  Volume(Grid grid, std::vector<T> values) : grid_(std::move(grid)), values_(std::move(values)) {
    SBRT_EXPECT(values_.size() == grid_.count());
  }

  const Grid& grid() const { return grid_; }
  const std::vector<T>& values() const { return values_; }
  std::vector<T>& values() { return values_; }
  T operator()(int i, int j, int k) const { return values_[grid_.index(i, j, k)]; }
  T& operator()(int i, int j, int k) { return values_[grid_.index(i, j, k)]; }

 private:
  Grid grid_;
  std::vector<T> values_;  //!< x fastest
};

using CtImage = Volume<float, HounsfieldUnit>;
using DensityMap = Volume<float, RelativeElectronDensity>;
using DoseGrid = Volume<float, AbsorbedDose>;
using DistanceMap = Volume<float, SignedDistance>;
using Occupancy = Volume<float, OccupiedFraction>;

}  // namespace sbrt
