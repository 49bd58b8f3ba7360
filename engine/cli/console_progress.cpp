#include "engine/cli/console_progress.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace sbrt::cli {
namespace {

volatile std::sig_atomic_t cancel_flag = 0;

void on_signal(int signal) {
  if (cancel_flag) _exit(128 + signal);
  cancel_flag = 1;
}

constexpr auto first_shown_after = std::chrono::milliseconds(500);
constexpr auto redraw_terminal = std::chrono::milliseconds(100);
constexpr auto redraw_plain = std::chrono::seconds(5);

}  // namespace

void install_cancel_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file size limit is a write error like a full disk, with a message and nothing half-written.
  std::signal(SIGXFSZ, SIG_IGN);
}

bool cancel_requested() { return cancel_flag != 0; }

ConsoleProgress::ConsoleProgress(bool terminal) : terminal_(terminal) {}

ConsoleProgress::~ConsoleProgress() { clear(); }

void ConsoleProgress::begin(std::string_view stage, std::int64_t total) {
  if (cancel_requested()) throw Cancelled();
  const std::lock_guard lock(drawing_);
  clear();
  stage_ = stage;
  total_ = std::max<std::int64_t>(total, 1);
  done_ = 0;
  start_ = last_drawn_ = Clock::now();
  shown_ = false;
}

void ConsoleProgress::advance(std::int64_t steps) {
  if (cancel_requested()) throw Cancelled();
  const std::int64_t done = done_ += steps;
  const std::unique_lock lock(drawing_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const auto now = Clock::now();
  if (now - start_ < first_shown_after) return;
  if (shown_ && now - last_drawn_ < (terminal_ ? Clock::duration(redraw_terminal) : Clock::duration(redraw_plain)))
    return;
  draw(done, now);
}

void ConsoleProgress::end() {
  const std::lock_guard lock(drawing_);
  if (!terminal_ && shown_) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    fmt::print(stderr, "{}: done in {:.1f} s\n", stage_, seconds);
  }
  clear();
}

void ConsoleProgress::draw(std::int64_t done, Clock::time_point now) {
  const double share = std::clamp(double(done) / double(total_), 0.0, 1.0);
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  // Nothing is known of the time before the first step is done.
  const std::string left = share > 0 ? fmt::format("{:.0f} s left", elapsed * (1 - share) / share) : "";
  if (terminal_) {
    constexpr int width = 30;
    const int filled = int(share * width);
    fmt::print(stderr, "\r{:<22} [{}{}] {:3.0f} %  {} \033[K", stage_, std::string(filled, '#'),
               std::string(width - filled, '.'), 100 * share, left);
  } else {
    fmt::print(stderr, "{}: {:.0f} %{}{}\n", stage_, 100 * share, left.empty() ? "" : ", ", left);
  }
  std::fflush(stderr);
  last_drawn_ = now;
  shown_ = true;
}

void ConsoleProgress::clear() {
  if (terminal_ && shown_) {
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
  }
  shown_ = false;
}

}  // namespace sbrt::cli
