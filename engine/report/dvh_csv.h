#pragma once

#include "engine/evaluation/evaluate.h"

#include <string>

namespace sbrt {

/// DVHs of all structures, one row per structure and dose:
/// structure,role,dose_gy,volume_cc,volume_pct,differential_cc_per_gy.
/// Cumulative: volume that receives at least the dose, % of the whole structure. Differential: volume between this dose
/// and the next row's, per Gy. Names are quoted where CSV needs it.
std::string dvh_csv(const Evaluation& evaluation);

}  // namespace sbrt
