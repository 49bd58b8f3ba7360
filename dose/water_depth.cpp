#include "dose/water_depth.h"

#include "geometry/parallel.h"

#include <algorithm>
#include <vector>

namespace sbrt {

VoxelBox density_box(const DensityMap& density) {
  const Grid& grid = density.grid();
  const GridSize n = grid.size();
  struct Bounds {
    int i_low, i_high = -1, j_low, j_high = -1;
  };
  std::vector<Bounds> slices(n.nz, Bounds{n.nx, -1, n.ny, -1});
  parallel_for(n.nz, [&](std::int64_t k) {
    Bounds& b = slices[k];
    for (int j = 0; j < n.ny; ++j) {
      const float* row = &density.values()[grid.index(0, j, int(k))];
      int first = 0, last = n.nx - 1;
      while (first <= last && row[first] == 0) ++first;
      while (last >= first && row[last] == 0) --last;
      if (first > last) continue;
      b = {std::min(b.i_low, first), std::max(b.i_high, last), std::min(b.j_low, j), std::max(b.j_high, j)};
    }
  });
  Bounds all{n.nx, -1, n.ny, -1};
  int k_low = n.nz, k_high = -1;
  for (int k = 0; k < n.nz; ++k) {
    const Bounds& b = slices[k];
    if (b.i_high < 0) continue;
    all = {std::min(all.i_low, b.i_low), std::max(all.i_high, b.i_high), std::min(all.j_low, b.j_low),
           std::max(all.j_high, b.j_high)};
    k_low = std::min(k_low, k), k_high = std::max(k_high, k);
  }
  if (k_high < 0) return {};
  return {{all.i_low, all.j_low, k_low}, {all.i_high - all.i_low + 1, all.j_high - all.j_low + 1, k_high - k_low + 1}};
}

DensityMap cropped_to_density(const DensityMap& density) {
  const Grid& grid = density.grid();
  const VoxelBox box = density_box(density);
  const auto &low = box.low, &size = box.size;
  DensityMap part(
      Grid({size[0], size[1], size[2]}, grid.spacing_mm(), grid.voxel_centre(low[0], low[1], low[2]), grid.axes()));
  parallel_for(size[2], [&](std::int64_t k) {
    for (int j = 0; j < size[1]; ++j) {
      const float* from = &density.values()[grid.index(low[0], low[1] + j, low[2] + int(k))];
      std::copy(from, from + size[0], &part.values()[part.grid().index(0, j, int(k))]);
    }
  });
  return part;
}

}  // namespace sbrt
