#include "dose/ray_density.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sbrt {
namespace {

constexpr int most_steps = 65535;
constexpr double usual_step = 1.0 / (1 << 14);  // up to density 4

struct Range {
  std::int32_t low = most_steps, high = 0;

  void add(Range other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

/// @return range of the steps before they are cut to 16 bits
Range to_steps(const float* density, int count, float steps_per_unit, std::uint16_t* steps) {
  Range range;
  for (int i = 0; i < count; ++i) {
    const auto n = std::int32_t(density[i] * steps_per_unit + 0.5f);
    range.add({n, n});
    steps[i] = std::uint16_t(n);
  }
  return range;
}

}  // namespace

RayDensity::RayDensity(const DensityMap& density) : grid_(density.grid()), box_(density_box(density)) {
  const std::array<int, 3> n = box_.size;
  const std::size_t slice_count = std::size_t(n[2]);
  const std::size_t slice = std::size_t(n[0]) * std::size_t(n[1]), count = slice * slice_count;
  SBRT_EXPECT(count < (std::size_t(1) << 31));  // lanes index with 32 bits
  std::uint16_t* const values = values_.at_least(count + 1);
  for (step_ = usual_step;; step_ *= 2) {
    std::vector<Range> slices(slice_count, Range{});
    parallel_for(n[2], [&](std::int64_t k) {
      for (int j = 0; j < n[1]; ++j) {
        const float* from = &density.values()[grid_.index(box_.low[0], box_.low[1] + j, box_.low[2] + int(k))];
        std::uint16_t* to = values + std::size_t(k) * slice + std::size_t(j) * std::size_t(n[0]);
        slices[std::size_t(k)].add(to_steps(from, n[0], float(1 / step_), to));
      }
    });
    Range all;
    for (const Range& r : slices) all.add(r);
    SBRT_EXPECT(all.low >= 0);
    if (all.high <= most_steps) return;
  }
}

}  // namespace sbrt
