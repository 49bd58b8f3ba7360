/// Quasi-random numbers that are the same on every machine: integer arithmetic only until the last division.
#pragma once

#include <cstdint>

namespace sbrt {

/// SplitMix64 (Steele, Lea, Flood 2014): turns counters into well-mixed 64-bit words.
inline std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Upper 53 bits as a number in [0, 1).
inline double unit_number(std::uint64_t x) { return double(x >> 11) * 0x1.0p-53; }

/// Additive recurrence with the powers of 1/g, g^4 = g + 1 (Roberts 2018), quasi-uniform in up to three dimensions,
/// shifted by a seed (Cranley-Patterson rotation). Coordinate `axis` of point `i`.
inline double quasi_random(std::uint64_t i, int axis, std::uint64_t seed) {
  // 2^64 / g^(axis+1) with g^4 = g + 1
  constexpr std::uint64_t step[3]{0xd1b54a32d192ed03u, 0xabc98388fb8fac02u, 0x8cb92ba72f3d8dd7u};
  return unit_number((i + 1) * step[axis] + mixed(seed * 3 + std::uint64_t(axis)));
}

}  // namespace sbrt
