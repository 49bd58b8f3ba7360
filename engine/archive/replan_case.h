/// One case of a replan, from its job to its folder in the store. Made for a process of its own: it changes the working
/// directory, so that results name inputs relative to the archive.
#pragma once

#include "engine/archive/case_job.h"
#include "engine/archive/store.h"
#include "geometry/progress.h"

#include <filesystem>
#include <string>

namespace sbrt {

enum class CaseOutcome {
  finished,          ///< or verified: the verification says with what result
  already_finished,  ///< nothing was done
  failed,            ///< the reason is in the store
  busy,              ///< another process works on it
  stopped,           ///< archive or store cannot be used: other cases would end the same
};

/// Why a case could not be planned (schema sbrtplan-case-failure/1).
struct CaseFailure {
  std::string kind;  //!< input, memory, internal, killed
  std::string reason;
};
void write_failure(const Store& store, const ReplanCase& one, const CaseFailure& failure);

struct CaseEnd {
  CaseOutcome outcome = CaseOutcome::finished;
  std::string why;  //!< of failed and stopped
};
/// Never leaves a half-done case. @throws Cancelled; InputError when the job itself cannot be read
CaseEnd replan_case(const std::filesystem::path& job_file, Progress& progress = no_progress);

}  // namespace sbrt
