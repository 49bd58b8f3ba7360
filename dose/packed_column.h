/// One beam's entries in 16 bits each.
#pragma once

#include "dose/influence.h"
#include "dose/row_kernel.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sbrt {

/// Points are cut into blocks of 64. A block that holds any entry is stored whole: 64 multiples of a power of two of
/// its own, so an entry is off by at most 2^-16 of the largest in its block; smaller ones than half of that are
/// dropped. Regions of 32 blocks are the least that one thread owns.
class DoseInfluence::PackedColumn {
 public:
  static constexpr std::size_t block_points = PackedBlocks::points, region_points = 32 * block_points;
  using Block = std::array<float, block_points>;

  explicit PackedColumn(std::size_t points) : region_begin_(points / region_points + 2, 0) {}

  /// Blocks must come in ascending order. Values >= 0; nothing is stored when all are 0.
  void add_block(std::size_t block, const Block& gy_per_mu);
  void finish() {
    close_regions_before(region_begin_.size() - 1);
    place_.shrink_to_fit(), scale_.shrink_to_fit(), values_.shrink_to_fit();
  }

  std::size_t entries() const { return entries_; }
  std::size_t bytes() const {
    return values_.size() * sizeof(std::uint16_t) + scale_.size() * sizeof(float) +
           (place_.size() + region_begin_.size()) * sizeof(std::uint32_t);
  }
  PackedBlocks all() const { return blocks(0, place_.size()); }
  /// What lies in regions first ... end - 1.
  PackedBlocks of_regions(std::size_t first, std::size_t end) const {
    return blocks(region_begin_[first], region_begin_[end]);
  }

 private:
  PackedBlocks blocks(std::size_t begin, std::size_t end) const {
    return {values_.data() + begin * block_points, scale_.data() + begin, place_.data() + begin, int(end - begin)};
  }
  void close_regions_before(std::size_t region) {
    while (region_ < region) region_begin_[++region_] = std::uint32_t(place_.size());
  }

  std::vector<std::uint32_t> place_;  //!< number of every stored block
  std::vector<float> scale_;
  std::vector<std::uint16_t> values_;
  std::vector<std::uint32_t> region_begin_;  //!< first stored block of every region, and the end
  std::size_t region_ = 0, entries_ = 0;
};

}  // namespace sbrt
