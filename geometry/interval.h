#pragma once

namespace sbrt {

/// Closed interval that holds the true value as far as the numerical method can tell.
struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

/// A number with its numerical interval; low <= value <= high.
struct Measured {
  double value = 0;
  Interval interval;
  bool operator==(const Measured&) const = default;
};

}  // namespace sbrt
