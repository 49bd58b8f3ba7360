#include "geometry/row_peaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sbrt {
namespace {

class RowPeaksOf : public testing::TestWithParam<Interpolation> {};
INSTANTIATE_TEST_SUITE_P(Interpolation, RowPeaksOf, testing::Values(Interpolation::cubic, Interpolation::linear));

// Negative samples too, and peaks that are a voxel wide.
DoseGrid rough_dose(GridSize size) {
  DoseGrid dose(Grid(size, {0.9, 1.1, 2.5}, {-12, 7, 31}));
  std::mt19937 random(3);
  std::uniform_real_distribution<float> noise(-4, 4);
  for (int k = 0; k < size.nz; ++k)
    for (int j = 0; j < size.ny; ++j)
      for (int i = 0; i < size.nx; ++i)
        dose(i, j, k) = float(30 * std::sin(0.9 * i) * std::cos(0.7 * j) + 25 * std::sin(0.5 * k)) + noise(random);
  return dose;
}

TEST_P(RowPeaksOf, AreNoLowerThanTheBoundsOfTheCellsAndNotFarAbove) {
  const DoseGrid dose = rough_dose({21, 13, 11});
  const DoseInterpolator interpolate(dose, GetParam());
  RowPeaks peaks(interpolate);
  double above = 0, beyond = 0, summits = 0;
  for (int k = 0; k < 10; ++k)
    for (int j = 0; j < 12; ++j) {
      const std::span<const float> row = peaks.of_cells(j, k);
      ASSERT_EQ(row.size(), 20u);
      for (int i = 0; i < 20; ++i) {
        const double high = interpolate.cell_bounds(i, j, k).high;
        ASSERT_GE(double(row[std::size_t(i)]), high) << i << " " << j << " " << k;
        float largest = -HUGE_VALF;
        for (int b = 0; b < 8; ++b) largest = std::max(largest, dose(i + (b & 1), j + (b >> 1 & 1), k + (b >> 2)));
        above += double(row[std::size_t(i)] - largest);
        beyond += high - double(largest);
        summits += high > double(largest);
      }
    }
  if (GetParam() == Interpolation::linear) {
    EXPECT_EQ(above, 0);
  } else {
    EXPECT_GT(summits, 0);
    EXPECT_GT(above, beyond);
    // The largest sample of a cell is as often a summit of its lines as not: on average half of 3/4 of a second
    // difference, here about 12 Gy.
    EXPECT_LT(above / (20 * 12 * 10), 6);
  }
}

TEST_P(RowPeaksOf, DoNotDependOnTheOrderOfRows) {
  const DoseGrid dose = rough_dose({9, 8, 7});
  const DoseInterpolator interpolate(dose, GetParam());
  RowPeaks kept(interpolate);
  std::mt19937 random(11);
  for (int n = 0; n < 500; ++n) {
    const int j = int(random() % 7), k = int(random() % 6);
    RowPeaks fresh(interpolate);
    const std::span<const float> a = kept.of_cells(j, k), b = fresh.of_cells(j, k);
    ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << j << " " << k;
  }
}

TEST_P(RowPeaksOf, OneSampleAlongAnAxisIsOneCell) {
  for (const GridSize size : {GridSize{1, 5, 4}, {5, 1, 4}, {5, 4, 1}}) {
    const DoseGrid dose = rough_dose(size);
    const DoseInterpolator interpolate(dose, GetParam());
    RowPeaks peaks(interpolate);
    const std::span<const float> row = peaks.of_cells(0, 0);
    ASSERT_EQ(row.size(), std::size_t(std::max(size.nx - 1, 1)));
    for (std::size_t i = 0; i < row.size(); ++i) EXPECT_GE(double(row[i]), interpolate.cell_bounds(int(i), 0, 0).high);
  }
}

}  // namespace
}  // namespace sbrt
