#include "geometry/shipped_data.h"

#include <cstdlib>
#include <system_error>

namespace sbrt {

std::vector<std::filesystem::path> shipped_data_folders(const std::filesystem::path& source_tree) {
  std::vector<std::filesystem::path> all;
  if (const char* environment = std::getenv("SBRTPLAN_DATA"); environment && *environment)
    all.emplace_back(environment);
  std::error_code error;
  if (const auto program = std::filesystem::read_symlink("/proc/self/exe", error); !error)
    all.push_back(program.parent_path().parent_path() / "share" / "sbrtplan");
  all.emplace_back(SBRT_INSTALL_DATA_DIR);
  all.push_back(source_tree);
  return all;
}

}  // namespace sbrt
