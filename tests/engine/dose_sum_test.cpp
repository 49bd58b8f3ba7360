#include "engine/dose_sum.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

using ::testing::HasSubstr;

// Sums are kept as float: half a unit in the last place of values below 32 Gy.
constexpr double rounding_gy = 1e-6 * 32;

// Linear, so that interpolation is exact.
double field(PatientPoint p) { return 12 + 0.05 * p.x - 0.03 * p.y + 0.02 * p.z; }

DoseGrid painted(const Grid& grid, double factor = 1) {
  DoseGrid dose(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) dose(i, j, k) = float(factor * field(grid.voxel_centre(i, j, k)));
  return dose;
}

void expect_multiple_of_field(const DoseGrid& dose, double factor) {
  const Grid& grid = dose.grid();
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i)
        ASSERT_NEAR(dose(i, j, k), factor * field(grid.voxel_centre(i, j, k)), rounding_gy * factor);
}

const Grid base({11, 12, 13}, {3, 4, 5}, {-15, -22, -30});

TEST(DoseSum, AddsPointByPointOnOneGrid) {
  const DoseSum sum = sum_of_doses({painted(base), painted(base, 2), painted(base, 0.5)});
  EXPECT_EQ(sum.dose.grid(), base);
  expect_multiple_of_field(sum.dose, 3.5);
  EXPECT_THAT(sum.how, HasSubstr("common grid"));
}

TEST(DoseSum, TakesTheFinestGridAndInterpolatesTheOthers) {
  const Grid fine({9, 8, 7}, {2, 2.5, 2}, {-7, -9, -5});
  const DoseSum sum = sum_of_doses({painted(base), painted(fine)});
  EXPECT_EQ(sum.dose.grid(), fine);
  expect_multiple_of_field(sum.dose, 2);
}

TEST(DoseSum, KnowsNothingWhereOneDoseEnds) {
  // The fine grid reaches to x = 33, the base ends half a voxel beyond x = 15: points 2 mm apart up to 15 stay.
  const Grid fine({21, 8, 7}, {2, 2.5, 2}, {-7, -9, -5});
  const DoseSum sum = sum_of_doses({painted(base), painted(fine)});
  EXPECT_EQ(sum.dose.grid().size(), (GridSize{12, 8, 7}));
  EXPECT_EQ(sum.dose.grid().origin(), fine.origin());
  // In the half voxel beyond the outermost point the value of that point holds, so compare up to it.
  for (int i = 0; i < 12; ++i)
    EXPECT_NEAR(sum.dose(i, 3, 3),
                field(fine.voxel_centre(i, 3, 3)) +
                    field(PatientPoint{std::min(fine.voxel_centre(i, 3, 3).x, 15.0), fine.voxel_centre(i, 3, 3).y,
                                       fine.voxel_centre(i, 3, 3).z}),
                2 * rounding_gy);
  EXPECT_THAT(sum.how, HasSubstr("unknown elsewhere"));
}

TEST(DoseSum, OfTurnedGridsIsABlockThatAllKnow) {
  const double c = std::cos(0.4), s = std::sin(0.4);
  const Grid turned({21, 21, 11}, {2, 2, 2},
                    PatientPoint{} + (-20 * PatientVec{c, s, 0} - 20 * PatientVec{-s, c, 0} + PatientVec{0, 0, -10}),
                    Axes{{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
  const DoseSum sum = sum_of_doses({painted(base), painted(turned)});
  const Grid& grid = sum.dose.grid();
  EXPECT_EQ(grid.axes(), turned.axes());
  EXPECT_GT(grid.count(), turned.count() / 4);
  EXPECT_LT(grid.count(), turned.count());
  for (const int i : {0, grid.size().nx - 1})
    for (const int j : {0, grid.size().ny - 1}) EXPECT_TRUE(base.contains(grid.voxel_centre(i, j, 0)));
}

TEST(DoseSum, RefusesDosesWithoutACommonPoint) {
  const Grid far({5, 5, 5}, {2, 2, 2}, {500, 0, 0});
  EXPECT_THROW(sum_of_doses({painted(base), painted(far)}), InputError);
}

}  // namespace
}  // namespace sbrt
