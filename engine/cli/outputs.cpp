#include "engine/cli/outputs.h"

#include "geometry/error.h"

#include <cerrno>
#include <cstring>
#include <set>
#include <unistd.h>

namespace sbrt::cli {
namespace fs = std::filesystem;

void claim_outputs(const std::vector<fs::path>& paths, bool overwrite) {
  std::set<fs::path> claimed;
  for (const fs::path& path : paths) {
    if (path.empty()) continue;
    if (fs::is_directory(path))
      throw InputError("the output is a folder", path.string(), "a file is written", "choose another name");
    if (!overwrite && fs::exists(path))
      throw InputError("the output exists", path.string(), "nothing is written over silently",
                       "choose another name or give --overwrite");
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (!fs::is_directory(folder))
      throw InputError("the folder of the output is missing", path.string(), folder.string() + " is no folder",
                       "make it first or choose another name");
    if (::access(folder.c_str(), W_OK) != 0)
      throw InputError("the output cannot be written", path.string(), std::strerror(errno), "choose another folder");
    if (!claimed.insert(fs::weakly_canonical(path)).second)
      throw InputError("two outputs are one file", path.string(), "one would replace the other",
                       "give each its own name");
  }
}

}  // namespace sbrt::cli
