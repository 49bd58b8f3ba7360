#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

/// What differs between two folders, byte by byte, one line per file: "dose.dcm: differs from byte 1234 on (4096 bytes,
/// 4096 bytes)", "plan.json: only in the first", sorted. Empty when they are equal. Links count as what they lead to.
std::vector<std::string> folder_differences(const std::filesystem::path& first, const std::filesystem::path& second);

}  // namespace sbrt
