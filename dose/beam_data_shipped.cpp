#include "dose/beam_data.h"
#include "geometry/error.h"
#include "geometry/shipped_data.h"

#include <algorithm>
#include <system_error>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> data_folders() { return shipped_data_folders(SBRT_SOURCE_DATA_DIR); }

bool holds_a_set(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "beam-data.json", error);
}

}  // namespace

std::vector<std::string> BeamData::shipped_names() {
  std::vector<std::string> names;
  for (const fs::path& folder : data_folders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder / "beam-data", error))
      if (holds_a_set(entry.path())) names.push_back(entry.path().filename().string());
    if (!names.empty()) break;
  }
  std::sort(names.begin(), names.end());
  return names;
}

BeamData BeamData::named_or_folder(const std::string& name_or_folder) {
  if (name_or_folder.empty())
    throw InputError("no beam data set given", "", "the name is empty", "give a name or a folder");
  const bool is_name = name_or_folder.find('/') == std::string::npos && name_or_folder != "." && name_or_folder != "..";
  if (is_name)
    for (const fs::path& folder : data_folders())
      if (const fs::path set = folder / "beam-data" / name_or_folder; holds_a_set(set)) return from_folder(set);
  std::error_code error;
  if (fs::is_directory(name_or_folder, error)) return from_folder(name_or_folder);
  std::string all;
  for (const std::string& n : shipped_names()) all += (all.empty() ? "" : ", ") + n;
  throw InputError("unknown beam data set '" + name_or_folder + "'", "",
                   all.empty() ? "no shipped data sets were found" : "the shipped sets are " + all,
                   "give one of these names or a folder, or set SBRTPLAN_DATA to the folder of the shipped data");
}

}  // namespace sbrt
