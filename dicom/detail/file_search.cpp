#include "dicom/detail/file_search.h"

#include "geometry/error.h"

#include <algorithm>
#include <set>

namespace sbrt::dicom::detail {
namespace fs = std::filesystem;
namespace {

class FileSearch {
 public:
  explicit FileSearch(std::vector<RefusedFile>& refused) : refused_(refused) {}

  void add(const fs::path& start) {
    // A list instead of recursion: folders may be nested deeper than the stack.
    std::vector<fs::path> open{start};
    while (!open.empty()) {
      const fs::path path = open.back();
      open.pop_back();
      std::error_code error;
      const fs::file_status status = fs::status(path, error);
      if (error || !fs::exists(status)) {
        refused_.push_back({path, "broken link or not accessible"});
      } else if (fs::is_directory(status)) {
        open_folder(path, open);
      } else if (!fs::is_regular_file(status)) {
        refused_.push_back({path, "not a regular file"});
      } else if (first_visit(path)) {
        files_.push_back(path);
      }
    }
  }

  std::vector<fs::path> sorted() && {
    std::sort(files_.begin(), files_.end());
    return std::move(files_);
  }

 private:
  bool first_visit(const fs::path& path) {
    std::error_code error;
    const fs::path canonical = fs::canonical(path, error);
    return visited_.insert(error ? path : canonical).second;
  }

  void open_folder(const fs::path& path, std::vector<fs::path>& open) {
    if (!first_visit(path)) return;
    std::error_code error;
    fs::directory_iterator entry(path, error);
    if (error) {
      refused_.push_back({path, "folder cannot be read (" + error.message() + ")"});
      return;
    }
    std::vector<fs::path> found;
    for (; entry != fs::directory_iterator{}; entry.increment(error)) {
      if (error) break;
      found.push_back(entry->path());
    }
    // Largest first, as the list is taken from its end: which of two links to a file counts does not depend on the
    // disk.
    std::sort(found.rbegin(), found.rend());
    open.insert(open.end(), found.begin(), found.end());
  }

  std::vector<RefusedFile>& refused_;
  std::set<fs::path> visited_;
  std::vector<fs::path> files_;
};

}  // namespace

std::vector<fs::path> find_files(const std::vector<fs::path>& paths, std::vector<RefusedFile>& refused) {
  FileSearch search(refused);
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error))
      throw InputError("no such file or folder", path.string(), error ? error.message() : "", "check the path");
    search.add(path);
  }
  return std::move(search).sorted();
}

}  // namespace sbrt::dicom::detail
