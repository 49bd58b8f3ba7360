/// The structures of a case that has no dose: their volumes, and what pictures of them need.
#pragma once

#include "engine/evaluate_case.h"

namespace sbrt {

/// evaluate_case without an RTDOSE: volumes with their intervals, nothing that a dose decides. A CT is read for
/// pictures only. Warning without-dose.
/// @throws InputError: no or several RTSTRUCT (listed with --rtstruct); a request for anything that a dose decides
EvaluateOutcome volumes_case(const EvaluateRequest& request, Progress& progress = no_progress);

}  // namespace sbrt
