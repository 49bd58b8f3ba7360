/// case.json: a plan request as a file (schema sbrtplan-case/1, docs/formats.md).
#pragma once

#include "engine/pipeline.h"

#include <filesystem>
#include <functional>
#include <string>

namespace sbrt {

/// Relative paths are taken from the folder of the file. @throws InputError naming file and JSON path
PlanRequest read_case_file(const std::filesystem::path& path);

/// `base` with every entry replaced that the command line states. Naming a --gtv or --target replaces the file's choice
/// of targets as a whole. @param stated tells whether an option such as "--seed" was given
PlanRequest merge(PlanRequest base, const PlanRequest& options, const std::function<bool(const std::string&)>& stated);

}  // namespace sbrt
