#include "engine/archive/store.h"

#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

constexpr const char* work_prefix = ".work-";

[[noreturn]] void cannot_write(const fs::path& path, const std::string& why) {
  throw InputError("cannot write", path.string(), why, "check the disk and the permission of the store");
}

// Files first, then the folders that name them, innermost first.
void flush_tree(const fs::path& folder) {
  std::vector<fs::path> folders{folder};
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_directory())
      folders.push_back(entry.path());
    else
      flush_file(entry.path());
  for (auto it = folders.rbegin(); it != folders.rend(); ++it) flush_file(*it);
}

}  // namespace

std::optional<FileLock> FileLock::take(const fs::path& path) {
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) cannot_write(path, std::strerror(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return FileLock(fd);
    const int error = errno;
    ::close(fd);
    if (error == EWOULDBLOCK) return std::nullopt;
    if (error != EINTR) cannot_write(path, std::string("it cannot be locked: ") + std::strerror(error));
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Store::Store(const fs::path& folder, bool create) {
  std::error_code error;
  folder_ = fs::absolute(folder).lexically_normal();
  if (!folder_.has_filename()) folder_ = folder_.parent_path();
  if (fs::exists(folder_, error) && !fs::is_directory(folder_, error))
    throw InputError("the store is a file", folder_.string(), "a folder is needed", "choose another --store");
  const bool is_store = fs::is_directory(folder_ / "cases", error);
  if (!is_store && fs::is_directory(folder_, error) && !fs::is_empty(folder_, error) &&
      !fs::is_directory(folder_ / ".jobs", error))
    throw InputError("the folder is no store", folder_.string(), "it holds something else", "choose an empty --store");
  if (!is_store && !create)
    throw InputError("no such store", folder_.string(), "it has no folder 'cases'", "check --store");
  if (create)
    // .jobs first: it marks a store that a kill left before the others were made.
    for (const char* part : {".jobs", "cases", "failed", "verified", "logs", ".locks"}) {
      fs::create_directories(folder_ / part, error);
      if (error) cannot_write(folder_ / part, error.message());
    }
}

bool Store::finished(const std::string& id) const {
  std::error_code error;
  return fs::is_regular_file(case_result(id), error);
}

std::vector<std::string> Store::finished_cases() const {
  std::vector<std::string> ids;
  for (const auto& entry : fs::directory_iterator(folder_ / "cases"))
    if (finished(entry.path().filename().string())) ids.push_back(entry.path().filename().string());
  std::sort(ids.begin(), ids.end());
  return ids;
}

fs::path Store::fresh_work_folder(const std::string& id) const {
  std::error_code error;
  fs::remove_all(work_folder(id), error);
  if (!error) fs::create_directories(work_folder(id), error);
  if (error) cannot_write(work_folder(id), error.message());
  return work_folder(id);
}

void Store::finish(const std::string& id, const fs::path& result) const {
  flush_tree(result);
  const fs::path goal = case_folder(id);
  std::error_code error;
  int failed = 0;
  if (fs::exists(goal, error)) {
    failed = ::renameat2(AT_FDCWD, result.c_str(), AT_FDCWD, goal.c_str(), RENAME_EXCHANGE);
    if (failed != 0 && errno == EINVAL) {
      // Network disks cannot exchange: between the two renames the case counts as not done, which is never wrong.
      failed = std::rename(goal.c_str(), (result.string() + "-before").c_str());
      if (failed == 0) failed = std::rename(result.c_str(), goal.c_str());
    }
  } else {
    failed = std::rename(result.c_str(), goal.c_str());
  }
  if (failed != 0) cannot_write(goal, std::strerror(errno));
  flush_file(goal.parent_path());
  fs::remove(failure(id), error);
}

void Store::clean() const {
  std::error_code error;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().filename().string().starts_with(work_prefix)) left.push_back(entry.path());
  for (const fs::path& path : left)
    // Held while the folder goes, or a case that begins now would lose its own.
    if (const auto lock = FileLock::take(lock_file(path.filename().string().substr(std::strlen(work_prefix)))))
      fs::remove_all(path, error);
}

bool Store::can_write() const {
  try {
    const fs::path probe = folder_ / (".probe-" + std::to_string(::getpid()));
    write_file_atomically(probe, std::string(std::size_t(1) << 20, ' '));
    fs::remove(probe);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace sbrt
