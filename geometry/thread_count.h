/// A thread count for one scope.
#pragma once

#include "geometry/parallel.h"

namespace sbrt {

/// Sets the number of threads of parallel_for() for the whole program; what was set before returns with its end.
class ThreadCount {
 public:
  /// @throws InputError unless 1 <= n <= 1024
  explicit ThreadCount(int n) : before_(thread_count()) { set_thread_count(n); }
  ~ThreadCount() { set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace sbrt
