/// A DICOM archive over the network (dicom/network.h) as a source of cases.
#pragma once

#include "dicom/network.h"
#include "engine/archive/source.h"

namespace sbrt {

/// Dates select in the archive, everything else here. Structure names and what objects refer to are known only under
/// ArchiveSelection::with_structure_names or structure_name, which fetch every RTSTRUCT and RTPLAN of the selected
/// studies; an RTDOSE is never fetched to list.
class DimseSource final : public ArchiveSource {
 public:
  /// Asks whether the archive is there. @throws ArchiveUnavailable; InputError for a wrong address
  DimseSource(const std::string& address, const dicom::DimseOptions& options);

  std::string name() const override;
  ArchiveListing list(const ArchiveSelection& selection, Progress& progress) override;
  /// Files are named <modality>/<SOP instance UID>.dcm.
  FetchedFiles fetch(const std::vector<ArchiveEntry>& entries, const std::filesystem::path& folder,
                     Progress& progress) override;
  void store(const std::vector<std::filesystem::path>& files, Progress& progress) override;

 private:
  dicom::DimseArchive archive_;
};

}  // namespace sbrt
