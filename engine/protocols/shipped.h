/// Goal sets and names that come with the program: engine/data of the source tree, share/sbrtplan once installed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

/// All JSON files of one kind ("protocols", "names"), in order of name, from the first data folder that has any.
/// @throws InputError when none is found
std::vector<std::filesystem::path> shipped_files(const std::string& kind);

}  // namespace sbrt
