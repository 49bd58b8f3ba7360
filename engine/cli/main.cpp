#include "dicom/import.h"
#include "engine/cli/console_progress.h"
#include "engine/cli/session.h"
#include "engine/version.h"
#include "geometry/error.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

constexpr const char* description =
    "sbrtplan: an open dose planning engine for robotic stereotactic body radiotherapy.\n"
    "Research software, not a medical device: never use it to treat a patient.";

constexpr const char* footer =
    "Exit codes: 0 ok, 1 a stated goal is missed (with --strict), 2 usage, 3 bad input, 4 internal error, 130 "
    "cancelled.\n"
    "Start with:\n"
    "  sbrtplan phantom lung-lesion --out demo\n"
    "  sbrtplan plan demo --gtv GTV --margin-mm 5 --prescription 45Gy/5fx@75% --out demo-plan";

int report_error(const std::exception& error) {
  using namespace sbrt;
  if (dynamic_cast<const Cancelled*>(&error)) {
    std::cerr << "cancelled; nothing was written\n";
    return cli::exit_cancelled;
  }
  if (const auto* input = dynamic_cast<const InputError*>(&error)) {
    std::cerr << "error: " << error.what() << '\n';
    // A complaint about an option by itself is a matter of usage; one about data names the data.
    const bool usage = input->where().starts_with("--") && input->where().find(' ') == std::string::npos;
    return usage ? cli::exit_usage : cli::exit_bad_input;
  }
  if (dynamic_cast<const std::bad_alloc*>(&error)) {
    std::cerr << "error: not enough memory - choose a coarser --grid-mm or a smaller case\n";
    return cli::exit_internal;
  }
  std::cerr << "internal error: " << error.what() << '\n';
  return cli::exit_internal;
}

// OpenMP threads that spin while they wait slow each other down many times on a busy machine; large volumes in small
// pages cost a quarter of a run in page faults, and memory that goes back to the system only to be asked for again
// another tenth; where few cores share the memory, pools of each thread keep what the others could use. Both runtimes
// read their settings only when they are loaded: so the program starts itself once more with them set. A user's own
// settings stay.
void restart_with_runtime_settings(char** argv) {
  bool changed = false;
  const auto set_default = [&](const char* name, const char* value) {
    if (std::getenv(name) == nullptr) changed = ::setenv(name, value, 1) == 0 || changed;
  };
  set_default("OMP_WAIT_POLICY", "passive");
  const std::string tunables =
      "glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=4000000000:glibc.malloc.mmap_threshold=4000000000:"
      "glibc.malloc.arena_max=" +
      std::to_string(1 + std::thread::hardware_concurrency() / 4);
  set_default("GLIBC_TUNABLES", tunables.c_str());
  if (changed) ::execv("/proc/self/exe", argv);  // returns only when it failed; then the defaults serve
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sbrt::cli;
  restart_with_runtime_settings(argv);
  Session session;
  CLI::App app{description, "sbrtplan"};
  app.footer(footer);
  app.require_subcommand(1);
  app.set_version_flag("--version", [] { return sbrt::version_text(); });
  app.add_option("--threads", session.threads, "threads (default: all cores); the result does not depend on it");
  app.add_option("--log-level", session.log_level, "what goes to stderr; debug tells how long each stage took")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.fallthrough();

  add_plan_verb(app, session);
  add_evaluate_verb(app, session);
  add_inspect_verb(app, session);
  add_margin_verb(app, session);
  add_beams_verb(app, session);
  add_dose_verb(app, session);
  add_optimize_verb(app, session);
  add_beam_data_verb(app, session);
  add_protocol_verb(app, session);
  add_gamma_verb(app, session);
  add_compare_verb(app, session);
  add_replan_verb(app, session);
  add_cohort_verb(app, session);
  add_check_verb(app, session);
  add_archive_verb(app, session);
  add_accumulate_verb(app, session);
  add_verify_verb(app, session);
  add_phantom_verb(app, session);

  install_cancel_handler();
  app.parse_complete_callback([&session] { session.apply(); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    return report_error(error);
  }
  return session.exit_code;
}
