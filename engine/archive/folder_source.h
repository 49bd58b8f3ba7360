/// A folder tree as an archive: every DICOM file below it, however it is sorted. Nothing is copied to be read.
#pragma once

#include "engine/archive/source.h"

namespace sbrt {

class FolderSource final : public ArchiveSource {
 public:
  /// @param store_into where store() puts new objects; empty: it takes none. It may lie below `folder`
  /// @throws InputError when there is no such folder
  explicit FolderSource(const std::filesystem::path& folder, std::filesystem::path store_into = {});

  std::string name() const override { return name_; }
  ArchiveListing list(const ArchiveSelection& selection, Progress& progress) override;
  FetchedFiles fetch(const std::vector<ArchiveEntry>& entries, const std::filesystem::path& folder,
                     Progress& progress) override;
  /// Each file becomes <modality>.<SOP instance UID>.dcm below a folder of its patient; written whole or not at all.
  void store(const std::vector<std::filesystem::path>& files, Progress& progress) override;

 private:
  std::string name_;
  std::filesystem::path root_;  //!< canonical
  std::filesystem::path store_into_;
};

}  // namespace sbrt
