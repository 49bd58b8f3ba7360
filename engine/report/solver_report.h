/// The parts of a report that tell what the linear programme proved and how the plan stands errors.
#pragma once

#include "engine/planning/solver_record.h"
#include "engine/robustness.h"

#include <string>

namespace sbrt {

class JsonWriter;

void write_solver(JsonWriter& json, const SolverRecord& record);        ///< key "solver"
void write_robustness(JsonWriter& json, const Robustness& robustness);  ///< key "robustness"

std::string solver_text(const SolverRecord& record);
std::string robustness_text(const Robustness& robustness);

}  // namespace sbrt
