#include "engine/evaluation/region.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

constexpr double pi = 3.14159265358979323846;

// A ball that no voxel of the mask knows exactly; the mask is the truth here.
Occupancy ball_mask(const Grid& grid, PatientPoint centre, double radius_mm) {
  Occupancy mask(grid);
  const GridSize n = grid.size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        mask(i, j, k) = norm(grid.voxel_centre(i, j, k) - centre) < radius_mm ? 1.0f : 0.0f;
  return mask;
}

Axes turned_about_z(double degrees) {
  const double c = std::cos(degrees * pi / 180), s = std::sin(degrees * pi / 180);
  return {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
}

// The whole grid at once says what its points say one by one: grids along the patient and turned ones, reaching beyond
// the mask, coarser and finer than it, with centres on the borders of its voxels.
TEST(RegionOfAMask, OccupancyIsThatOfTheVoxelCentres) {
  const Occupancy along = ball_mask(Grid({20, 24, 10}, {1, 1, 2}, {-10, -12, -10}), {0, 0, 0}, 8.2);
  const Occupancy turned = ball_mask(Grid({20, 24, 10}, {1, 1, 2}, {-10, -12, -10}, turned_about_z(20)), {0, 2, 0}, 6);
  for (const Occupancy* mask : {&along, &turned}) {
    const Region region = Region::of(*mask);
    for (const Grid& grid :
         {Grid({16, 16, 16}, {2, 2, 2}, {-14.5, -14.5, -15}), Grid({40, 30, 30}, {0.7, 0.9, 0.8}, {-14, -13, -11}),
          Grid({16, 16, 16}, {2, 2, 2}, {-14, -14, -14}, turned_about_z(33))}) {
      const Occupancy inside = region.occupancy(grid);
      const GridSize n = grid.size();
      int voxels = 0;
      for (int k = 0; k < n.nz; ++k)
        for (int j = 0; j < n.ny; ++j)
          for (int i = 0; i < n.nx; ++i) {
            ASSERT_EQ(inside(i, j, k), region.contains(grid.voxel_centre(i, j, k)) ? 1.0f : 0.0f)
                << i << ' ' << j << ' ' << k;
            voxels += inside(i, j, k) > 0;
          }
      EXPECT_GT(voxels, 50);
    }
  }
}

}  // namespace
}  // namespace sbrt
