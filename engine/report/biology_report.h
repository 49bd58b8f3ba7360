/// The radiobiology of an evaluation as JSON and as text: model, parameters and their sources.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/json.h"

#include <string>

namespace sbrt {

/// Members of a tissue in the object that is open: alpha_beta_gy, model, its parameters, source, repopulation, repair,
/// ntcp, tcp.
void write_tissue(JsonWriter& json, const Tissue& tissue);

/// "radiobiology" of report.json: the first target's tissue with the prescription's BED and EQD2, and the tissues of
/// structures that have their own. Nothing for a dose that is effective already, or where no fractions are known.
void write_radiobiology(JsonWriter& json, const Evaluation& evaluation);

/// One line per tissue and response model that is not the program's default; empty when there is none.
std::string biology_text(const Evaluation& evaluation);

}  // namespace sbrt
