/// Several doses as one.
#pragma once

#include "geometry/volume.h"

#include <string>
#include <vector>

namespace sbrt {

struct DoseSum {
  DoseGrid dose;
  std::string how;  //!< "on their common grid", "interpolated (cubic) to the grid of ...", in words
};

/// Sum of physical doses [Gy]. Equal grids are added point by point. Otherwise the sum lies on the points of the finest
/// grid (smallest voxel, the first of equals) and the others are interpolated there by the cubic of
/// geometry/interpolate.h. Where one of the doses is unknown (more than half a voxel outside its outermost points) the
/// sum is unknown: the result is the block of the finest grid whose points all doses know. With grids turned against
/// each other the block is found by taking off, face by face, the one with the largest share of unknown points.
/// Neglected: biological effect; doses of different fractionation add in Gy only.
/// @pre at least one dose  @throws InputError when no point is known to all
DoseSum sum_of_doses(const std::vector<DoseGrid>& doses);

}  // namespace sbrt
