#pragma once

#include "geometry/progress.h"

#include <chrono>
#include <memory>
#include <string>

namespace sbrt::cli {

/// Passes everything on and logs at level debug how long each stage took by the clock on the wall, and at its own end
/// what lay between the stages and the sum. Stages are told one after the other, from one thread.
class StageTimes final : public Progress {
 public:
  explicit StageTimes(std::unique_ptr<Progress> shown);
  ~StageTimes() override;
  void begin(std::string_view stage, std::int64_t total) override;
  void advance(std::int64_t steps) override { shown_->advance(steps); }
  void end() override;

 private:
  using Clock = std::chrono::steady_clock;
  void close();

  std::unique_ptr<Progress> shown_;
  std::string stage_;  //!< empty between stages
  Clock::time_point first_, begun_;
  Clock::duration in_stages_{0};
};

}  // namespace sbrt::cli
