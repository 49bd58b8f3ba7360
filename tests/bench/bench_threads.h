/// The number of threads of one benchmark; the next one gets what was set before.
#pragma once

#include "geometry/parallel.h"

namespace sbrt::bench {

class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace sbrt::bench
