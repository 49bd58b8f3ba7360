#include "geometry/hottest_of_rows.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace sbrt {
namespace {

struct RowRange {
  float lowest, highest;
  bool finite;
};

// In lanes that stay apart, so that the loop runs in wide registers. A value that is not finite makes its zero NaN.
RowRange range_of(std::span<const float> row) {
  constexpr std::size_t lanes = 16;
  std::array<float, lanes> low, high, zero;
  low.fill(row.front()), high.fill(row.front()), zero.fill(0);
  const auto add = [&](std::size_t lane, float v) {
    low[lane] = v < low[lane] ? v : low[lane];
    high[lane] = v > high[lane] ? v : high[lane];
    zero[lane] += v * 0;
  };
  std::size_t i = 0;
  for (; i + lanes <= row.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) add(lane, row[i + lane]);
  for (std::size_t lane = 0; i < row.size(); ++i, ++lane) add(lane, row[i]);
  float sum = 0;
  for (const float z : zero) sum += z;
  return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end()), sum == 0};
}

}  // namespace

HottestOfRows::HottestOfRows(const DoseGrid& dose)
    : ny_(dose.grid().size().ny), nz_(dose.grid().size().nz), row_(std::size_t(ny_) * std::size_t(nz_)) {
  const auto nx = std::size_t(dose.grid().size().nx);
  std::vector<float> coldest(std::size_t(nz_), std::numeric_limits<float>::infinity());
  parallel_for(nz_, [&](std::int64_t k) {
    for (int j = 0; j < ny_; ++j) {
      const std::span<const float> row(dose.values().data() + dose.grid().index(0, j, int(k)), nx);
      const RowRange range = range_of(row);
      if (!range.finite) {
        const auto bad = std::find_if(row.begin(), row.end(), [](float v) { return !std::isfinite(v); });
        throw InputError(
            "the dose is not a number",
            "voxel " + std::to_string(bad - row.begin()) + ", " + std::to_string(j) + ", " + std::to_string(k),
            "NaN or infinity cannot be judged", "export or compute the dose again");
      }
      row_[std::size_t(k) * std::size_t(ny_) + std::size_t(j)] = range.highest;
      coldest[std::size_t(k)] = std::min(coldest[std::size_t(k)], range.lowest);
    }
  });
  lowest_ = *std::min_element(coldest.begin(), coldest.end());
  highest_ = *std::max_element(row_.begin(), row_.end());
}

float HottestOfRows::around_cells(int j, int k) const {
  const int j2 = std::min(j + 1, ny_ - 1), k2 = std::min(k + 1, nz_ - 1);
  return std::max({of_row(j, k), of_row(j2, k), of_row(j, k2), of_row(j2, k2)});
}

}  // namespace sbrt
