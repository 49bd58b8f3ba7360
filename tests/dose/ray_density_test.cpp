#include "dose/ray_density.h"

#include "plan_fixture.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

using testing::density_of;

double value_at(const RayDensity& rays, int i, int j, int k) {
  const auto& [low, size] = rays.box();
  const std::size_t at =
      (std::size_t(k - low[2]) * std::size_t(size[1]) + std::size_t(j - low[1])) * std::size_t(size[0]);
  return rays.step() * double(rays.values()[at + std::size_t(i - low[0])]);
}

TEST(RayDensity, KeepsThePartWithDensityWithinHalfAStep) {
  const DensityMap map = testing::thorax(7.3, 9.1);
  const RayDensity rays(map);
  EXPECT_EQ(rays.step(), 1.0 / 16384);
  const GridSize n = map.grid().size();
  const auto& [low, size] = rays.box();
  EXPECT_LT(size[0], n.nx);  // there is air around the body
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) {
        const bool kept = i >= low[0] && i < low[0] + size[0] && j >= low[1] && j < low[1] + size[1] && k >= low[2] &&
                          k < low[2] + size[2];
        if (kept)
          ASSERT_NEAR(value_at(rays, i, j, k), double(map(i, j, k)), rays.step() / 2);
        else
          ASSERT_EQ(map(i, j, k), 0);
      }
}

TEST(RayDensity, WaterIsExactAndMetalWidensTheStep) {
  const Grid grid({4, 3, 2}, {1, 1, 1}, {0, 0, 0});
  for (const double highest : {1.0, 3.9999, 4.0, 8.1, 19.3}) {
    DensityMap map(grid, 1.0f);
    map(2, 1, 0) = float(highest);
    const RayDensity rays(map);
    // The least power of two that holds the highest density in 16 bits, from 1/16384 on.
    EXPECT_EQ(rays.step(), highest < 3.99995 ? 1.0 / 16384
                           : highest < 7     ? 1.0 / 8192
                           : highest < 15    ? 1.0 / 4096
                                             : 1.0 / 2048);
    EXPECT_EQ(value_at(rays, 0, 0, 0), 1);
    EXPECT_NEAR(value_at(rays, 2, 1, 0), double(float(highest)), rays.step() / 2);
  }
}

TEST(RayDensity, NothingIsOneVoxelOfNothing) {
  const RayDensity rays(DensityMap(Grid({4, 3, 2}, {1, 1, 1}, {0, 0, 0}), 0.0f));
  EXPECT_EQ(rays.box().size, (std::array<int, 3>{1, 1, 1}));
  EXPECT_EQ(value_at(rays, 0, 0, 0), 0);
}

}  // namespace
}  // namespace sbrt
