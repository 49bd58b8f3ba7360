/// An archive replanned into a store: what is to be done, and doing it.
#pragma once

#include "engine/archive/case_discovery.h"
#include "engine/archive/case_job.h"
#include "engine/archive/case_runner.h"
#include "engine/archive/store.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct ReplanRequest {
  std::string source;  //!< as open_source() takes it
  ArchiveSelection selection;
  std::filesystem::path protocol;
  bool store_back = false;
  SourceOptions source_options;
  bool redo = false;          //!< replan finished cases that were made from something else
  bool trust_inputs = false;  //!< do not hash the inputs of finished cases again
};

enum class CaseState {
  to_do,
  failed_before,  //!< is tried again
  finished,
  other_origin,  //!< finished, but inputs, protocol, beam data or program are others now: the note says which
};
std::string_view to_string(CaseState state);

struct SurveyedCase {
  ReplanCase one;
  CaseState state = CaseState::to_do;
  std::string note;
};

struct Survey {
  ReplanProtocol protocol;
  std::vector<SurveyedCase> cases;        //!< by id
  std::vector<std::string> not_selected;  //!< finished cases of the store that this selection does not name
  std::vector<ArchiveRefusal> refused;
  Warnings warnings;
};

/// Lists the archive and compares it with the store; writes nothing. @param store null: there is none yet
Survey survey_archive(const ReplanRequest& request, const Store* store, Progress& progress = no_progress);

/// Writes the job files of the cases that are to be done. @return their ids, in order @pre the store is locked
std::vector<std::string> write_jobs(const Survey& survey, const ReplanRequest& request, const Store& store,
                                    bool verify);

struct ReplanSummary {
  int finished = 0;
  std::vector<std::string> elsewhere;                         //!< another process works on them
  std::vector<std::pair<std::string, std::string>> failures;  //!< id, reason
  std::string stopped;                                        //!< why no further case was begun; empty: all were
};
/// Runs the jobs and keeps times.csv. @pre the store is locked
ReplanSummary run_jobs(const std::vector<std::string>& ids, const Store& store, const RunnerOptions& options,
                       Progress& progress = no_progress);

/// Ends of a case's process (its exit code), besides 0: done, 3: failed with its reason in the store.
inline constexpr int exit_case_stopped = 74, exit_case_busy = 75;

/// The store's protocol becomes that of the run. @throws InputError when it has another and `replace` is false
void keep_protocol(const Store& store, const std::filesystem::path& protocol, bool replace);

}  // namespace sbrt
