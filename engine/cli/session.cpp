#include "engine/cli/session.h"

#include "engine/cli/console_progress.h"
#include "engine/cli/stage_times.h"
#include "geometry/parallel.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <set>
#include <unistd.h>

namespace sbrt::cli {

Progress& Session::progress() {
  if (!progress_) {
    if (log_level == "off")
      progress_ = std::make_unique<NoProgress>();
    else
      progress_ = std::make_unique<ConsoleProgress>(isatty(STDERR_FILENO) != 0);
    if (log_level == "debug") progress_ = std::make_unique<StageTimes>(std::move(progress_));
  }
  return *progress_;
}

void Session::apply() {
  if (threads != 0) set_thread_count(threads);
  auto logger = spdlog::stderr_color_st("sbrtplan");
  logger->set_pattern("%^%l%$: %v");
  logger->set_level(spdlog::level::from_str(log_level));
  spdlog::set_default_logger(logger);
}

void Session::log(const Warnings& warnings) const {
  std::set<std::string> seen;
  for (const Warning& warning : warnings)
    if (seen.insert(warning.text).second) spdlog::warn("{} [{}]", warning.text, warning.code);
}

CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& summary, const std::string& example) {
  CLI::App* verb = app.add_subcommand(name, summary);
  verb->footer("Example:\n  " + example + "\n\nsbrtplan is " + disclaimer + ".");
  return verb;
}

bool colour_allowed() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

}  // namespace sbrt::cli
