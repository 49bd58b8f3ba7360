#pragma once

#include "engine/evaluation/evaluate.h"

#include <string>
#include <vector>

namespace sbrt {

/// Exact name first, then the only one that matches without case. @param asked_by what named the structure
/// @throws InputError that offers the nearest names
std::size_t index_of_structure(const std::string& name, const std::vector<std::string>& names,
                               const std::string& asked_by);

/// In words, why a metric has no value on this structure.
std::string why_no_value(const Metric& metric, const StructureResult& structure);

}  // namespace sbrt
