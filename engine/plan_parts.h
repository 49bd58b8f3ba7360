/// Do the doses of beams, application setups or control points make up the whole plan?
#pragma once

#include "dicom/objects.h"
#include "geometry/warning.h"

#include <vector>

namespace sbrt {

/// @param plan the RTPLAN they refer to, or null when it is not at hand (then a warning says that nothing was checked)
/// @param allow_missing a missing beam is a warning instead of an error
/// @throws InputError naming the beam: it is missing, it counts twice, a dose says no beam, control points are not
/// complete
void check_parts(const std::vector<const dicom::DoseFile*>& parts, const dicom::PlanFile* plan, bool allow_missing,
                 Warnings& warnings);

}  // namespace sbrt
