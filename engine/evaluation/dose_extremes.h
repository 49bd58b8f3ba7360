/// Dose maxima between the grid points.
#pragma once

#include "engine/evaluation/climb.h"
#include "engine/evaluation/isodose_volume.h"

#include <functional>
#include <optional>

namespace sbrt {

/// Largest interpolated dose in the body: the climb from the hottest voxel centres in it (all local maxima within 5 %
/// of the hottest, at most 64). Nothing when no voxel centre with at least the field's lowest dose lies in the body.
std::optional<DoseAtPoint> maximum_in_body(const DoseInBody& field);

/// Largest dose in the body at `distance_mm` or more from a target; nothing when the grid holds no such point.
/// Cells that can hold more than the best point so far are searched on 2 x 2 x 2 parts; the best part of every slice
/// that comes within 3 % of it is climbed from.
/// @param distance exact distance to the target in mm  @param target_box box around the target
/// @return the value; its interval reaches down to the hottest voxel centre
std::optional<Measured> maximum_beyond(const DoseInterpolator& dose, const Region& region, double distance_mm,
                                       const std::function<double(PatientPoint)>& distance, const Box& target_box);

}  // namespace sbrt
