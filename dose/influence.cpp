#include "dose/influence.h"

#include "dose/packed_column.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <utility>

namespace sbrt {
namespace {

constexpr std::size_t most_regions_at_once = 8;  // 128 kB of sums

/// Asks for what the processor cannot foresee: where the next column's values begin.
void fetch_first_blocks(const PackedBlocks& blocks) {
  constexpr std::size_t line = 64, lines = 16;
  const char* const values = reinterpret_cast<const char*>(blocks.values);
  for (std::size_t n = 0; n < lines; ++n) __builtin_prefetch(values + n * line);
  __builtin_prefetch(blocks.scale);
  __builtin_prefetch(blocks.place);
}

}  // namespace

DoseInfluence::DoseInfluence(std::vector<std::shared_ptr<const PackedColumn>> columns, std::size_t points)
    : points_(points), columns_(std::move(columns)) {}

DoseInfluence::DoseInfluence(std::size_t points, const std::vector<Column>& columns) : points_(points) {
  for (const Column& c : columns) {
    SBRT_EXPECT(c.rows.size() == c.gy_per_mu.size());
    auto packed = std::make_shared<PackedColumn>(points);
    for (std::size_t e = 0; e < c.rows.size();) {
      const std::size_t block = c.rows[e] / PackedColumn::block_points;
      PackedColumn::Block values{};
      for (; e < c.rows.size() && c.rows[e] / PackedColumn::block_points == block; ++e) {
        SBRT_EXPECT(c.rows[e] < points && (e == 0 || c.rows[e - 1] < c.rows[e]) && c.gy_per_mu[e] >= 0);
        values[c.rows[e] % PackedColumn::block_points] = c.gy_per_mu[e];
      }
      packed->add_block(block, values);
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
  const PackedBlocks blocks = columns_[beam]->all();
  for (int b = 0; b < blocks.count; ++b)
    for (std::uint32_t i = 0; i < PackedColumn::block_points; ++i) {
      const std::uint16_t level = blocks.values[std::size_t(b) * PackedColumn::block_points + i];
      if (level == 0) continue;
      out.rows.push_back(blocks.place[b] * std::uint32_t(PackedColumn::block_points) + i);
      out.gy_per_mu.push_back(float(level) * blocks.scale[b]);
    }
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
  const RowKernel& kernel = row_kernel(best_simd_path());
  // Each span of points has one owner, who adds the beams in order: the sums do not depend on where spans end. Long
  // ones read longer pieces of the columns at a time, up to what the second cache holds of the sums.
  const std::size_t regions = (points_ + PackedColumn::region_points - 1) / PackedColumn::region_points;
  const std::size_t tasks = 2 * std::size_t(thread_count());
  const std::size_t span = std::clamp<std::size_t>((regions + tasks - 1) / tasks, 1, most_regions_at_once);
  std::vector<double> dose_gy(regions * PackedColumn::region_points, 0.0);
  parallel_for_blocks(std::int64_t(regions), std::int64_t(span), [&](std::int64_t first, std::int64_t end) {
    // The parts of all columns are found first: one by one, each would wait for memory several times.
    std::vector<std::pair<PackedBlocks, double>> parts;
    parts.reserve(columns_.size());
    for (std::size_t b = 0; b < columns_.size(); ++b)
      if (weights_mu[b] != 0)
        parts.emplace_back(columns_[b]->of_regions(std::size_t(first), std::size_t(end)), weights_mu[b]);
    for (std::size_t n = 0; n < parts.size(); ++n) {
      if (n + 1 < parts.size()) fetch_first_blocks(parts[n + 1].first);
      kernel.add_scaled(parts[n].first, parts[n].second, dose_gy.data());
    }
  });
  dose_gy.resize(points_);
  return dose_gy;
}

std::vector<double> DoseInfluence::transposed_product(const std::vector<double>& y) const {
  SBRT_EXPECT(y.size() == points_);
  const RowKernel& kernel = row_kernel(best_simd_path());
  std::vector<double> padded = y;
  padded.resize((points_ + PackedColumn::block_points - 1) / PackedColumn::block_points * PackedColumn::block_points);
  std::vector<double> g(beams(), 0.0);
  parallel_for_blocks(std::int64_t(beams()), 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      double lanes[16] = {};
      kernel.add_products(columns_[b]->all(), padded.data(), lanes);
      for (const double lane : lanes) g[b] += lane;
    }
  });
  return g;
}

}  // namespace sbrt
