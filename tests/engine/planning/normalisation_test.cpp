#include "engine/planning/normalisation.h"

#include "engine/evaluation/evaluate.h"
#include "geometry/error.h"
#include "geometry/progress.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

constexpr PatientPoint centre{3, -4, 6};

DoseGrid linear_dose(double at_centre_gy, double gy_per_mm) {
  const Grid grid({41, 45, 31}, {1, 1.1, 1.5}, {-17, -28, -17});
  DoseGrid dose(grid);
  for (int k = 0; k < 31; ++k)
    for (int j = 0; j < 45; ++j)
      for (int i = 0; i < 41; ++i)
        dose(i, j, k) = float(at_centre_gy + gy_per_mm * (grid.voxel_centre(i, j, k).y - centre.y));
  return dose;
}

/// Fraction of a ball of radius 1 beyond the plane at t: (1 - t)^2 (2 + t) / 4; its inverse by bisection.
double cap_position(double fraction) {
  double low = -1, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double t = 0.5 * (low + high);
    ((1 - t) * (1 - t) * (2 + t) / 4 > fraction ? low : high) = t;
  }
  return low;
}

// 200 000 samples place the share of the volume within 1e-4; the ball's contours are 0.1 mm off its surface, the dose
// changes by 0.5 Gy/mm of 40 Gy: 0.13 %. Together below 0.3 %.
constexpr double relative = 3e-3;

TEST(Normalisation, LinearDoseInABall) {
  const std::vector<PlanningTarget> targets{{ball_shape("PTV", centre, 10), {45, 5, 75.0}}};
  for (const double coverage : {50.0, 90.0, 95.0, 98.0}) {
    const double covered = 40 + 0.5 * 10 * cap_position(coverage / 100);
    EXPECT_NEAR(normalisation_factor(targets, linear_dose(40, 0.5), coverage), 45 / covered, relative * 45 / covered)
        << coverage;
  }
}

// The pieces that the evaluation takes depend on the dose. Whichever they are, its coverage is the one asked for, or
// above it where two sets of pieces take turns.
TEST(Normalisation, TheEvaluationFindsTheCoverageAskedFor) {
  constexpr double asked = 95, rounded_pct = 0.005;  // as reports print it
  for (int n = 0; n < 24; n += 7) {
    const Shape ptv = ball_shape("PTV", centre, 6 + 0.35 * n);
    const Prescription rx{45, 5, 75.0};
    DoseGrid dose = linear_dose(40 + n, 0.3 + 0.05 * (n % 7));
    const double factor = normalisation_factor({{ptv, rx}}, dose, asked);
    for (float& value : dose.values()) value = float(factor * double(value));
    EvaluationInput input;
    input.dose = &dose;
    input.structures = {{ptv, RoiRole::ptv}};
    input.targets = {{"PTV", rx}};
    NoProgress progress;
    const double found = evaluate(input, progress).targets.at(0).indices.at("coverage_pct").value;
    EXPECT_GT(found, asked - rounded_pct) << "ball " << n;
    EXPECT_LT(found, asked + 0.1) << "ball " << n;  // twice the wanted interval
  }
}

TEST(Normalisation, TellsWhatAPlanStillLacksByItsOwnEvaluation) {
  const Shape ptv = ball_shape("PTV", centre, 10);
  EvaluationInput input;
  input.structures = {{ptv, RoiRole::ptv}};
  input.targets = {{"PTV", {45, 5, 75.0}}};
  NoProgress progress;
  const auto evaluated = [&](double factor) {
    DoseGrid dose = linear_dose(40, 0.5);
    for (float& value : dose.values()) value = float(factor * double(value));
    input.dose = &dose;
    return evaluate(input, progress);
  };
  // The first factor is right to 0.3 %, as above; that of a look at the evaluation itself to its samples.
  const double covered = 40 + 0.5 * 10 * cap_position(0.95);
  double enough = 45 / covered * (1 - relative);
  for (int look = 0; look < 40 && evaluated(enough).targets[0].indices.at("coverage_pct").value < 95; ++look)
    enough *= 1.0002;
  EXPECT_EQ(factor_still_missing(evaluated(enough), 95), 1);
  EXPECT_EQ(factor_still_missing(evaluated(1.01 * enough), 95), 1);
  const double missing = factor_still_missing(evaluated(enough / 1.001), 95);
  EXPECT_NEAR(missing, 1.001, 2.5e-4);
  EXPECT_NEAR(factor_still_missing(evaluated(enough / 1.001 * missing), 95), 1, 1e-4);
  EXPECT_EQ(factor_still_missing(evaluated(enough / 1.1), 95), 1) << "no matter of samples";
  // What lies outside the body is no matter of MU: a mask that ends in the ball.
  Occupancy body(Grid({41, 45, 61}, {1, 1.1, 0.5}, {-17, -28, -10}), 1.0f);
  for (int k = 40; k < 61; ++k)
    for (int j = 0; j < 45; ++j)
      for (int i = 0; i < 41; ++i) body(i, j, k) = 0;
  input.body_mask = &body;
  EXPECT_EQ(factor_still_missing(evaluated(2), 95), 1);
  // The same where the part outside is cold.
  const double cut = body.grid().voxel_centre(0, 0, 40).z - 0.25;
  DoseGrid cold = linear_dose(46, 0.1);
  for (int k = 0; k < 31; ++k)
    for (int j = 0; j < 45; ++j)
      for (int i = 0; i < 41; ++i)
        if (cold.grid().voxel_centre(i, j, k).z > cut) cold(i, j, k) = 5;
  input.dose = &cold;
  const Evaluation outside_cold = evaluate(input, progress);
  ASSERT_LT(outside_cold.targets[0].indices.at("coverage_pct").value, 90);
  EXPECT_EQ(factor_still_missing(outside_cold, 95), 1);
}

TEST(Normalisation, SettlesWhereTheSamplesStayAndAboveWhereTheyTakeTurns) {
  // The samples stay: the first look tells the factor, the second that it is right.
  EXPECT_DOUBLE_EQ(settled_factor(1, [](double factor) { return 1.25 / factor; }), 1.25);
  // Below 1.0005 samples that need 1.001, above it samples that need 1.0001: the dose that covers enough is 1.001.
  const auto in_turns = [](double factor) { return (factor < 1.0005 ? 1.001 : 1.0001) / factor; };
  for (const double first : {0.9, 1.0, 1.0002, 1.2}) {
    const double factor = settled_factor(first, in_turns);
    EXPECT_LE(in_turns(factor), 1) << first;
    EXPECT_DOUBLE_EQ(factor, 1.001) << first;
  }
}

TEST(Normalisation, TheLeastCoveredTargetDecides) {
  const Shape ptv = ball_shape("PTV", centre, 10);
  const std::vector<PlanningTarget> targets{{ptv, {45, 5, 75.0}}, {ball_shape("boost", centre, 5), {60, 5, 75.0}}};
  const double boost = 40 + 0.5 * 5 * cap_position(0.95);
  EXPECT_NEAR(normalisation_factor(targets, linear_dose(40, 0.5), 95), 60 / boost, relative * 60 / boost);
}

TEST(Normalisation, WhatLiesOutsideTheBodyCannotBeCovered) {
  const std::vector<PlanningTarget> targets{{ball_shape("PTV", centre, 10), {45, 5, 75.0}}};
  const DoseGrid dose = linear_dose(40, 0);  // even: the factor is 45 / 40 wherever coverage is possible
  Occupancy body(Grid({41, 45, 61}, {1, 1.1, 0.5}, {-17, -28, -10}), 0.0f);
  // Fraction 0.1 of the ball lies below this plane.
  const double cut = centre.z - 10 * cap_position(0.1);
  for (int k = 0; k < 61; ++k)
    for (int j = 0; j < 45; ++j)
      for (int i = 0; i < 41; ++i) body(i, j, k) = body.grid().voxel_centre(i, j, k).z > cut;
  Warnings warnings;
  EXPECT_NEAR(normalisation_factor(targets, dose, 85, &body, &warnings), 45.0 / 40, 1e-6);
  EXPECT_TRUE(warnings.empty());
  EXPECT_NEAR(normalisation_factor(targets, dose, 95, &body, &warnings), 45.0 / 40, 1e-6);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code, "coverage-not-possible");
  EXPECT_THAT(warnings[0].text, testing::HasSubstr("of 'PTV' lie outside the body"));
}

TEST(Normalisation, RefusesWhatNoFactorMends) {
  EXPECT_THROW(normalisation_factor({{ball_shape("PTV", centre, 10), {45, 5, 75.0}}}, linear_dose(0, 0), 95),
               InputError);
  EXPECT_THROW(normalisation_factor({{ball_shape("PTV", centre + PatientVec{25, 0, 0}, 10), {45, 5, 75.0}}},
                                    linear_dose(40, 0.5), 95),
               InputError);
}

}  // namespace
}  // namespace sbrt
