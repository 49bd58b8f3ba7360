/// What every verb needs: common options, progress on stderr, exit codes.
#pragma once

#include "geometry/progress.h"
#include "geometry/warning.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace sbrt::cli {

/// Exit codes, as documented in --help.
enum ExitCode {
  exit_ok = 0,
  exit_goal_missed = 1,
  exit_usage = 2,
  exit_bad_input = 3,
  exit_internal = 4,
  exit_cancelled = 130
};

inline constexpr const char* disclaimer = "research software, not a medical device";

/// State of one run of the program.
struct Session {
  int threads = 0;  //!< 0: all cores
  std::string log_level = "info";
  int exit_code = exit_ok;

  /// Bar with remaining time on a terminal, plain lines elsewhere; Ctrl-C makes it throw Cancelled.
  Progress& progress();
  /// Applies the common options; called once they are parsed.
  void apply();
  /// Warnings go to the log; identical texts once.
  void log(const Warnings& warnings) const;

 private:
  std::unique_ptr<Progress> progress_;
};

/// Declares a verb with its one-line summary and an example.
CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& summary, const std::string& example);

/// True when stdout is a terminal and NO_COLOR is not set.
bool colour_allowed();

void add_phantom_verb(CLI::App& app, Session& session);
void add_inspect_verb(CLI::App& app, Session& session);
void add_margin_verb(CLI::App& app, Session& session);
void add_beams_verb(CLI::App& app, Session& session);
void add_dose_verb(CLI::App& app, Session& session);
void add_optimize_verb(CLI::App& app, Session& session);
void add_plan_verb(CLI::App& app, Session& session);
void add_evaluate_verb(CLI::App& app, Session& session);
void add_beam_data_verb(CLI::App& app, Session& session);
void add_verify_verb(CLI::App& app, Session& session);
void add_accumulate_verb(CLI::App& app, Session& session);
void add_protocol_verb(CLI::App& app, Session& session);
void add_gamma_verb(CLI::App& app, Session& session);
void add_check_verb(CLI::App& app, Session& session);
void add_compare_verb(CLI::App& app, Session& session);
void add_archive_verb(CLI::App& app, Session& session);
void add_replan_verb(CLI::App& app, Session& session);
void add_cohort_verb(CLI::App& app, Session& session);

}  // namespace sbrt::cli
