/// Cases side by side, each in a process of its own: this program, started once more. Whatever ends a case - a crash, a
/// kill, too little memory - ends that case only.
#pragma once

#include "geometry/progress.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sbrt {

struct RunnerOptions {
  int jobs = 1;  //!< processes at a time
  int threads_per_job = 1;
  double memory_gb_per_job = 0;  //!< data of one process; 0: not limited
};

/// How the process of one case ended.
struct CaseRun {
  std::string id;
  int exit_code = 0;  //!< -1 when a signal ended it
  int signal = 0;
  double seconds = 0, cpu_seconds = 0, peak_mb = 0;
};

struct CaseProcess {
  std::string id;
  std::vector<std::string> arguments;  //!< of this program
  std::filesystem::path log;           //!< its output; replaced
};

/// Starts the processes in order, at most `jobs` at a time, and tells of each as it ends. The processes end with this
/// one, also when it is killed.
/// @param ended returns false to start no further ones @throws Cancelled after the running ones were ended; InputError
/// when no process can be started
void run_processes(const std::vector<CaseProcess>& processes, const RunnerOptions& options,
                   const std::function<bool(const CaseRun&)>& ended, Progress& progress = no_progress);

}  // namespace sbrt
