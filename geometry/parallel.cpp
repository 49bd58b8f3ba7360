#include "geometry/parallel.h"

#include "geometry/error.h"

#include <atomic>
#include <omp.h>
#include <string>

namespace sbrt {
namespace {

std::atomic<int> chosen_threads{0};

}  // namespace

int thread_count() {
  const int chosen = chosen_threads.load();
  return chosen > 0 ? chosen : omp_get_num_procs();
}

void set_thread_count(int n) {
  if (n < 1 || n > 1024)
    throw InputError("thread count " + std::to_string(n), "--threads", "it must lie between 1 and 1024",
                     "leave it out, or give 0, to use all cores");
  chosen_threads = n;
}

}  // namespace sbrt
