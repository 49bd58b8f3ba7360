#include "engine/planning/penalty_solver.h"

#include "engine/planning/low_discrepancy.h"
#include "geometry/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

DoseInfluence matrix(const std::vector<std::vector<float>>& columns) {
  std::vector<DoseInfluence::Column> sparse;
  for (const auto& values : columns) {
    DoseInfluence::Column c;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] > 0) {
        c.rows.push_back(std::uint32_t(i));
        c.gy_per_mu.push_back(values[i]);
      }
    sparse.push_back(c);
  }
  return DoseInfluence(columns[0].size(), sparse);
}

/// Every beam reaches about a third of the points; some points want dose, some do not.
struct RandomCase {
  DoseInfluence influence;
  PenaltyProblem problem;
  RandomCase(std::size_t points, std::size_t beams, std::uint64_t seed) : influence(make(points, beams, seed)) {
    problem.influence = &influence;
    for (std::size_t i = 0; i < points; ++i) {
      const bool target = i % 3 == 0;
      problem.rows.push_back(target ? RowPenalty{1, 3, 1.3, 1} : RowPenalty{0, 0, 0.3, 0.5});
    }
  }
  static DoseInfluence make(std::size_t points, std::size_t beams, std::uint64_t seed) {
    std::vector<std::vector<float>> columns(beams, std::vector<float>(points, 0));
    for (std::size_t j = 0; j < beams; ++j)
      for (std::size_t i = 0; i < points; ++i) {
        const double u = unit_number(mixed(seed + 7919 * i + 104729 * j));
        if (u < 0.3 || (i % 3 == 0 && u < 0.5)) columns[j][i] = float(0.01 * u);
      }
    return matrix(columns);
  }
};

// Iterations stop at the tolerance given; the values are exact to rounding where the optimum is met exactly.
constexpr double tight = 1e-8;

TEST(PenaltySolver, OneBeamByHand) {
  // Points 1 and 2 Gy/MU; f = (1 - x)^2 + 4 (2x - 1)^2 where both penalties act: f' = 0 at x = 9 / 17.
  const DoseInfluence a = matrix({{1, 2}});
  const PenaltyProblem p{&a, {{1, 1, HUGE_VAL, 0}, {0, 0, 1, 4}}, {}, {}, {}};
  const PenaltySolution s = minimise_penalties(p, {}, {1000, tight});
  EXPECT_NEAR(s.weights_mu[0], 9.0 / 17, 1e-7);
  EXPECT_NEAR(s.objective, std::pow(8.0 / 17, 2) + 4 * std::pow(1.0 / 17, 2), 1e-7);
}

TEST(PenaltySolver, BoundsAndCostByHand) {
  // Two independent beams of 1 Gy/MU wanting 1 Gy. Cost c: f' = -2 (1 - x) + c, so x = 1 - c / 2; the bound holds at
  // 0.3.
  const DoseInfluence a = matrix({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  const PenaltyProblem p{
      &a, {{1, 1, HUGE_VAL, 0}, {1, 1, HUGE_VAL, 0}, {1, 1, HUGE_VAL, 0}}, {0.5, 0, 3}, {10, 0.3, 10}, {}};
  const PenaltySolution s = minimise_penalties(p, {}, {1000, tight});
  EXPECT_NEAR(s.weights_mu[0], 0.75, 1e-7);
  EXPECT_NEAR(s.weights_mu[1], 0.3, 1e-7);
  EXPECT_EQ(s.weights_mu[2], 0);
}

TEST(PenaltySolver, MeetsTheKktConditions) {
  const RandomCase c(600, 150, 1);
  const PenaltySolution s = minimise_penalties(c.problem, {}, {20000, 1e-7});
  EXPECT_LE(s.relative_kkt, 2e-7);
  // Against the definition: gradient by differences of f. At x_j > 0 it vanishes, at x_j = 0 it does not fall.
  const double f0 = penalty_value(c.problem, s.dose_gy, s.weights_mu);
  EXPECT_DOUBLE_EQ(f0, s.objective);
  double scale = 0;
  for (const RowPenalty& r : c.problem.rows) scale += r.low_weight * r.low_gy * r.low_gy;  // f(0)
  int active = 0;
  for (std::size_t j = 0; j < 150; ++j) {
    const double h = 1e-3;  // MU; f is piecewise quadratic, so central differences are exact but at kinks of f'
    std::vector<double> x = s.weights_mu;
    x[j] += h;
    const double up = penalty_value(c.problem, c.influence.dose(x), x);
    EXPECT_GE(up, f0 - 1e-9 * scale) << j;
    if (s.weights_mu[j] > h) {
      x[j] -= 2 * h;
      EXPECT_GE(penalty_value(c.problem, c.influence.dose(x), x), f0 - 1e-9 * scale) << j;
      ++active;
    }
  }
  EXPECT_GT(active, 10);
}

TEST(PenaltySolver, FindsThePlantedOptimum) {
  // Limits set to the dose of a known x0 >= 0 make f(x0) = 0, the least there is.
  RandomCase c(800, 60, 3);
  std::vector<double> planted(60);
  for (std::size_t j = 0; j < 60; ++j) planted[j] = j % 2 ? 0.0 : 50.0 + double(j);
  const std::vector<double> dose = c.influence.dose(planted);
  for (std::size_t i = 0; i < dose.size(); ++i) c.problem.rows[i] = {dose[i], 1, dose[i], 1};
  const PenaltySolution s = minimise_penalties(c.problem, {}, {20000, 1e-9});
  for (std::size_t j = 0; j < 60; ++j) EXPECT_NEAR(s.weights_mu[j], planted[j], 1e-4 * 110) << j;
}

TEST(PenaltySolver, WarmStartEndsAtTheSameOptimumSooner) {
  const RandomCase c(600, 150, 2);
  const PenaltySolution cold = minimise_penalties(c.problem, {}, {20000, 1e-6});
  const PenaltySolution warm = minimise_penalties(c.problem, cold.weights_mu, {20000, 1e-6});
  EXPECT_LT(warm.iterations, cold.iterations / 4);
  EXPECT_NEAR(warm.objective, cold.objective, 1e-6 * cold.objective);
}

TEST(PenaltySolver, MoreBeamsAreNeverWorse) {
  const RandomCase c(600, 150, 4);
  std::vector<DoseInfluence::Column> half;
  for (std::size_t j = 0; j < 75; ++j) half.push_back(c.influence.column(j));
  const DoseInfluence fewer(600, half);
  PenaltyProblem p = c.problem;
  p.influence = &fewer;
  const double with_75 = minimise_penalties(p, {}, {20000, 1e-7}).objective;
  const double with_150 = minimise_penalties(c.problem, {}, {20000, 1e-7}).objective;
  EXPECT_LE(with_150, with_75 * (1 + 1e-6));
}

TEST(PenaltySolver, SameBytesForAnyThreadCount) {
  const RandomCase c(1500, 200, 5);
  const int before = thread_count();
  set_thread_count(1);
  const PenaltySolution one = minimise_penalties(c.problem);
  set_thread_count(3);
  const PenaltySolution three = minimise_penalties(c.problem);
  set_thread_count(before);
  EXPECT_EQ(one.weights_mu, three.weights_mu);
  EXPECT_EQ(one.iterations, three.iterations);
}

TEST(PenaltySolver, BeamThatReachesNothingStaysOff) {
  const DoseInfluence a = matrix({{1, 0}, {0, 0}});
  const PenaltyProblem p{&a, {{1, 1, 1, 1}, {1, 1, 1, 1}}, {}, {}, {}};
  const PenaltySolution s = minimise_penalties(p, {0, 5}, {1000, tight});
  EXPECT_NEAR(s.weights_mu[0], 1, 1e-7);
  EXPECT_EQ(s.weights_mu[1], 0);
}

TEST(PenaltySolver, SharedLimitByHand) {
  // (1 - a)^2 + 3 (1 - b)^2 with a + b <= 1: 2 (1 - a) = 6 (1 - b) = m, so a = 1/4, b = 3/4. The third is in no group.
  const DoseInfluence a = matrix({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  PenaltyProblem p{&a, {{1, 1, HUGE_VAL, 0}, {1, 3, HUGE_VAL, 0}, {1, 1, HUGE_VAL, 0}}, {}, {10, 10, 10}, {}};
  p.groups = {{0, 1}};
  p.group_upper_mu = 1;
  const PenaltySolution s = minimise_penalties(p, {}, {2000, tight});
  EXPECT_NEAR(s.weights_mu[0], 0.25, 1e-6);
  EXPECT_NEAR(s.weights_mu[1], 0.75, 1e-6);
  EXPECT_GE(s.weights_mu[2], 1 - 1e-6);  // more costs nothing
  EXPECT_LE(s.weights_mu[0] + s.weights_mu[1], 1 + 1e-12);
}

}  // namespace
}  // namespace sbrt
