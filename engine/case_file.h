/// case.json: a plan request as a file (schema sbrtplan-case/1, docs/formats.md).
#pragma once

#include "engine/pipeline.h"

#include <filesystem>

namespace sbrt {

/// Relative paths are taken from the folder of the file. @throws InputError naming file and JSON path
PlanRequest read_case_file(const std::filesystem::path& path);

/// `base` with every entry replaced that `options` states (differs from its default).
PlanRequest merge(PlanRequest base, const PlanRequest& options);

}  // namespace sbrt
