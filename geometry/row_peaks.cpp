#include "geometry/row_peaks.h"

#include <algorithm>
#include <cmath>

namespace sbrt {

RowPeaks::RowPeaks(const DoseInterpolator& dose) : dose_(dose) {
  const HottestOfRows& rows = dose.rows();
  constexpr float of_largest = 1e-6f;  // sums of at most ten terms in single precision
  rounding_ = of_largest * std::max(std::abs(rows.lowest()), std::abs(rows.highest()));
}

namespace {

// Sample and what a summit beside it may rise above it. A stride of 0 where there is no second difference: at the ends.
// Written so that the compiler makes wide registers of it.
void raise(const float* __restrict v, float* __restrict peak, int begin, int end, std::ptrdiff_t x, std::ptrdiff_t y,
           std::ptrdiff_t z, float rounding) {
  const auto positive = [](float bend) { return bend > 0 ? bend : 0.0f; };
  for (int i = begin; i < end; ++i)
    peak[i] = v[i] + rounding +
              0.25f * (positive(2 * v[i] - v[i - x] - v[i + x]) + positive(2 * v[i] - v[i - y] - v[i + y]) +
                       positive(2 * v[i] - v[i - z] - v[i + z]));
}

}  // namespace

const std::vector<float>& RowPeaks::of_samples(int j, int k) {
  Row& row = rows_[std::size_t((j & 1) + 2 * (k & 1))];
  if (row.j == j && row.k == k) return row.peak;
  row.j = j;
  row.k = k;
  const Grid& grid = dose_.dose().grid();
  const GridSize n = grid.size();
  const float* v = dose_.dose().values().data() + grid.index(0, j, k);
  if (dose_.kind() == Interpolation::linear) {
    row.peak.assign(v, v + n.nx);
    return row.peak;
  }
  row.peak.resize(std::size_t(n.nx));
  const std::ptrdiff_t y = j > 0 && j + 1 < n.ny ? n.nx : 0,
                       z = k > 0 && k + 1 < n.nz ? std::ptrdiff_t(n.nx) * n.ny : 0;
  raise(v, row.peak.data(), 0, 1, 0, y, z, rounding_);
  raise(v, row.peak.data(), 1, n.nx - 1, 1, y, z, rounding_);
  raise(v, row.peak.data(), std::max(n.nx - 1, 1), n.nx, 0, y, z, rounding_);
  return row.peak;
}

std::span<const float> RowPeaks::of_cells(int j, int k) {
  const GridSize n = dose_.dose().grid().size();
  const int j2 = std::min(j + 1, n.ny - 1), k2 = std::min(k + 1, n.nz - 1);
  const float *a = of_samples(j, k).data(), *b = of_samples(j2, k).data(), *c = of_samples(j, k2).data(),
              *d = of_samples(j2, k2).data();
  const auto higher = [](float x, float y) { return x > y ? x : y; };
  cells_.resize(std::size_t(n.nx));
  for (int i = 0; i < n.nx; ++i) cells_[std::size_t(i)] = higher(higher(a[i], b[i]), higher(c[i], d[i]));
  for (int i = 0; i + 1 < n.nx; ++i)
    cells_[std::size_t(i)] = higher(cells_[std::size_t(i)], cells_[std::size_t(i) + 1]);
  return std::span<const float>(cells_).first(std::size_t(std::max(n.nx - 1, 1)));
}

}  // namespace sbrt
