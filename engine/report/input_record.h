#pragma once

#include <string>

namespace sbrt {

/// One input of a result, for provenance.
struct InputRecord {
  std::string path;    //!< file, or folder of a series
  std::string kind;    //!< "CT", "RTSTRUCT", "RTDOSE", "RTPLAN", "BEAM_DATA", "BEAMS", ...
  std::string uid;     //!< SOP instance UID, or series instance UID of a CT
  std::string sha256;  //!< of the file; of a series: of the slices' hashes in slice order
  bool operator==(const InputRecord&) const = default;
};

}  // namespace sbrt
