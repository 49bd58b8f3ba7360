#include "engine/cli/stage_times.h"

#include <spdlog/spdlog.h>

namespace sbrt::cli {
namespace {

double seconds(std::chrono::steady_clock::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

StageTimes::StageTimes(std::unique_ptr<Progress> shown) : shown_(std::move(shown)), first_(Clock::now()) {}

StageTimes::~StageTimes() {
  close();
  const Clock::duration all = Clock::now() - first_;
  spdlog::debug("{:.3f} s between the stages, {:.3f} s in all", seconds(all - in_stages_), seconds(all));
}

void StageTimes::begin(std::string_view stage, std::int64_t total) {
  close();
  shown_->begin(stage, total);
  stage_ = stage;
  begun_ = Clock::now();
}

void StageTimes::end() {
  close();
  shown_->end();
}

void StageTimes::close() {
  if (stage_.empty()) return;
  const Clock::duration took = Clock::now() - begun_;
  in_stages_ += took;
  spdlog::debug("{}: {:.3f} s", stage_, seconds(took));
  stage_.clear();
}

}  // namespace sbrt::cli
