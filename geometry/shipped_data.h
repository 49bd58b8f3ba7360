#pragma once

#include <filesystem>
#include <vector>

namespace sbrt {

/// Folders where data that come with the program may lie; the first match wins: SBRTPLAN_DATA of the environment,
/// share/sbrtplan beside the running program, where it was installed, and the source tree it was built from.
std::vector<std::filesystem::path> shipped_data_folders(const std::filesystem::path& source_tree);

}  // namespace sbrt
