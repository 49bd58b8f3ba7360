#include "geometry/grid.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

// Unequal sizes and spacings, an origin off zero and oblique axes, so that swapped axes cannot pass.
Grid oblique_grid() {
  const double c = std::cos(0.3), s = std::sin(0.3);
  return Grid({3, 5, 7}, {0.9, 1.1, 2.5}, {-12, 7, 31}, {{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
}

constexpr double rounding = 1e-12;  // a few ulp of coordinates below 100 mm

TEST(Grid, VoxelToPatientAndBackIsIdentity) {
  const Grid grid = oblique_grid();
  const VoxelPoint v{1.25, 3.5, 6.75};
  const VoxelPoint back = grid.to_voxel(grid.to_patient(v));
  EXPECT_NEAR(back.x, v.x, rounding);
  EXPECT_NEAR(back.y, v.y, rounding);
  EXPECT_NEAR(back.z, v.z, rounding);
}

TEST(Grid, OriginIsTheCentreOfTheFirstVoxel) {
  const Grid grid = oblique_grid();
  EXPECT_EQ(grid.voxel_centre(0, 0, 0), (PatientPoint{-12, 7, 31}));
  EXPECT_TRUE(grid.contains(grid.to_patient(VoxelPoint{-0.49, -0.49, -0.49})));
  EXPECT_FALSE(grid.contains(grid.to_patient(VoxelPoint{-0.51, 0, 0})));
  EXPECT_TRUE(grid.contains(grid.to_patient(VoxelPoint{2.49, 4.49, 6.49})));
}

TEST(Grid, IndexRunsAlongXFastest) {
  const Grid grid = oblique_grid();
  EXPECT_EQ(grid.index(1, 0, 0), 1u);
  EXPECT_EQ(grid.index(0, 1, 0), 3u);
  EXPECT_EQ(grid.index(0, 0, 1), 15u);
}

TEST(Grid, RefusesGeometryThatIsNoGrid) {
  EXPECT_THROW(Grid({0, 1, 1}, {1, 1, 1}, {}), InputError);
  EXPECT_THROW(Grid({1, 1, 1}, {1, 0, 1}, {}), InputError);
  EXPECT_THROW(Grid({1, 1, 1}, {1, NAN, 1}, {}), InputError);
  EXPECT_THROW(Grid({1, 1, 1}, {1, 1, 1}, {INFINITY, 0, 0}), InputError);
  EXPECT_THROW(Grid({1, 1, 1}, {1, 1, 1}, {}, {{1, 0, 0}, {0.1, 1, 0}, {0, 0, 1}}), InputError);
  EXPECT_THROW(Grid({1, 1, 1}, {1, 1, 1}, {}, {{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}), InputError);
}

TEST(CoveringGrid, CoversTheBoxOnWholeMultiplesFromTheOrigin) {
  const Grid like({10, 10, 10}, {1, 1, 3}, {0.5, 0.25, -7});
  const Box box{{2.1, 3.9, -5}, {7.3, 8.2, 4}};
  const Grid grid = covering_grid(box, {1.5, 1.5, 1.5}, like);
  const Box covered = grid.bounding_box();
  EXPECT_LE(covered.low.x, box.low.x);
  EXPECT_GE(covered.high.z, box.high.z);
  EXPECT_GT(covered.low.x, box.low.x - 1.5);
  EXPECT_LT(covered.high.y, box.high.y + 1.5);
  const double steps = (grid.origin().x - like.origin().x) / 1.5;
  EXPECT_NEAR(steps, std::round(steps), rounding);
}

TEST(CoveringGrid, RefusesMoreVoxelsThanAllowed) {
  const Grid like({10, 10, 10}, {1, 1, 1}, {});
  EXPECT_THROW(covering_grid({{0, 0, 0}, {1000, 1000, 1000}}, {0.1, 0.1, 0.1}, like, 1'000'000), InputError);
}

}  // namespace
}  // namespace sbrt
