/// One beam's entries as runs of consecutive points.
#pragma once

#include "dose/influence.h"

#include <cstdint>
#include <vector>

namespace sbrt {

/// Points are cut into blocks; no run crosses a block, so that a block of points can be owned by one thread.
class DoseInfluence::PackedColumn {
 public:
  static constexpr std::size_t block_points = 512;

  explicit PackedColumn(std::size_t points) : block_begin_(points / block_points + 2) {}

  /// Rows must come in ascending order.
  void add(std::size_t row, float gy_per_mu) {
    const std::size_t block = row / block_points, offset = row % block_points;
    if (block == block_ && runs_.size() > block_begin_[block].run &&
        runs_.back().offset + runs_.back().length == offset) {
      ++runs_.back().length;
    } else {
      close_blocks_before(block);
      runs_.push_back({std::uint16_t(offset), 1});
    }
    values_.push_back(gy_per_mu);
  }
  void finish() {
    close_blocks_before(block_begin_.size() - 1);
    runs_.shrink_to_fit();
    values_.shrink_to_fit();
  }

  std::size_t entries() const { return values_.size(); }
  std::size_t bytes() const {
    return values_.size() * sizeof(float) + runs_.size() * sizeof(Run) + block_begin_.size() * sizeof(BlockBegin);
  }
  std::size_t blocks() const { return block_begin_.size() - 1; }

  /// visit(first row, values, count) for every run of one block.
  template <class Visit>
  void for_runs(std::size_t block, Visit&& visit) const {
    const float* value = values_.data() + block_begin_[block].value;
    for (std::uint32_t r = block_begin_[block].run; r < block_begin_[block + 1].run; ++r) {
      visit(block * block_points + runs_[r].offset, value, int(runs_[r].length));
      value += runs_[r].length;
    }
  }

 private:
  struct Run {
    std::uint16_t offset, length;
  };
  struct BlockBegin {
    std::uint32_t run = 0, value = 0;
  };
  void close_blocks_before(std::size_t block) {
    while (block_ < block) block_begin_[++block_] = {std::uint32_t(runs_.size()), std::uint32_t(values_.size())};
  }

  std::vector<Run> runs_;
  std::vector<float> values_;
  std::vector<BlockBegin> block_begin_;  //!< first run and value of every block, and the end
  std::size_t block_ = 0;
};

}  // namespace sbrt
