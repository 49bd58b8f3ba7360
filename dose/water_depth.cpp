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
    const float* slice = &density.values()[grid.index(0, 0, int(k))];
    const auto row = [&](int j) { return slice + std::size_t(j) * n.nx; };
    const auto has_density = [&](int j) { return std::any_of(row(j), row(j) + n.nx, [](float v) { return v != 0; }); };
    Bounds b = slices[k];
    b.j_low = 0, b.j_high = n.ny - 1;
    while (b.j_low <= b.j_high && !has_density(b.j_low)) ++b.j_low;
    if (b.j_low > b.j_high) return;
    while (!has_density(b.j_high)) --b.j_high;
    for (int j = b.j_low; j <= b.j_high; ++j) {  // only what could widen the range
      b.i_low = int(std::find_if(row(j), row(j) + b.i_low, [](float v) { return v != 0; }) - row(j));
      int last = n.nx - 1;
      while (last > b.i_high && row(j)[last] == 0) --last;
      b.i_high = last;
    }
    slices[k] = b;
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
