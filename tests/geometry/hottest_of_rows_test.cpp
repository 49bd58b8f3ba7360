#include "geometry/hottest_of_rows.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace sbrt {
namespace {

// Rows shorter than, as long as and a little longer than the lanes of the loop.
class HottestOfRowsOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(RowLengths, HottestOfRowsOf, testing::Values(1, 3, 15, 16, 17, 40));

TEST_P(HottestOfRowsOf, AreTheExtremesOfAllSamples) {
  const int nx = GetParam();
  DoseGrid dose(Grid({nx, 4, 3}, {1, 1, 1}, {}));
  std::mt19937 random(7);
  std::uniform_real_distribution<float> anywhere(-20, 20);
  for (float& v : dose.values()) v = anywhere(random);
  const HottestOfRows rows(dose);
  const auto [low, high] = std::minmax_element(dose.values().begin(), dose.values().end());
  EXPECT_EQ(rows.lowest(), *low);
  EXPECT_EQ(rows.highest(), *high);
  const auto hottest = [&](int j, int k) {
    float most = -HUGE_VALF;
    for (int i = 0; i < nx; ++i) most = std::max(most, dose(i, j, k));
    return most;
  };
  for (int k = 0; k < 3; ++k)
    for (int j = 0; j < 4; ++j) {
      EXPECT_EQ(rows.of_row(j, k), hottest(j, k));
      float around = -HUGE_VALF;
      for (const int b : {j, std::min(j + 1, 3)})
        for (const int c : {k, std::min(k + 1, 2)}) around = std::max(around, hottest(b, c));
      EXPECT_EQ(rows.around_cells(j, k), around);
    }
}

TEST_P(HottestOfRowsOf, RefuseWhatIsNotFiniteAndNameTheVoxel) {
  const int nx = GetParam();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF, -HUGE_VALF}) {
    DoseGrid dose(Grid({nx, 4, 3}, {1, 1, 1}, {}));
    dose(nx - 1, 2, 1) = bad;
    try {
      const HottestOfRows rows(dose);
      FAIL() << bad;
    } catch (const InputError& error) {
      EXPECT_EQ(error.where(), "voxel " + std::to_string(nx - 1) + ", 2, 1");
    }
  }
}

}  // namespace
}  // namespace sbrt
