/// Several structures judged as one.
#pragma once

#include "engine/evaluation/evaluate.h"

#include <vector>

namespace sbrt {

/// Samples the members one after the other and leaves out the pieces that lie in an earlier one, so that what two share
/// counts once (a piece cut by an earlier member's surface counts by its point; what that costs, a part of a step at
/// that surface, is not in the intervals). Minimum and maximum are the members'.
/// @param members in the order of the union  @param results theirs, already filled
/// @return name, volumes, extremes, histograms; the interval of the volume adds the members'
StructureResult union_result(const std::string& name, const std::vector<const NamedShape*>& members,
                             const std::vector<const StructureResult*>& results, const DoseInterpolator& dose,
                             const WantedInterval& wanted, const std::optional<DoseReference>& reference);

}  // namespace sbrt
