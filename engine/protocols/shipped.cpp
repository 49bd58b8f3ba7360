#include "engine/protocols/shipped.h"

#include "geometry/error.h"
#include "geometry/shipped_data.h"

#include <algorithm>
#include <system_error>

namespace sbrt {

std::vector<std::filesystem::path> shipped_files(const std::string& kind) {
  std::vector<std::filesystem::path> files;
  for (const auto& folder : shipped_data_folders(SBRT_ENGINE_DATA_DIR)) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder / kind, error))
      if (entry.path().extension() == ".json" && entry.is_regular_file(error)) files.push_back(entry.path());
    if (!files.empty()) break;
  }
  if (files.empty())
    throw InputError("no shipped " + kind + " were found", "share/sbrtplan/" + kind, "the installation is not whole",
                     "set SBRTPLAN_DATA to the folder of the shipped data");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace sbrt
