/// case-result.json, schema sbrtplan-case-result/1 (docs/formats.md): what is kept of a replanned case for the series.
/// No clock time is in it: equal inputs give equal bytes.
#pragma once

#include "engine/archive/archived_plan.h"
#include "engine/archive/case_job.h"
#include "engine/archive/case_request.h"
#include "engine/report/plan_report.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

struct HashedObject {
  std::string path;  //!< "CT/<series UID>", "RTSTRUCT/<SOP UID>", ...: not where it lay
  std::string sha256;
  bool operator==(const HashedObject&) const = default;
};
/// Hashes of the objects of a case. Of a series: over the sorted hashes of its files, so their names do not count.
/// @throws InputError when a file cannot be read
std::vector<HashedObject> hashes_of(const std::vector<ArchiveEntry>& objects, const std::filesystem::path& root);

/// What a result was made from, for "is it still the same?".
struct ResultOrigin {
  std::vector<HashedObject> inputs;
  std::string protocol_sha256, beam_data_sha256, program_revision;
  std::string protocol_files_sha256;  //!< of the files that the protocol refers to; empty without any
  std::vector<std::string> outputs;   //!< SOP instance UIDs of the objects that were made
};
/// @throws InputError when it is no such file
ResultOrigin read_result_origin(const std::filesystem::path& case_result);

struct CaseFindings {
  const CaseJob* job = nullptr;
  const CaseRequest* request = nullptr;
  const PlanOutcome* outcome = nullptr;
  const PlanReport* report = nullptr;
  const ArchivedPlan* archived = nullptr;
  ResultOrigin origin;
};
std::string case_result_json(const CaseFindings& findings);

}  // namespace sbrt
