#pragma once

#include "geometry/progress.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace sbrt::cli {

/// Progress on stderr: a bar that redraws itself on a terminal; elsewhere one line per stage that lasts, every few
/// seconds. Nothing is shown for stages shorter than a moment. advance() throws Cancelled after SIGINT or SIGTERM.
class ConsoleProgress final : public Progress {
 public:
  explicit ConsoleProgress(bool terminal);
  ~ConsoleProgress() override;
  void begin(std::string_view stage, std::int64_t total) override;
  void advance(std::int64_t steps) override;
  void end() override;

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::int64_t done, Clock::time_point now);
  void clear();

  bool terminal_;
  std::mutex drawing_;
  std::string stage_;
  std::int64_t total_ = 0;
  std::atomic<std::int64_t> done_{0};
  Clock::time_point start_, last_drawn_;
  bool shown_ = false;
};

/// SIGINT and SIGTERM ask the running verb to stop at its next progress step; a second signal ends the program at once.
void install_cancel_handler();
bool cancel_requested();

}  // namespace sbrt::cli
