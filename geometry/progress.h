#pragma once

#include <cstdint>
#include <string_view>

namespace sbrt {

/// Receives the progress of long work. Implementations may print; libraries only call it.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A stage of `total` steps begins; it replaces the stage before.
  virtual void begin(std::string_view stage, std::int64_t total) = 0;
  /// `steps` more steps are done. Thread-safe. @throws Cancelled when the user asked to stop
  virtual void advance(std::int64_t steps = 1) = 0;
  /// The stage is over.
  virtual void end() = 0;
};

/// Ignores everything.
class NoProgress final : public Progress {
 public:
  void begin(std::string_view, std::int64_t) override {}
  void advance(std::int64_t) override {}
  void end() override {}
};

/// For default arguments; it has no state.
inline NoProgress no_progress;

}  // namespace sbrt
