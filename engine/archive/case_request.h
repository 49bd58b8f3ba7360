/// What the protocol says about one case, once its objects are here.
#pragma once

#include "dicom/objects.h"
#include "engine/archive/case_discovery.h"
#include "engine/archive/replan_protocol.h"

#include <filesystem>
#include <vector>

namespace sbrt {

struct CaseRequest {
  PlanRequest plan;
  double largest_diameter_mm = 0;  //!< of the GTV, or of the target where there is no GTV
  Warnings warnings;               //!< goals left out because the case has no such structure (goal-without-structure)
};

/// @param files of the case, from its source  @param catalogue what they hold
/// @throws InputError: the target is missing, the archive states no prescription, no margin
CaseRequest request_for(const ReplanCase& one, const ReplanProtocol& protocol, const dicom::Catalogue& catalogue,
                        const std::vector<std::filesystem::path>& files);

/// The RTPLAN that the structure set was planned with: the only one, of several that of the only total dose; else null.
const dicom::PlanFile* archived_plan_of(const dicom::Catalogue& catalogue, const std::string& structure_uid);

}  // namespace sbrt
