#include "dose/influence.h"

#include "dose/packed_column.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <utility>

namespace sbrt {

DoseInfluence::DoseInfluence(std::vector<std::shared_ptr<const PackedColumn>> columns, std::size_t points)
    : points_(points), columns_(std::move(columns)) {}

DoseInfluence::DoseInfluence(std::size_t points, const std::vector<Column>& columns) : points_(points) {
  for (const Column& c : columns) {
    SBRT_EXPECT(c.rows.size() == c.gy_per_mu.size());
    auto packed = std::make_shared<PackedColumn>(points);
    for (std::size_t e = 0; e < c.rows.size(); ++e) {
      SBRT_EXPECT(c.rows[e] < points && (e == 0 || c.rows[e - 1] < c.rows[e]));
      packed->add(c.rows[e], c.gy_per_mu[e]);
    }
    packed->finish();
    columns_.push_back(std::move(packed));
  }
}

std::size_t DoseInfluence::entries() const {
  std::size_t sum = 0;
  for (const auto& c : columns_) sum += c->entries();
  return sum;
}

std::size_t DoseInfluence::bytes() const {
  std::size_t sum = 0;
  for (const auto& c : columns_) sum += c->bytes();
  return sum;
}

DoseInfluence::Column DoseInfluence::column(std::size_t beam) const {
  Column out;
  const PackedColumn& packed = *columns_[beam];
  for (std::size_t block = 0; block < packed.blocks(); ++block)
    packed.for_runs(block, [&](std::size_t row, const float* value, int count) {
      for (int i = 0; i < count; ++i) {
        out.rows.push_back(std::uint32_t(row + i));
        out.gy_per_mu.push_back(value[i]);
      }
    });
  return out;
}

DoseInfluence DoseInfluence::subset(const std::vector<std::size_t>& beams) const {
  std::vector<std::shared_ptr<const PackedColumn>> picked;
  for (const std::size_t b : beams) {
    SBRT_EXPECT(b < columns_.size());
    picked.push_back(columns_[b]);
  }
  return DoseInfluence(std::move(picked), points_);
}

DoseInfluence DoseInfluence::joined(const DoseInfluence& more) const {
  SBRT_EXPECT(more.points_ == points_);
  auto all = columns_;
  all.insert(all.end(), more.columns_.begin(), more.columns_.end());
  return DoseInfluence(std::move(all), points_);
}

std::vector<double> DoseInfluence::dose(const std::vector<double>& weights_mu) const {
  SBRT_EXPECT(weights_mu.size() == beams());
  std::vector<double> dose_gy(points_, 0.0);
  // Each block of points has one owner, who adds the beams in order.
  parallel_for_blocks(std::int64_t(points_), PackedColumn::block_points, [&](std::int64_t begin, std::int64_t) {
    const std::size_t block = std::size_t(begin) / PackedColumn::block_points;
    for (std::size_t b = 0; b < columns_.size(); ++b) {
      const double weight = weights_mu[b];
      if (weight == 0) continue;
      columns_[b]->for_runs(block, [&](std::size_t row, const float* value, int count) {
        double* sum = &dose_gy[row];
#pragma omp simd
        for (int i = 0; i < count; ++i) sum[i] += double(value[i]) * weight;
      });
    }
  });
  return dose_gy;
}

std::vector<double> DoseInfluence::transposed_product(const std::vector<double>& y) const {
  SBRT_EXPECT(y.size() == points_);
  std::vector<double> g(beams(), 0.0);
  parallel_for_blocks(std::int64_t(beams()), 8, [&](std::int64_t begin, std::int64_t end) {
    constexpr int lanes = 8;  // partial sums; their number is part of the summation order
    for (std::int64_t b = begin; b < end; ++b) {
      double partial[lanes] = {};
      for (std::size_t block = 0; block < columns_[b]->blocks(); ++block)
        columns_[b]->for_runs(block, [&](std::size_t row, const float* value, int count) {
          const double* factor = &y[row];
          int i = 0;
          for (; i + lanes <= count; i += lanes)
            for (int lane = 0; lane < lanes; ++lane) partial[lane] += double(value[i + lane]) * factor[i + lane];
          for (int lane = 0; i < count; ++i, ++lane) partial[lane] += double(value[i]) * factor[i];
        });
      double sum = 0;
      for (const double p : partial) sum += p;
      g[b] = sum;
    }
  });
  return g;
}

}  // namespace sbrt
