#pragma once

#include "geometry/volume.h"

namespace sbrt {

/// The patient's outline found from the CT where there is no body contour: voxels above `threshold_hu` after removal of
/// thin parts (couch, mask), the largest connected part, its in-plane holes filled (lung, bowel gas).
/// Neglected: a couch that touches the skin over a broad area may remain.
/// @return 1 inside, 0 outside, on the CT's grid @throws InputError when nothing lies above the threshold
Occupancy find_body(const CtImage& ct, double threshold_hu = -300.0);

}  // namespace sbrt
