/// Memory for depth fans: zeros that cost nothing until they are touched, in large pages where the system has them.
/// Touching 16 MB in pages of 4 kB, filling it and copying it when it grows took a tenth of a plan's time.
#pragma once

#include <cstddef>
#include <memory>

namespace sbrt {

class FanMemory {
 public:
  /// Room for at least so many values; 0 or left from an earlier use. What an earlier call returned becomes invalid
  /// when more are asked for. @throws std::bad_alloc
  float* at_least(std::size_t values);

 private:
  struct Unmap {
    std::size_t bytes;  // 0 by the value-initialisation of unique_ptr
    void operator()(float* values) const;
  };
  std::unique_ptr<float[], Unmap> values_;
};

}  // namespace sbrt
