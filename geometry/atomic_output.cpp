#include "geometry/atomic_output.h"

#include "geometry/error.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_write_error(const fs::path& path, int error) {
  const std::string remedy = error == ENOSPC   ? "free some space or choose another disk"
                             : error == EACCES ? "check the permission of the folder"
                             : error == ENOENT ? "create the folder first"
                                               : "check the disk";
  throw InputError("cannot write", path.string(), std::strerror(error), remedy);
}

void sync_path(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags);
  if (fd < 0) throw_write_error(path, errno);
  const int status = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (status != 0 && error != EINVAL) throw_write_error(path, error);
}

fs::path temporary_name(const fs::path& goal) {
  static std::atomic<unsigned> counter{0};
  const fs::path parent = goal.has_parent_path() ? goal.parent_path() : fs::path(".");
  return parent /
         ("." + goal.filename().string() + ".part-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

fs::path without_trailing_slash(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  const fs::path temporary = temporary_name(path);
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) throw_write_error(path, errno);
  int error = 0;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error = errno;
      break;
    }
    done += std::size_t(n);
  }
  if (!error && ::fsync(fd) != 0 && errno != EINVAL) error = errno;
  if (::close(fd) != 0 && !error) error = errno;
  if (!error && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error) {
    ::unlink(temporary.c_str());
    throw_write_error(path, error);
  }
}

void flush_file(const fs::path& path) { sync_path(path, O_RDONLY); }

AtomicFolder::AtomicFolder(fs::path goal, bool overwrite, const std::vector<std::string>& replaceable)
    : goal_(without_trailing_slash(std::move(goal))), overwrite_(overwrite) {
  std::error_code status;
  if (fs::exists(goal_, status)) {
    if (!fs::is_directory(goal_))
      throw InputError("the output is a file", goal_.string(), "a folder is needed", "choose another name");
    if (!fs::is_empty(goal_) && !overwrite)
      throw InputError("the output folder is not empty", goal_.string(), "nothing is written over silently",
                       "choose another folder or give --overwrite");
    if (!replaceable.empty())
      for (const auto& entry : fs::directory_iterator(goal_))
        if (std::find(replaceable.begin(), replaceable.end(), entry.path().filename()) == replaceable.end())
          throw InputError("the output folder holds something else", entry.path().string(),
                           "--overwrite replaces the whole folder, and this is no result of this command",
                           "choose another folder or move the file");
  }
  if (goal_.has_parent_path() && !fs::exists(goal_.parent_path(), status)) {
    std::error_code failure;
    fs::create_directories(goal_.parent_path(), failure);
    if (failure) throw_write_error(goal_.parent_path(), failure.value());
  }
  staging_ = temporary_name(goal_);
  if (::mkdir(staging_.c_str(), 0777) != 0) throw_write_error(goal_, errno);
}

AtomicFolder::~AtomicFolder() {
  if (!committed_) {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  }
}

void AtomicFolder::commit() {
  SBRT_EXPECT(!committed_);
  for (const auto& entry : fs::recursive_directory_iterator(staging_))
    if (entry.is_regular_file()) flush_file(entry.path());
  sync_path(staging_, O_RDONLY | O_DIRECTORY);
  const fs::path parent = goal_.has_parent_path() ? goal_.parent_path() : fs::path(".");
  std::error_code status;
  if (fs::exists(goal_, status)) {
    // Exchange is atomic: at every moment the goal is either wholly the old folder or wholly the new one.
    if (!fs::is_empty(goal_) && !overwrite_)
      throw InputError("the output folder is not empty", goal_.string(), "something wrote into it meanwhile",
                       "choose another folder or give --overwrite");
    if (::renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, goal_.c_str(), RENAME_EXCHANGE) != 0)
      throw_write_error(goal_, errno);
    committed_ = true;
    sync_path(parent, O_RDONLY | O_DIRECTORY);
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
    return;
  }
  if (std::rename(staging_.c_str(), goal_.c_str()) != 0) throw_write_error(goal_, errno);
  committed_ = true;
  sync_path(parent, O_RDONLY | O_DIRECTORY);
}

}  // namespace sbrt
