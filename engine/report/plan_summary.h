/// The last lines of a plan in the terminal.
#pragma once

#include "engine/evaluation/evaluate.h"

#include <string>

namespace sbrt {

/// One row per target: coverage, CI, nCI, HI, GI, R50, prescription isodose.
std::string compact_index_table(const Evaluation& evaluation);

/// One line per structure with a dose, volume falling over dose: "PTV  ████████▇▅▂▁  0...66.69 Gy". Every mark stands
/// for the middle of its part of the dose axis, which is common to all; its height is the volume in eighths, rounded
/// up.
std::string dvh_sparklines(const Evaluation& evaluation, int columns = 40);

}  // namespace sbrt
