#pragma once

#include "engine/evaluation/evaluate.h"

#include <string>

namespace sbrt {

/// Cumulative DVHs of all structures, one row per structure and dose: structure,role,dose_gy,volume_cc,volume_pct.
/// Volumes are those that receive at least the dose; % of the whole structure. Names are quoted where CSV needs it.
std::string dvh_csv(const Evaluation& evaluation);

}  // namespace sbrt
