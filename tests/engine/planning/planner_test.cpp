#include "engine/planning/planner.h"

#include "engine/planning/delivery.h"
#include "geometry/error.h"
#include "geometry/interpolate.h"
#include "geometry/parallel.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace sbrt {
namespace {

/// Indices of a plan on a ball target, judged by counting points 0.75 mm apart.
struct Judged {
  double coverage = 0, ci = 0, gi = 0, isodose = 0;
};

Judged judge(const WaterCase& c, const BeamSet& beams, double radius, double coverage_pct) {
  const Grid grid = covering_grid(
      [&] {
        Box box;
        box.add(WaterCase::centre);
        return box.grown(1.8 * radius + 4);
      }(),
      {1.5, 1.5, 1.5}, c.grid);
  const DoseGrid dose = compute_dose(beams, c.density, c.beam_data, grid).dose;
  const double factor = normalisation_factor(c.problem.targets, dose, coverage_pct);
  const double rx = c.problem.targets[0].prescription.dose_gy;
  const DoseInterpolator at(dose);
  constexpr double step = 0.75;
  const int n = int((1.8 * radius + 3) / step);
  double tv = 0, piv = 0, tiv = 0, half = 0, highest = 0;
  for (int k = -n; k <= n; ++k)
    for (int j = -n; j <= n; ++j)
      for (int i = -n; i <= n; ++i) {
        const PatientVec v{i * step, j * step, k * step};
        const double d = factor * at(WaterCase::centre + v);
        const bool inside = norm(v) <= radius;
        tv += inside;
        piv += d >= rx;
        tiv += inside && d >= rx;
        half += d >= rx / 2;
        highest = std::max(highest, d);
      }
  return {100 * tiv / tv, piv / tiv, half / piv, 100 * rx / highest};
}

TEST(Planner, BallInWaterIsConformal) {
  WaterCase c(10);
  c.options.coverage_pct = 98;
  c.options.count = 600;
  Warnings warnings;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  const PlanningResult result = optimise(c.problem, c.options, candidates);
  EXPECT_LE(result.beams.size(), 150u);
  for (const Beam& b : result.beams) {
    EXPECT_GE(b.weight_mu, 5 * 5 * 0.999);  // 5 MU in each of 5 fractions
    EXPECT_LE(b.weight_mu, 500 * 5);
  }
  const Judged j = judge(c, result.beams, 10, 98);
  // Counting points 0.75 mm apart in a ball of 9 900 of them: the coverage is good to 1 %, CI and GI to 2 %.
  EXPECT_NEAR(j.coverage, 98, 2.0);
  EXPECT_LE(j.ci, 1.06);
  EXPECT_LE(j.gi, 2.85);
  EXPECT_GE(j.isodose, 70);
  EXPECT_LE(j.isodose, 80);
  EXPECT_NEAR(result.expected_isodose_pct, j.isodose, 2.0);
}

TEST(Planner, AskedIsodoseIsReachedWhereTheFallOffWantsLessHeat) {
  WaterCase c(20);
  c.options.count = 400;
  Warnings warnings;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  for (const double asked : {60.0, 70.0, 80.0}) {
    c.problem.targets[0].prescription.isodose_pct = asked;
    const PlanningResult r = optimise(c.problem, c.options, candidates);
    EXPECT_NEAR(r.expected_isodose_pct, asked, 2.0);
    EXPECT_FALSE(r.searched_isodose_pct);
  }
}

TEST(Planner, IsodoseIsSearchedWhereNoneIsStated) {
  WaterCase c(6);
  c.problem.targets[0].prescription.isodose_pct.reset();
  c.options.count = 400;
  Warnings warnings;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  const PlanningResult searched = optimise(c.problem, c.options, candidates);
  ASSERT_TRUE(searched.searched_isodose_pct);
  EXPECT_GE(*searched.searched_isodose_pct, 70);
  EXPECT_LE(*searched.searched_isodose_pct, 80);
  const double gi = judge(c, searched.beams, 6, 95).gi;
  for (const double fixed : {70.0, 80.0}) {
    c.options.default_isodose_pct = fixed;
    const PlanningResult r = optimise(c.problem, c.options, candidates);
    EXPECT_FALSE(r.searched_isodose_pct);
    EXPECT_LE(gi, 1.02 * judge(c, r.beams, 6, 95).gi) << fixed;  // as good as the counting of points
  }
}

class PlannerWithOrgan : public testing::Test {
 protected:
  PlannerWithOrgan() : c(10) {
    c.problem.targets[0].prescription = {27, 3, 75.0};
    // 4 mm from the target's surface, where 27 Gy plans leave about half the prescription.
    c.problem.organs.push_back(ball_shape("Cord", WaterCase::centre + PatientVec{0, 20, 0}, 6));
    c.options.count = 500;
    c.options.coverage_pct = 95;
  }
  double highest_organ_dose() {
    Warnings warnings;
    const PlanningResult r = optimise(c.problem, c.options, make_candidates(c.problem, c.options, warnings));
    Box box = c.problem.targets[0].shape.bounding_box();
    box.add(c.problem.organs[0].bounding_box().high);
    const Grid grid = covering_grid(box.grown(3), {1, 1, 1}, c.grid);
    const DoseGrid dose = compute_dose(r.beams, c.density, c.beam_data, grid).dose;
    const double factor = normalisation_factor(c.problem.targets, dose, 95);
    const DoseInterpolator at(dose);
    double highest = 0;
    for (const Sample& s : c.problem.organs[0].sample(1)) highest = std::max(highest, factor * at(s.point));
    return highest;
  }
  WaterCase c;
};

TEST_F(PlannerWithOrgan, GoalLowersTheOrgansDose) {
  const double free = highest_organ_dose();
  c.problem.goals = {Goal::parse("Cord:Max <= 9 Gy")};
  const double limited = highest_organ_dose();
  EXPECT_GT(free, 12);
  EXPECT_LE(limited, 9.5);  // the optimiser's points miss the very maximum
}

TEST(Planner, SameBytesForAnyThreadCount) {
  WaterCase c(6);
  c.options.count = 200;
  const auto plan = [&](int threads) {
    set_thread_count(threads);
    Warnings warnings;
    return optimise(c.problem, c.options, make_candidates(c.problem, c.options, warnings)).beams;
  };
  const int before = thread_count();
  const BeamSet one = plan(1), three = plan(3);
  set_thread_count(before);
  EXPECT_EQ(one, three);
}

TEST(Planner, TwoTargetsGetTheirOwnPrescriptions) {
  WaterCase c(8);
  const PatientPoint other{55, 10, 6};
  c.problem.targets.push_back({ball_shape("PTV 2", other, 6), {30, 5, 75.0}});
  c.options.count = 700;
  Warnings warnings;
  const PlanningResult r = optimise(c.problem, c.options, make_candidates(c.problem, c.options, warnings));
  Box box = c.problem.targets[0].shape.bounding_box();
  box.add(c.problem.targets[1].shape.bounding_box().high);
  const Grid grid = covering_grid(box.grown(10), {1.5, 1.5, 1.5}, c.grid);
  const DoseGrid dose = compute_dose(r.beams, c.density, c.beam_data, grid).dose;
  const double first = normalisation_factor({c.problem.targets[0]}, dose, 95);
  const double second = normalisation_factor({c.problem.targets[1]}, dose, 95);
  EXPECT_NEAR(first, 1, 0.03);
  EXPECT_NEAR(second, 1, 0.03);
}

TEST(Planner, RefusesByReason) {
  WaterCase c(8);
  EXPECT_THROW(optimise(c.problem, c.options, {}), InputError);
  Warnings warnings;
  c.options.count = 113;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  c.problem.goals = {Goal::parse("Chord:Max <= 8 Gy")};
  EXPECT_THROW(optimise(c.problem, c.options, candidates), InputError);
  c.problem.goals.clear();
  c.options.limits.min_beam_mu = 1e6;
  c.options.limits.max_beam_mu = 1e7;
  EXPECT_THROW(optimise(c.problem, c.options, candidates), InputError);
}

}  // namespace
}  // namespace sbrt
