#include "dose/influence.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <numeric>
#include <utility>

namespace sbrt {

DoseInfluence::DoseInfluence(std::size_t points, std::vector<Column> columns)
    : points_(points), columns_(std::move(columns)), row_start_(points + 1, 0) {
  for (const Column& c : columns_) {
    SBRT_EXPECT(c.rows.size() == c.gy_per_mu.size());
    for (const std::uint32_t row : c.rows) {
      SBRT_EXPECT(row < points_);
      ++row_start_[row + 1];
    }
  }
  std::partial_sum(row_start_.begin(), row_start_.end(), row_start_.begin());
  row_beam_.resize(row_start_.back());
  row_value_.resize(row_start_.back());
  std::vector<std::uint64_t> next(row_start_.begin(), row_start_.end() - 1);
  for (std::size_t b = 0; b < columns_.size(); ++b)
    for (std::size_t e = 0; e < columns_[b].rows.size(); ++e) {
      const std::uint64_t slot = next[columns_[b].rows[e]]++;
      row_beam_[slot] = std::uint32_t(b);
      row_value_[slot] = columns_[b].gy_per_mu[e];
    }
}

std::size_t DoseInfluence::entries() const { return row_value_.size(); }

std::vector<double> DoseInfluence::dose(const std::vector<double>& weights_mu) const {
  SBRT_EXPECT(weights_mu.size() == beams());
  std::vector<double> dose_gy(points_, 0.0);
  parallel_for_blocks(std::int64_t(points_), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      double sum = 0;
      for (std::uint64_t e = row_start_[p]; e < row_start_[p + 1]; ++e)
        sum += double(row_value_[e]) * weights_mu[row_beam_[e]];
      dose_gy[p] = sum;
    }
  });
  return dose_gy;
}

std::vector<double> DoseInfluence::transposed_product(const std::vector<double>& y) const {
  SBRT_EXPECT(y.size() == points_);
  std::vector<double> g(beams(), 0.0);
  parallel_for_blocks(std::int64_t(beams()), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      double sum = 0;
      for (std::size_t e = 0; e < columns_[b].rows.size(); ++e)
        sum += double(columns_[b].gy_per_mu[e]) * y[columns_[b].rows[e]];
      g[b] = sum;
    }
  });
  return g;
}

}  // namespace sbrt
