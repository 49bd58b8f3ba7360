/// The only place where threads are started. Each index has one owner, so results do not depend on the thread count.
#pragma once

#include <cstdint>
#include <exception>
#include <limits>

namespace sbrt {

/// Number of threads that parallel_for uses; default: all cores.
int thread_count();
/// @throws InputError unless 1 <= n <= 1024
void set_thread_count(int n);

/// Calls body(i) for i in 0...n-1, each exactly once, in any order on any thread. body must write only what index i
/// owns. If bodies throw, the exception of the lowest index that threw is rethrown after all others have stopped.
template <class Body>
void parallel_for(std::int64_t n, Body&& body) {
  std::exception_ptr error;
  std::int64_t error_index = std::numeric_limits<std::int64_t>::max();
  const int threads = thread_count();
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1 && n > 1)
  for (std::int64_t i = 0; i < n; ++i) {
    // After a failure only lower indices still matter; skipping the others ends the loop early.
    std::int64_t failed;
#pragma omp atomic read
    failed = error_index;
    if (i > failed) continue;
    try {
      body(i);
    } catch (...) {
#pragma omp critical(sbrt_parallel_error)
      if (i < error_index) {
        error = std::current_exception();
#pragma omp atomic write
        error_index = i;
      }
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Calls body(begin, end) for consecutive blocks of at most `block` indices that together cover 0...n-1.
/// The blocks depend on n and block only, never on the thread count.
template <class Body>
void parallel_for_blocks(std::int64_t n, std::int64_t block, Body&& body) {
  const std::int64_t blocks = (n + block - 1) / block;
  parallel_for(blocks, [&](std::int64_t b) {
    const std::int64_t begin = b * block;
    const std::int64_t end = begin + block < n ? begin + block : n;
    body(begin, end);
  });
}

}  // namespace sbrt
