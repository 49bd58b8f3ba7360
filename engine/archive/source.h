/// Where archived cases come from: what an archive holds, and how the objects of a case reach this machine.
///
/// A folder tree (folder_source.h) and a DICOM archive over the network say the same of themselves. Headers only: no
/// source reads pixel data to list. What a source cannot know without fetching (references between objects, of a
/// network archive) stays empty in the entry; who needs it looks at the fetched files.
#pragma once

#include "dicom/network.h"
#include "geometry/error.h"
#include "geometry/progress.h"
#include "geometry/warning.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sbrt {

/// One CT series or one RT object. Text is UTF-8; empty where the archive had nothing.
struct ArchiveEntry {
  std::string modality;  //!< CT, RTSTRUCT, RTDOSE, RTPLAN, or another code of the standard
  std::string patient_id, patient_name;
  std::string study_date;  //!< YYYYMMDD as stored
  std::string study_uid, series_uid;
  std::string sop_uid;                       //!< of an RT object; empty for a CT series, which is many
  std::string body_part;                     //!< BodyPartExamined
  std::string label;                         //!< series description or label
  std::int64_t instances = 0;                //!< files of the series; 1 for an RT object
  std::vector<std::string> structure_names;  //!< of an RTSTRUCT, under ArchiveSelection::with_structure_names

  // What the object refers to, where the source reads its header.
  std::string frame_of_reference_uid;
  std::vector<std::string> referenced_series_uids;  //!< CT series that an RTSTRUCT was drawn on
  std::vector<std::string> referenced_image_uids;   //!< CT images that its contours name, sorted
  std::string referenced_structure_uid;             //!< of an RTDOSE or RTPLAN
  std::string referenced_plan_uid;                  //!< of an RTDOSE

  /// Where it lies already, relative to ArchiveSource::root(); empty when it must be fetched.
  std::vector<std::filesystem::path> files;
  std::vector<std::string> image_uids;  //!< SOP instances of a CT series in the order of `files`, where they are known

  bool operator==(const ArchiveEntry&) const = default;
};

/// Empty members select everything. Patterns know * and ?, and do not look at letter case (name_pattern.h).
struct ArchiveSelection {
  std::string patient_id, patient_name;  //!< patterns
  std::string date_from, date_to;        //!< YYYYMMDD, both included; what has no date is then left out
  std::vector<std::string> modalities;
  std::string structure_name;         //!< pattern: RTSTRUCTs that have such a structure; other objects are kept
  bool with_structure_names = false;  //!< also fill ArchiveEntry::structure_names; over a network this costs a
                                      //!< fetch of every RTSTRUCT
};

/// A file or object that is none that this program can use.
struct ArchiveRefusal {
  std::string what, why;
};

struct ArchiveListing {
  std::vector<ArchiveEntry> entries;  //!< by patient ID, study, modality, series and SOP UID: not by order on disk
  std::vector<ArchiveRefusal> refused;
  Warnings warnings;
};

/// Files of a case on this machine. `files` are relative to `root`, so that results do not depend on where it lies.
struct FetchedFiles {
  std::filesystem::path root;
  std::vector<std::filesystem::path> files;
};

/// The archive cannot be reached, or gave up in the middle: no case is to blame, later ones would fail alike.
class ArchiveUnavailable : public InputError {
 public:
  using InputError::InputError;
};

/// One archive. Not thread-safe; processes open one each.
class ArchiveSource {
 public:
  virtual ~ArchiveSource() = default;

  /// As the user wrote it: a folder, or dimse://AET@host:port.
  virtual std::string name() const = 0;
  /// @throws ArchiveUnavailable
  virtual ArchiveListing list(const ArchiveSelection& selection, Progress& progress = no_progress) = 0;
  /// Brings the objects of `entries` (of this archive's list()) to this machine: into `folder`, which exists and is
  /// empty, or says where they lie already. Equal archives give equal `files`.
  /// @throws ArchiveUnavailable; InputError when an object is gone or incomplete
  virtual FetchedFiles fetch(const std::vector<ArchiveEntry>& entries, const std::filesystem::path& folder,
                             Progress& progress = no_progress) = 0;
  /// Stores new objects in the archive; an object that is there already with the same content is no error.
  /// @throws ArchiveUnavailable; InputError when the archive takes no objects or refuses one
  virtual void store(const std::vector<std::filesystem::path>& files, Progress& progress = no_progress) = 0;
};

struct SourceOptions {
  std::filesystem::path store_into;  //!< of a folder source: where store() puts new objects; empty: it takes none
  dicom::DimseOptions network;
};

/// Opens what the user wrote: a folder, or dimse://AET@host:port. @throws InputError, ArchiveUnavailable
std::unique_ptr<ArchiveSource> open_source(const std::string& text, const SourceOptions& options = {});

/// Order and selection that all sources share: drops what `selection` leaves out and sorts.
void select_and_sort(std::vector<ArchiveEntry>& entries, const ArchiveSelection& selection);

}  // namespace sbrt
