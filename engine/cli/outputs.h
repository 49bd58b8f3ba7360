/// Files that a verb will write, looked at before the work begins.
#pragma once

#include <filesystem>
#include <vector>

namespace sbrt::cli {

/// Empty paths are skipped.
/// @throws InputError: a file exists (unless `overwrite`), is a folder, its folder is missing or cannot be written, or
/// two outputs are one file
void claim_outputs(const std::vector<std::filesystem::path>& paths, bool overwrite);

}  // namespace sbrt::cli
