#pragma once

#include <string>

namespace sbrt {

std::string program_version();   ///< "0.1.0"
std::string program_revision();  ///< git revision of the build, "-dirty" when the tree had changes
/// Version, build, revision and library versions, several lines.
std::string version_text();

}  // namespace sbrt
