/// The numbers behind BeamData: axes ascending, every rectangle complete.
#pragma once

#include "dose/beam_data.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sbrt {

/// Where a value lies on an ascending axis: between nodes `low` and `high`, at `fraction` of the way.
struct AxisPosition {
  std::size_t low = 0, high = 0;
  double fraction = 0;
  bool clamped = false;  //!< the value lies outside the axis; the end value holds
};

inline AxisPosition locate(const std::vector<double>& axis, double x) {
  if (!(x > axis.front())) return {0, 0, 0.0, x < axis.front()};
  const std::size_t last = axis.size() - 1;
  if (!(x < axis.back())) return {last, last, 0.0, x > axis.back()};
  const std::size_t high = std::size_t(std::upper_bound(axis.begin(), axis.end(), x) - axis.begin());
  return {high - 1, high, (x - axis[high - 1]) / (axis[high] - axis[high - 1]), false};
}

/// values[row * columns.size() + column]
struct Table2d {
  std::vector<double> rows, columns, values;

  double at(const AxisPosition& r, const AxisPosition& c) const {
    const auto value = [&](std::size_t i, std::size_t j) { return values[i * columns.size() + j]; };
    const double low = value(r.low, c.low) + c.fraction * (value(r.low, c.high) - value(r.low, c.low));
    const double high = value(r.high, c.low) + c.fraction * (value(r.high, c.high) - value(r.high, c.low));
    return low + r.fraction * (high - low);
  }
};

struct Table1d {
  std::vector<double> axis, values;
  double at(const AxisPosition& p) const { return values[p.low] + p.fraction * (values[p.high] - values[p.low]); }
};

struct BeamData::Tables {
  std::string name, version, source, licence, collimator_kind, sha256;
  bool clinical = false;
  double reference_distance_mm = 800, reference_depth_mm = 15, reference_collimator_mm = 60, gy_per_mu = 0.01;

  std::vector<double> collimators_mm;  //!< ascending
  std::vector<Table1d> output_factor;  //!< by collimator, over the distance [mm]
  Table2d tpr;                         //!< rows: field diameter [mm], columns: depth [mm]
  std::vector<Table2d> ocr;  //!< by collimator; rows: depth [mm], columns: radius at the reference distance [mm]

  /// @return place of the collimator in `collimators_mm`, or its size when the set lacks it
  std::size_t find(double collimator_mm) const {
    const auto it = std::find(collimators_mm.begin(), collimators_mm.end(), collimator_mm);
    return std::size_t(it - collimators_mm.begin());
  }
};

}  // namespace sbrt
