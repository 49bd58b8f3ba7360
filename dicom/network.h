/// A DICOM archive over the network: C-ECHO, C-FIND, C-GET or C-MOVE, C-STORE (PS3.4 B, C; PS3.7).
///
/// Neglected: TLS, user identity, storage commitment, relational queries. One association for each call, so an archive
/// that goes away between two calls does no harm. Nothing that an archive sends decides where a file is written: names
/// are made from UIDs of digits and dots only, and everything else is refused by name.
#pragma once

#include "dicom/objects.h"
#include "geometry/error.h"
#include "geometry/progress.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sbrt::dicom {

/// "dimse://ORTHANC@127.0.0.1:4242"
struct DimseAddress {
  std::string ae_title;  //!< of the archive, 1 to 16 characters
  std::string host;      //!< name or address, at most 57 characters
  int port = 104;
  bool operator==(const DimseAddress&) const = default;
};
/// Whether `source` means an archive over the network: it begins with dimse://.
bool is_dimse_address(std::string_view source);
/// @throws InputError naming the part that is wrong
DimseAddress parse_dimse_address(std::string_view source);
std::string to_text(const DimseAddress& address);

struct DimseOptions {
  std::string calling_ae_title = "SBRTPLAN";  //!< the archive may know callers by it
  int timeout_s = 30;                         //!< for the connection, and for each message of a peer
  int store_port = 0;  //!< 0: C-GET; otherwise C-MOVE to calling_ae_title, which the archive knows at this port
};

/// The archive does not answer, rejects this caller or broke off: whatever is asked next would fail alike.
class DimseUnavailable : public InputError {
 public:
  using InputError::InputError;
};

/// What to look for.
struct DimseQuery {
  std::string first_date, last_date;  //!< of the study, YYYYMMDD, both included; empty: open
  /// Which of the studies found are searched for series; empty: all. Matching is done here and not by the archive,
  /// as archives differ in letter case and wildcards.
  std::function<bool(const PatientStudy&)> wanted;
  std::vector<std::string> with_objects_of;  //!< modalities whose series are listed object by object
};

struct FoundSeries {
  PatientStudy patient_study;
  std::string series_instance_uid, modality, series_description, body_part;
  int instances = -1;                      //!< -1 where the archive does not say
  std::vector<InstanceReference> objects;  //!< under DimseQuery::with_objects_of, ordered by UID
};

struct Retrieved {
  std::vector<std::filesystem::path> files;  //!< complete, in order of name
  std::vector<std::string> refused;          //!< objects that came and were not written, each with its reason
};

struct Stored {
  std::vector<std::filesystem::path> files;                           //!< that the archive confirmed
  std::vector<std::pair<std::filesystem::path, std::string>> failed;  //!< each with its reason
};

class DimseArchive {
 public:
  /// Does not connect. @throws InputError for titles, time and ports out of range
  explicit DimseArchive(DimseAddress address, DimseOptions options = {});

  const DimseAddress& address() const { return address_; }

  /// C-ECHO. @throws DimseUnavailable
  void echo() const;

  /// All series that match, ordered by patient id, study UID, series UID; asked for study by study, as archives that
  /// answer hierarchical queries only want it. @throws DimseUnavailable; InputError when a search fails; Cancelled
  std::vector<FoundSeries> find_series(const DimseQuery& query = {}, Progress& progress = no_progress) const;

  /// Fetches a series, or one object of it, into an existing folder: one file per object, named by its SOP instance
  /// UID. A file that ends in ".dcm" is complete; a broken association leaves only names that end in ".part".
  /// @param sop_instance_uid empty: the whole series
  /// @throws DimseUnavailable; InputError when the archive reports objects that it could not send
  Retrieved retrieve(const std::string& study_uid, const std::string& series_uid, const std::string& sop_instance_uid,
                     const std::filesystem::path& folder, Progress& progress = no_progress) const;

  /// C-STORE of each file in its own transfer syntax. A file that the archive rejects is listed, the others go on.
  /// @throws DimseUnavailable
  Stored store(const std::vector<std::filesystem::path>& files, Progress& progress = no_progress) const;

 private:
  DimseAddress address_;
  DimseOptions options_;
};

/// 1 to 64 digits and dots, as PS3.5 9.1 has it: safe as a file's name.
bool is_uid(std::string_view text);

}  // namespace sbrt::dicom
