/// Points that look random but depend on a counter only, the same for any number of threads.
#pragma once

#include "geometry/space.h"

#include <cstdint>
#include <optional>

namespace sbrt {

/// 64 well-mixed bits of a counter (SplitMix64, Steele, Lea and Flood 2014).
inline std::uint64_t mixed(std::uint64_t counter) {
  std::uint64_t z = counter * 0x9E3779B97F4A7C15u + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// A point of the unit cube, every axis in steps of 2^-21.
struct UnitPoint {
  double a, b, c;
};
inline UnitPoint unit_point(std::uint64_t counter) {
  const std::uint64_t bits = mixed(counter);
  const auto part = [&](int axis) { return (double(bits >> (21 * axis) & 0x1FFFFF) + 0.5) / 0x200000; };
  return {part(0), part(1), part(2)};
}

inline constexpr std::uint64_t scatter_tries = 64;

/// A point that is as likely to lie anywhere in the part of a cell that is inside; nothing when 64 points of the cell
/// miss that part, as happens where it is less than a twentieth.
/// @param place UnitPoint -> PatientPoint in the cell  @param inside PatientPoint -> bool
template <class Place, class Inside>
std::optional<PatientPoint> point_in_part(std::uint64_t cell, Place&& place, Inside&& inside) {
  for (std::uint64_t t = 0; t < scatter_tries; ++t) {
    const PatientPoint p = place(unit_point(cell * scatter_tries + t));
    if (inside(p)) return p;
  }
  return std::nullopt;
}

}  // namespace sbrt
