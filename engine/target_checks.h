/// Whether structures lie where a dose can be computed.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/target_builder.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <vector>

namespace sbrt {

/// @throws InputError when a target leaves the CT, or more than half of it lies outside the body
/// (The evaluation warns of any smaller part outside the body.)
void check_targets(const std::vector<BuiltTarget>& targets, const Grid& ct_grid, const Occupancy& body);

/// @return a warning for each other structure that reaches beyond the CT
Warnings check_structures(const std::vector<NamedShape>& shapes, const Grid& ct_grid);

}  // namespace sbrt
