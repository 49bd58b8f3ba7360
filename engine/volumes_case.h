/// The structures of a case that has no dose: their volumes, and what pictures of them need.
#pragma once

#include "engine/evaluate_case.h"

namespace sbrt {

/// evaluate_case without an RTDOSE: volumes with their intervals, nothing that a dose decides. A CT is read for
/// pictures only. Of the request count inputs, rtstruct, ct_uid, between and keep_for_pictures. Warning without-dose.
/// @throws InputError: no or several RTSTRUCT (listed with --rtstruct)
EvaluateOutcome volumes_case(const EvaluateRequest& request, Progress& progress = no_progress);

}  // namespace sbrt
