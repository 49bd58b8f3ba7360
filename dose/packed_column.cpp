#include "dose/packed_column.h"

#include <algorithm>
#include <cmath>

namespace sbrt {

void DoseInfluence::PackedColumn::add_block(std::size_t block, const Block& gy_per_mu) {
  constexpr int bits = 16, least_exponent = -100;
  constexpr float most = 65535;
  const float largest = *std::max_element(gy_per_mu.begin(), gy_per_mu.end());
  if (!(largest > 0)) return;
  int exponent = std::max(std::ilogb(largest), least_exponent) + 1 - bits;
  if (std::ldexp(largest, -exponent) + 0.5f > most) ++exponent;
  const float per_unit = std::ldexp(1.0f, -exponent);
  std::array<std::int32_t, block_points> levels;
  int filled = 0;
  for (std::size_t i = 0; i < block_points; ++i) {
    levels[i] = std::int32_t(gy_per_mu[i] * per_unit + 0.5f);
    filled += levels[i] > 0;
  }
  if (filled == 0) return;
  close_regions_before(block * block_points / region_points);
  place_.push_back(std::uint32_t(block));
  scale_.push_back(std::ldexp(1.0f, exponent));
  values_.insert(values_.end(), levels.begin(), levels.end());
  entries_ += std::size_t(filled);
}

}  // namespace sbrt
