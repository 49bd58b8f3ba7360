#pragma once

#include "engine/evaluation/query.h"

#include <filesystem>
#include <vector>

namespace sbrt {

class JsonReader;

/// "SpinalCord:D0.03cc <= 21.9 Gy", or {"goal": "...", "priority": 1...9}. @throws InputError
Goal goal_of(const JsonReader& item);

/// Reads goals (schema sbrtplan-goals/1, docs/formats.md). @throws InputError naming file and JSON path
std::vector<Goal> read_goal_file(const std::filesystem::path& path);

}  // namespace sbrt
