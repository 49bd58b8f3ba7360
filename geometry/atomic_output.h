/// Outputs appear whole or not at all: they are written under a temporary name beside the goal, flushed to the disk and
/// renamed. A failure or Ctrl-C leaves what was there before.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

/// Writes `bytes` to `path`. @throws InputError when the folder is missing, not writable or the disk is full
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Flushes an already written file (by a library) to the disk. @throws InputError on a write error
void flush_file(const std::filesystem::path& path);

/// A folder that comes into being whole. Files are written into `staging()`; commit() moves them to the goal.
/// Without commit() the destructor removes the staging folder, so the goal is as it was.
class AtomicFolder {
 public:
  /// @param overwrite the goal may exist and is replaced as a whole; otherwise an existing non-empty goal is refused
  /// @throws InputError when the goal exists and overwrite is false, or its parent cannot be written
  /// @param replaceable with overwrite: the only entries that the goal may hold; anything else is somebody's own and
  ///        makes the folder refused. Empty: any
  AtomicFolder(std::filesystem::path goal, bool overwrite, const std::vector<std::string>& replaceable = {});
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& staging() const { return staging_; }
  const std::filesystem::path& goal() const { return goal_; }
  /// Flushes every file and renames. With overwrite, the two folders are exchanged in one step (renameat2).
  /// @throws InputError on a write error
  void commit();

 private:
  std::filesystem::path goal_, staging_;
  bool overwrite_ = false;
  bool committed_ = false;
};

}  // namespace sbrt
