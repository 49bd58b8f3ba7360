#include "engine/dose_sum.h"

#include "geometry/error.h"
#include "geometry/interpolate.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace sbrt {
namespace {

// Positions of exported grids are decimal strings; grids that agree to this are one grid.
constexpr double same_grid_mm = 1e-3;

bool same_grid(const Grid& a, const Grid& b) {
  if (a.size() != b.size()) return false;
  const GridSize n = a.size();
  double largest = 0;
  for (const int i : {0, n.nx - 1})
    for (const int j : {0, n.ny - 1})
      for (const int k : {0, n.nz - 1})
        largest = std::max(largest, norm(a.voxel_centre(i, j, k) - b.voxel_centre(i, j, k)));
  return largest <= same_grid_mm;
}

DoseGrid added_point_by_point(const std::vector<DoseGrid>& doses) {
  std::vector<float> values(doses.front().values().size());
  for (std::size_t n = 0; n < values.size(); ++n) {
    double sum = 0;
    for (const DoseGrid& dose : doses) sum += double(dose.values()[n]);
    values[n] = float(sum);
  }
  return DoseGrid(doses.front().grid(), std::move(values));
}

/// Half-open index ranges.
struct Block {
  std::array<int, 3> low{0, 0, 0}, high{0, 0, 0};
  bool empty() const { return low[0] >= high[0] || low[1] >= high[1] || low[2] >= high[2]; }
};

double unknown_share(const std::vector<double>& sum, const Grid& grid, Block face) {
  std::int64_t unknown = 0, all = 0;
  for (int k = face.low[2]; k < face.high[2]; ++k)
    for (int j = face.low[1]; j < face.high[1]; ++j)
      for (int i = face.low[0]; i < face.high[0]; ++i) {
        ++all;
        unknown += !std::isfinite(sum[grid.index(i, j, k)]);
      }
  return all > 0 ? double(unknown) / double(all) : 0;
}

Block known_block(const std::vector<double>& sum, const Grid& grid) {
  const GridSize n = grid.size();
  Block block{{n.nx, n.ny, n.nz}, {0, 0, 0}};
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        if (std::isfinite(sum[grid.index(i, j, k)])) {
          const std::array<int, 3> at{i, j, k};
          for (std::size_t a = 0; a < 3; ++a) {
            block.low[a] = std::min(block.low[a], at[a]);
            block.high[a] = std::max(block.high[a], at[a] + 1);
          }
        }
  while (!block.empty()) {
    double worst = 0;
    Block without = block;
    for (std::size_t a = 0; a < 3; ++a)
      for (const bool upper : {false, true}) {
        Block face = block, rest = block;
        if (upper) {
          face.low[a] = block.high[a] - 1;
          rest.high[a] -= 1;
        } else {
          face.high[a] = block.low[a] + 1;
          rest.low[a] += 1;
        }
        if (const double share = unknown_share(sum, grid, face); share > worst) {
          worst = share;
          without = rest;
        }
      }
    if (worst == 0) break;
    block = without;
  }
  return block;
}

std::string size_text(const Grid& grid) {
  return fmt::format("{} x {} x {} points of {:.4g} x {:.4g} x {:.4g} mm", grid.size().nx, grid.size().ny,
                     grid.size().nz, grid.spacing_mm()[0], grid.spacing_mm()[1], grid.spacing_mm()[2]);
}

}  // namespace

DoseSum sum_of_doses(const std::vector<DoseGrid>& doses) {
  SBRT_EXPECT(!doses.empty());
  const Grid& first = doses.front().grid();
  if (std::all_of(doses.begin(), doses.end(), [&](const DoseGrid& d) { return same_grid(d.grid(), first); }))
    return {added_point_by_point(doses), "added point by point on their common grid"};

  const auto finest = std::min_element(doses.begin(), doses.end(), [](const DoseGrid& a, const DoseGrid& b) {
    return a.grid().voxel_volume_mm3() < b.grid().voxel_volume_mm3() * (1 - 1e-9);
  });
  const Grid& grid = finest->grid();
  const GridSize n = grid.size();
  std::vector<double> sum(grid.count(), 0.0);
  for (const DoseGrid& dose : doses) {
    if (same_grid(dose.grid(), grid)) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += double(dose.values()[i]);
      continue;
    }
    const DoseInterpolator interpolate(dose);
    parallel_for(n.nz, [&](std::int64_t k) {
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i) sum[grid.index(i, j, int(k))] += interpolate(grid.voxel_centre(i, j, int(k)));
    });
  }
  const Block block = known_block(sum, grid);
  if (block.empty())
    throw InputError("the doses have no point in common", "", "their grids do not overlap, so no sum is known",
                     "sum doses of the same region");
  const Grid common({block.high[0] - block.low[0], block.high[1] - block.low[1], block.high[2] - block.low[2]},
                    grid.spacing_mm(), grid.voxel_centre(block.low[0], block.low[1], block.low[2]), grid.axes());
  DoseGrid result(common);
  for (int k = 0; k < common.size().nz; ++k)
    for (int j = 0; j < common.size().ny; ++j)
      for (int i = 0; i < common.size().nx; ++i)
        result(i, j, k) = float(sum[grid.index(i + block.low[0], j + block.low[1], k + block.low[2])]);
  std::string how = "interpolated (cubic) to the points of the finest grid, " + size_text(grid);
  if (common.size() != n)
    how += "; the sum is known on " + size_text(common) + " that all doses cover, and unknown elsewhere";
  return {std::move(result), how};
}

}  // namespace sbrt
