/// Tissues from a JSON file, schema sbrtplan-biology/1 (docs/formats.md).
#pragma once

#include "engine/evaluation/tissue.h"

#include <filesystem>

namespace sbrt {

/// Every tissue, repopulation, repair, NTCP and TCP entry must name its source.
/// @throws InputError: not readable, unknown key, parameter out of range or without source, a transition below the 2 Gy
/// that EQD2 refers to, repair with another model than LQ
Biology read_biology_file(const std::filesystem::path& path);

/// Checks that a tissue's parameters make sense together. @param where for the message @throws InputError
void check_tissue(const Tissue& tissue, const std::string& where);

}  // namespace sbrt
