#include "engine/planning/full_grid_check.h"

#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sbrt {
namespace {

Grid fine_grid(const WaterCase& c, double margin_mm) {
  return covering_grid(c.problem.targets[0].shape.bounding_box().grown(margin_mm), {1, 1, 1}, c.grid);
}

/// 50 Gy everywhere: between the prescription of 45 Gy and its maximum of 60 Gy.
DoseGrid flat(const WaterCase& c) { return DoseGrid(fine_grid(c, 30), 50.0f); }

void set(DoseGrid& dose, PatientPoint p, float gy) {
  const VoxelPoint v = dose.grid().to_voxel(p);
  dose(int(std::lround(v.x)), int(std::lround(v.y)), int(std::lround(v.z))) = gy;
}

TEST(FullGridCheck, FindsASingleHotAndASingleColdVoxelInTheTarget) {
  const WaterCase c(10);
  DoseGrid dose = flat(c);
  set(dose, WaterCase::centre + PatientVec{4, 0, 0}, 66.0f);
  set(dose, WaterCase::centre + PatientVec{-4, 0, 0}, 36.0f);
  const GridFindings found = check_on_grid(c.problem, {0.75}, {}, dose, 1.0);
  std::vector<DosePoint> in_target;
  for (const DosePoint& p : found.points)
    if (p.role == PointRole::target) in_target.push_back(p);
  ASSERT_EQ(in_target.size(), 2u);
  constexpr double half_voxel = 0.9;  // of its diagonal, 1 mm voxels
  EXPECT_LT(distance(in_target[0].point, WaterCase::centre + PatientVec{4, 0, 0}), half_voxel);
  EXPECT_LT(distance(in_target[1].point, WaterCase::centre + PatientVec{-4, 0, 0}), half_voxel);
  EXPECT_TRUE(in_target[0].added);
  EXPECT_NEAR(found.worst_excess, 0.1, 1e-6);
  // Seen with all MU a tenth lower, the hot one is right.
  EXPECT_NEAR(check_on_grid(c.problem, {0.75}, {}, dose, 1 / 1.1).worst_excess, 0, 1e-6);
}

TEST(FullGridCheck, FindsPrescriptionOutsideAndAMissedGoal) {
  WaterCase c(10);
  c.problem.organs.push_back(ball_shape("Cord", WaterCase::centre + PatientVec{0, 25, 0}, 6));
  c.problem.goals = {Goal::parse("Cord:Max <= 20 Gy")};
  Warnings warnings;
  const std::vector<GoalTerm> terms = goal_terms(c.problem, warnings);
  const GridFindings found = check_on_grid(c.problem, {0.75}, terms, flat(c), 1.0);
  ASSERT_EQ(found.goal_value.size(), 1u);
  EXPECT_NEAR(found.goal_value[0], 50, 1e-5);
  const auto of = [&](PointRole role) {
    return std::count_if(found.points.begin(), found.points.end(), [&](const DosePoint& p) { return p.role == role; });
  };
  EXPECT_GT(of(PointRole::shell), 0);
  EXPECT_GT(of(PointRole::organ), 0);
  for (const DosePoint& p : found.points)
    if (p.role == PointRole::shell) {
      EXPECT_GT(distance(p.point, WaterCase::centre), 10);
    }
}

TEST(FullGridCheck, NothingToMendInAGoodDose) {
  const WaterCase c(10);
  DoseGrid dose(fine_grid(c, 30), 20.0f);
  for (int k = 0; k < dose.grid().size().nz; ++k)
    for (int j = 0; j < dose.grid().size().ny; ++j)
      for (int i = 0; i < dose.grid().size().nx; ++i)
        if (distance(dose.grid().voxel_centre(i, j, k), WaterCase::centre) <= 10) dose(i, j, k) = 55.0f;
  EXPECT_TRUE(check_on_grid(c.problem, {0.75}, {}, dose, 1.0).points.empty());
}

TEST(FullGridCheck, SparsePointsEndWithTheWholeGridInAgreement) {
  // A target far larger than the spacing of the points, few beams: hot spots lie between them.
  WaterCase c(40);
  c.options.count = 500;
  c.options.limits.max_beams = 60;
  Warnings warnings;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  const auto excess = [&] {
    const PlanningResult r = optimise(c.problem, c.options, candidates);
    const DoseGrid dose = compute_dose(r.beams, c.density, c.beam_data, fine_grid(c, 10)).dose;
    const double lift = normalisation_factor(c.problem.targets, dose, c.options.coverage_pct);
    return std::make_pair(check_on_grid(c.problem, {0.75}, {}, dose, lift).worst_excess, r.grid_checks);
  };
  const auto [unchecked, no_checks] = excess();
  c.options.full_grid = fine_grid(c, 10);
  const auto [checked, checks] = excess();
  EXPECT_EQ(no_checks, 0);
  EXPECT_GE(checks, 1);
  EXPECT_LT(checked, unchecked);
}

}  // namespace
}  // namespace sbrt
