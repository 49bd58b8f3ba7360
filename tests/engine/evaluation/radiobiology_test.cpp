#include "engine/evaluation/radiobiology.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

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

// Park 2008, non-small-cell lung cancer: DT = 6.2 Gy and alpha/beta = 8.6 Gy follow from the three parameters.
const UniversalSurvival park{0.33, 1.25, 1.8, "Park 2008, 10.1016/j.ijrobp.2007.10.059"};

TEST(BedUsc, HasThePublishedTransitionAndAlphaBeta) {
  constexpr double printed = 0.1;  // one decimal of rounded parameters
  EXPECT_NEAR(park.transition_gy(), 6.2, printed);
  EXPECT_NEAR(park.alpha_beta_gy(), 8.6, printed);
}

TEST(BedUsc, IsLinearQuadraticBelowAndALineAboveTheTransition) {
  EXPECT_NEAR(bed_usc_gy(54, 3, park), 3 * (18 - 1.8) / (0.33 * 1.25), relative * 120);
  EXPECT_DOUBLE_EQ(bed_usc_gy(15, 3, park), bed_gy(15, 3, park.alpha_beta_gy()));
  // Continuous in value and slope at the transition.
  const double t = park.transition_gy(), h = 1e-4, slope = 1 / (0.33 * 1.25);
  EXPECT_NEAR(bed_usc_gy(t + h, 1, park), bed_usc_gy(t, 1, park) + slope * h, relative);
  EXPECT_NEAR(bed_usc_gy(t - h, 1, park), bed_usc_gy(t, 1, park) - slope * h, 2 * h * h / park.alpha_beta_gy());
}

TEST(Repopulation, TakesNothingBeforeItsKickOff) {
  const Repopulation lung{0.3, 28, 3, "test"};
  EXPECT_EQ(repopulation_loss_gy(12, lung), 0);
  EXPECT_NEAR(repopulation_loss_gy(34, lung), std::log(2.0) * 6 / 0.9, relative * 5);
}

TEST(ProtractionFactor, OfTenBeamsIsTheCheckValue) {
  // 10 beams of 1 Gy, 0.5 min each, one every 1.5 min, half-time 30 min.
  Protraction fraction(30);
  for (int beam = 0; beam < 10; ++beam) fraction.add_beam(1, 0.5, 1);
  EXPECT_NEAR(fraction.factor(), 0.8945198860, 1e-10);
  EXPECT_NEAR(fraction.bed_gy(10), 10 * (1 + fraction.factor()), relative * 20);
}

TEST(ProtractionFactor, EqualsTheDoubleSum) {
  const std::vector<double> dose{1, 0, 2.5, 0.3, 4}, minutes{0.5, 1, 0, 1e-4, 2}, gap{0, 3, 0.2, 7, 1};
  Protraction fraction(25);
  for (std::size_t b = 0; b < dose.size(); ++b) fraction.add_beam(dose[b], minutes[b], gap[b]);
  const double mu = std::log(2.0) / 25;
  double q = 0, sum = 0;
  for (std::size_t j = 0; j < dose.size(); ++j) {
    const auto a = [&](std::size_t b) {
      return minutes[b] > 0 ? (1 - std::exp(-mu * minutes[b])) / (mu * minutes[b]) : 1;
    };
    const double x = mu * minutes[j];
    q += dose[j] * dose[j] * (x > 1e-3 ? 2 * (x - 1 + std::exp(-x)) / (x * x) : 1 - x / 3);
    double between = gap[j];
    for (std::size_t i = j; i-- > 0;) {
      q += 2 * dose[i] * dose[j] * a(i) * a(j) * std::exp(-mu * between);
      between += minutes[i] + gap[i];
    }
    sum += dose[j];
  }
  EXPECT_NEAR(fraction.factor(), q / (sum * sum), relative);
}

TEST(ProtractionFactor, RunsFromOneToTheSeparateBeams) {
  Protraction instant(30), apart(30);
  for (int beam = 0; beam < 4; ++beam) {
    instant.add_beam(2, 0, 0);
    apart.add_beam(2, 0, 1e5);
  }
  EXPECT_NEAR(instant.factor(), 1, relative);
  EXPECT_NEAR(apart.factor(), 0.25, relative);
  // One long beam: g(x) = 2 (x - 1 + exp(-x))/x^2 at x = ln 2.
  Protraction slow(30);
  slow.add_beam(3, 30, 0);
  EXPECT_NEAR(slow.factor(), 2 * (std::log(2.0) - 0.5) / (std::log(2.0) * std::log(2.0)), relative);
  EXPECT_EQ(Protraction(30).factor(), 1);
}

TEST(ProtractionFactor, IsSmoothWhereTheSeriesEnds) {
  const auto factor = [](double x) {
    Protraction p(std::log(2.0));
    p.add_beam(1, x, 0);
    return p.factor();
  };
  const double h = 1e-9;  // slope -1/3
  EXPECT_NEAR(factor(0.01 + h) - factor(0.01 - h), -2 * h / 3, 1e-11);
}

TEST(Ntcp, FollowsTheNormalDistribution) {
  const LymanParameters lung{24.5, 0.18, 0.87, "Burman 1991, 10.1016/0360-3016(91)90172-Z"};
  EXPECT_NEAR(lkb_ntcp(24.5, lung), 0.5, relative);
  EXPECT_NEAR(lkb_ntcp(24.5 * 1.18, lung), 0.8413447460685429, relative);  // Phi(1)
  EXPECT_NEAR(lkb_ntcp(24.5 * 0.64, lung), 0.0227501319481792, relative);  // Phi(-2)
  const std::vector<double> dose{10, 40}, volume{300, 100};
  const double geud = std::pow(0.75 * std::pow(10, 1 / 0.87) + 0.25 * std::pow(40, 1 / 0.87), 0.87);
  EXPECT_NEAR(geud_gy(dose, volume, 0.87), geud, relative * geud);
  EXPECT_NEAR(lkb_ntcp(dose, volume, lung), lkb_ntcp(geud, lung), relative);
  EXPECT_NEAR(geud_gy(dose, volume, 1), 17.5, relative * 17.5);
}

TEST(Geud, OfManyPowersStaysInRange) {
  const std::vector<double> dose{60, 20}, volume{3, 1};
  EXPECT_NEAR(geud_gy(dose, volume, 0.0005), 60 * std::pow(0.75, 0.0005), relative * 60);
  EXPECT_NEAR(geud_gy(dose, volume, -0.0005), 20 * std::pow(0.25, -0.0005), relative * 20);
  EXPECT_EQ(geud_gy(std::vector<double>{60, 0}, volume, -0.5), 0);
}

TEST(Tcp, PoissonPassesD50WithItsSlope) {
  const PoissonParameters tumour{60, 2, "test"};
  const std::vector<double> one{1000};
  const auto tcp = [&](double dose) { return poisson_tcp(std::vector<double>{dose}, one, tumour); };
  EXPECT_NEAR(tcp(60), 0.5, relative);
  const double h = 1e-3;  // central difference, error of order h^2
  EXPECT_NEAR(60 * (tcp(60 + h) - tcp(60 - h)) / (2 * h), 2, 1e-6);
  // Independent parts multiply: half at one dose, half at another.
  const double both = poisson_tcp(std::vector<double>{55, 70}, std::vector<double>{500, 500}, tumour);
  EXPECT_NEAR(both, std::sqrt(tcp(55) * tcp(70)), relative);
}

TEST(Tcp, LinearQuadraticCountsSurvivors) {
  const ClonogenParameters cells{1e7, 0.3, "test"};
  const std::vector<double> bed{60, 80}, volume{2000, 500};
  const double survivors = 2e7 * std::exp(-18) + 5e6 * std::exp(-24);
  EXPECT_NEAR(lq_tcp(bed, volume, cells), std::exp(-survivors), relative);
}

}  // namespace
}  // namespace sbrt
