/// The folder that replanned cases are kept in. Nothing in it is ever half there: a case appears by one rename of a
/// folder whose files are on the disk, so a kill, a power cut or a full disk leaves it done or not begun.
///
///   cases/ID/        one finished case: case-result.json, plan.json, report.json, dose.dcm, ...
///   failed/ID.json   why a case could not be planned; gone once it could
///   verified/ID.json what --verify found
///   protocol.json    the protocol of the store
///   logs/ID.txt      what the case said while it ran; times.csv: how long cases took (these differ from run to run)
///   .work-ID, .jobs, .locks   of unfinished cases
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// An exclusive lock on a file, kept by the kernel: it ends with its process, however that ends.
class FileLock {
 public:
  /// Nothing when another process holds it. @throws InputError when the file cannot be made
  static std::optional<FileLock> take(const std::filesystem::path& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

class Store {
 public:
  /// @param create makes the folder and its parts @throws InputError when it is no store, or cannot be written
  Store(const std::filesystem::path& folder, bool create);

  const std::filesystem::path& folder() const { return folder_; }  ///< absolute
  std::filesystem::path case_folder(const std::string& id) const { return folder_ / "cases" / id; }
  std::filesystem::path case_result(const std::string& id) const { return case_folder(id) / "case-result.json"; }
  std::filesystem::path failure(const std::string& id) const { return folder_ / "failed" / (id + ".json"); }
  std::filesystem::path verification(const std::string& id) const { return folder_ / "verified" / (id + ".json"); }
  std::filesystem::path job(const std::string& id) const { return folder_ / ".jobs" / (id + ".json"); }
  std::filesystem::path log(const std::string& id) const { return folder_ / "logs" / (id + ".txt"); }
  std::filesystem::path protocol() const { return folder_ / "protocol.json"; }
  std::filesystem::path lock_file(const std::string& id) const { return folder_ / ".locks" / id; }
  std::filesystem::path work_folder(const std::string& id) const { return folder_ / (".work-" + id); }

  bool finished(const std::string& id) const;
  std::vector<std::string> finished_cases() const;  ///< sorted

  /// Takes away what an unfinished run left and makes the folder anew. @pre the caller holds the lock of the case
  std::filesystem::path fresh_work_folder(const std::string& id) const;
  /// Makes `result`, a folder below the store, the finished case, and forgets an earlier failure. Either all of it is
  /// on the disk afterwards or the case is as it was. @pre the caller holds the lock of the case
  void finish(const std::string& id, const std::filesystem::path& result) const;
  /// Takes away work folders and locks whose case nobody works on. @pre the caller holds the lock of the store
  void clean() const;
  /// True when a file can be written and reaches the disk.
  bool can_write() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace sbrt
