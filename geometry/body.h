#pragma once

#include "geometry/volume.h"
#include "geometry/warning.h"

namespace sbrt {

inline constexpr double body_threshold_hu = -300.0;  ///< fat lies above it, lung and air below

/// The patient's outline found from the CT where there is no body contour: voxels above `threshold_hu` after removal of
/// parts thinner than about 10 mm (couch top, mask, wires), the largest connected part, its holes in each slice filled
/// (lung, bowel gas). Slices are the planes of constant k. The image's borders do not count as surface: a body that
/// leaves the field of view ends there, and lung that the sides of a cut-out scan lay open is inside (at least 20 cc,
/// median above -950 HU, 60 % of its surface at the body; warning "lung-cut-by-scan"). Neglected: a thick couch that
/// touches the skin over a broad area may remain; air open to the outside within a slice (nostrils, ear canals) stays
/// outside.
/// @return 1 inside, 0 outside, on the CT's grid @throws InputError when nothing lies above the threshold
Occupancy find_body(const CtImage& ct, double threshold_hu = body_threshold_hu, Warnings* warnings = nullptr);

}  // namespace sbrt
