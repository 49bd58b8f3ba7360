/// Plans as DICOM RT Plans: between the engine's beam sets and what dicom/robotic_plan.h reads and writes.
#pragma once

#include "dicom/robotic_plan.h"
#include "engine/pipeline.h"

#include <vector>

namespace sbrt {

/// A finished plan in the order of delivery, MU per fraction of the first prescription.
/// @param roi_numbers of the targets in the structure set that the plan will refer to, in the plan's order
dicom::RoboticPlan robotic_plan_of(const PlanRequest& request, const PlanOutcome& outcome,
                                   const std::vector<std::optional<int>>& roi_numbers);

/// MU become totals over all fractions; ids are the beam numbers. Sources within 1e-3 mm of one another are one node's:
/// they differ by the rounding of angles, and all take the place of the first.
BeamSet beams_of(const dicom::RoboticPlan& plan);

}  // namespace sbrt
