#pragma once

#include "engine/evaluation/query.h"

#include <filesystem>
#include <vector>

namespace sbrt {

/// Reads goals (schema sbrtplan-goals/1, docs/formats.md). @throws InputError naming file and JSON path
std::vector<Goal> read_goal_file(const std::filesystem::path& path);

}  // namespace sbrt
