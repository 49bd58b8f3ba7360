/// The installation against closed forms and published values, without any file but the shipped beam data.
#pragma once

#include "geometry/progress.h"

#include <string>
#include <vector>

namespace sbrt {

/// One number beside its truth. ok: |result - reference| <= tolerance.
struct CheckRow {
  std::string group;  //!< "volume", "margin", "dose statistics", ...
  std::string test;   //!< what was done, in words
  std::string unit;   //!< of reference, tolerance and result
  double reference = 0, tolerance = 0, result = 0;
  bool ok() const;  ///< false also for a result that is not finite
};

/// The checks in the order of the groups; the same rows for any number of threads.
/// @throws InputError when the shipped beam data are missing or damaged, Cancelled
std::vector<CheckRow> verify_installation(Progress& progress = no_progress);

bool all_ok(const std::vector<CheckRow>& rows);

/// verify.json, schema "sbrtplan-verify/1" (docs/formats.md).
std::string verify_json(const std::vector<CheckRow>& rows, const std::string& version, const std::string& revision);

}  // namespace sbrt
