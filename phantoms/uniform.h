/// Uniform numbers that are the same on every machine. Private to this room.
#pragma once

#include <cstdint>

namespace sbrt::phantoms {

/// In 0...1 (SplitMix64, Steele, Lea and Flood 2014).
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : state_(seed) {}
  double operator()() { return double(bits() >> 11) * 0x1p-53; }
  double between(double low, double high) { return low + (high - low) * (*this)(); }
  /// In 0...count-1.
  int below(int count) { return int((*this)() * count); }

 private:
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace sbrt::phantoms
