#include "engine/evaluation/radiobiology.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

constexpr double relative = 1e-9;  // closed forms; only rounding

struct Schedule {
  int fractions;
  double per_fraction_gy, bed, eqd2;
};

class Schedules : public testing::TestWithParam<Schedule> {};
INSTANTIATE_TEST_SUITE_P(AlphaBeta10, Schedules,
                         testing::Values(Schedule{3, 18, 151.2, 126}, Schedule{3, 20, 180, 150},
                                         Schedule{4, 12, 105.6, 88}, Schedule{5, 10, 100, 250.0 / 3},
                                         Schedule{5, 9, 85.5, 71.25}, Schedule{5, 12, 132, 110},
                                         Schedule{8, 7.5, 105, 87.5}));

TEST_P(Schedules, GiveThePublishedBedAndEqd2) {
  const Schedule& s = GetParam();
  const double dose = s.fractions * s.per_fraction_gy;
  EXPECT_NEAR(bed_gy(dose, s.fractions, 10), s.bed, relative * s.bed);
  EXPECT_NEAR(eqd2_gy(dose, s.fractions, 10), s.eqd2, relative * s.eqd2);
}

TEST(Eqd2, OfTwoGrayFractionsIsTheDose) { EXPECT_NEAR(eqd2_gy(60, 30, 3), 60, relative * 60); }

TEST(BedLql, FollowsTheTangentAboveTheTransition) {
  EXPECT_NEAR(bed_lql_gy(54, 3, 10, 10), 132, relative * 132);
  EXPECT_DOUBLE_EQ(bed_lql_gy(24, 3, 10, 10), bed_gy(24, 3, 10));
  // Continuous in value and slope at the transition: a step of h changes it by the slope to order h^2/(alpha/beta).
  const double h = 1e-4, slope = 1 + 2 * 10.0 / 10;
  EXPECT_NEAR(bed_lql_gy(10 + h, 1, 10, 10) - bed_lql_gy(10, 1, 10, 10), slope * h, 1e-12);
}

TEST(Bed, RefusesSenselessArguments) {
  EXPECT_THROW(bed_gy(10, 0, 10), ContractViolation);
  EXPECT_THROW(bed_gy(10, 1, 0), ContractViolation);
}

}  // namespace
}  // namespace sbrt
