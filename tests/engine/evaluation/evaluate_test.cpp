#include "engine/evaluation/evaluate.h"

#include "engine/evaluation/structure_dose.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "tests/engine/evaluation/analytic.h"
#include "tests/engine/evaluation/contoured.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using testing::HasSubstr;

double ball_cc(double radius) { return 4.0 / 3 * M_PI * radius * radius * radius / 1000; }

constexpr double isodose = 0.7;
// R50 = GI of a Gaussian whose 70 % isodose is the sphere, for any radius.
const double r50_exact = std::pow(std::log(2 / isodose) / std::log(1 / isodose), 1.5);

auto gaussian(PatientPoint centre, double radius, double rx = 50) {
  return [=](PatientPoint p) {
    return rx / isodose * std::exp(-norm2(p - centre) / (radius * radius / std::log(1 / isodose)));
  };
}

NamedShape shape(const Structure& structure) { return {Shape::from_structure(structure), structure.role}; }

EvaluationInput input_of(const DoseGrid& dose, const std::vector<Structure>& structures,
                         const std::vector<std::string>& targets, double rx = 50) {
  EvaluationInput input;
  input.dose = &dose;
  for (const Structure& s : structures) input.structures.push_back(shape(s));
  for (const std::string& t : targets) input.targets.push_back({t, Prescription{rx, 5, std::nullopt}});
  return input;
}

bool has_warning(const Evaluation& evaluation, const std::string& code) {
  return std::any_of(evaluation.warnings.begin(), evaluation.warnings.end(),
                     [&](const Warning& w) { return w.code == code; });
}

double value(const TargetResult& target, const char* id) { return target.indices.at(id).value; }

void expect_identities(const TargetResult& target) {
  constexpr double rounding = 1e-14;
  EXPECT_NEAR(value(target, "nci") * value(target, "ci_paddick"), 1, rounding);
  EXPECT_DOUBLE_EQ(value(target, "nci"), 100 * value(target, "ci") / value(target, "coverage_pct"));
  EXPECT_NEAR(value(target, "ci") * value(target, "selectivity"), 1, rounding);
  EXPECT_NEAR(value(target, "ci_rtog"), value(target, "piv_cc") / value(target, "tv_cc"), rounding);
  EXPECT_GE(value(target, "ci"), 1);
  EXPECT_LE(value(target, "coverage_pct"), 100);
  for (const auto& [id, measured] : target.indices) {
    EXPECT_LE(measured.interval.low, measured.value) << id;
    EXPECT_GE(measured.interval.high, measured.value) << id;
  }
}

struct GaussianSphere {
  double radius, grid_mm, plane_mm;
};
class GaussianSpheres : public testing::TestWithParam<GaussianSphere> {};
INSTANTIATE_TEST_SUITE_P(Radii, GaussianSpheres,
                         testing::Values(GaussianSphere{5, 1, 1}, GaussianSphere{5, 1, 0.5}, GaussianSphere{7.5, 1, 1},
                                         GaussianSphere{12, 1, 1}, GaussianSphere{12, 2, 1}));

// CI, GI and R50 within 0.5 % on 1 mm planes and a 1 mm grid from 5 mm radius on. CI carries the error of the drawn
// sphere: what lies outside the true one (as much is missing inside) is a target that the isodose does not cover.
constexpr double index_tolerance = 0.005;

TEST_P(GaussianSpheres, IndicesAreThoseOfTheClosedForm) {
  const auto [radius, grid_mm, plane_mm] = GetParam();
  const PatientPoint centre{0.31, -0.17, 0.23};
  const double half = 2 * radius + 3;
  const DoseGrid dose = analytic::dose_on_grid(grid_mm, {-half, -half, -half}, 2 * half, gaussian(centre, radius));
  const Evaluation evaluation = evaluate(input_of(dose, {contoured::sphere("PTV", centre, radius, plane_mm)}, {"PTV"}));
  const TargetResult& target = evaluation.targets.at(0);
  expect_identities(target);
  for (const auto& [id, measured] : target.indices)
    RecordProperty(id, std::to_string(measured.value) + " [" + std::to_string(measured.interval.low) + ", " +
                           std::to_string(measured.interval.high) + "]");
  EXPECT_NEAR(value(target, "ci"), 1, index_tolerance);
  EXPECT_NEAR(value(target, "nci"), 1, 2 * index_tolerance);
  EXPECT_NEAR(value(target, "gi") / r50_exact, 1, index_tolerance);
  EXPECT_NEAR(value(target, "r50") / r50_exact, 1, index_tolerance);
  EXPECT_NEAR(value(target, "hi") * isodose, 1, index_tolerance);
  EXPECT_NEAR(value(target, "isodose_pct"), 100 / value(target, "hi"), 1e-9);
  EXPECT_NEAR(value(target, "piv_cc") / ball_cc(radius), 1, 0.001);
  EXPECT_NEAR(value(target, "r_eff_gradient_mm"), radius * (std::cbrt(r50_exact) - 1), 0.02);
  EXPECT_FALSE(has_warning(evaluation, "piv-at-grid-edge"));
  EXPECT_TRUE(has_warning(evaluation, "no-body"));
}

// Targets ask for half of WantedInterval::volume_pct; up to five times that is printed without a warning. The interval
// holds what the ends of the contours leave open besides.
TEST(Evaluate, ReachesTheWantedIntervalWhereTheIsodoseFollowsTheSurface) {
  const PatientPoint centre{0.31, -0.17, 0.23};
  for (const double inside_mm : {0.35, 0.5}) {
    const double radius = 17.5, covered = radius - inside_mm;
    const DoseGrid dose = analytic::dose_on_grid(1, {-26, -26, -26}, 52, gaussian(centre, covered));
    const Evaluation evaluation = evaluate(input_of(dose, {contoured::sphere("PTV", centre, radius)}, {"PTV"}));
    EXPECT_FALSE(has_warning(evaluation, "interval-not-reached")) << inside_mm;
    const StructureResult& ptv = evaluation.structures.at(0);
    const Interval v = ptv.query_intervals.at("V50Gy[%]");
    const double truth = 100 * std::pow(covered / radius, 3);
    EXPECT_LE(v.low, truth) << inside_mm;
    EXPECT_GE(v.high, truth) << inside_mm;
    const double ends_pct = 50 * (ptv.volume_interval_cc.high - ptv.volume_interval_cc.low) / ptv.volume_cc;
    EXPECT_LT((v.high - v.low) / 2, 5 * wanted_of_targets * WantedInterval{}.volume_pct + ends_pct) << inside_mm;
    EXPECT_GT(ptv.step_mm, 0.2) << inside_mm;  // about half a million pieces
  }
}

TEST(Evaluate, IntervalsHoldTheClosedForm) {
  const PatientPoint centre{0.31, -0.17, 0.23};
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, gaussian(centre, 10));
  const TargetResult target = evaluate(input_of(dose, {contoured::sphere("PTV", centre, 10)}, {"PTV"})).targets.at(0);
  const auto holds = [&](const char* id, double truth) {
    const Interval& i = target.indices.at(id).interval;
    EXPECT_LE(i.low, truth) << id;
    EXPECT_GE(i.high, truth) << id;
    EXPECT_LT(i.high - i.low, 0.05 * truth) << id;  // an interval that says something
  };
  holds("tv_cc", ball_cc(10));
  holds("piv50_cc", r50_exact * ball_cc(10));
  holds("r50", r50_exact);
}

TEST(Evaluate, DoseAtTwoCentimetresIsExactInDistance) {
  const PatientPoint centre{0.31, -0.17, 0.23};
  const double radius = 8;
  const DoseGrid dose = analytic::dose_on_grid(1, {-40, -40, -40}, 80, gaussian(centre, 20));
  const TargetResult target =
      evaluate(input_of(dose, {contoured::sphere("PTV", centre, radius)}, {"PTV"})).targets.at(0);
  const double exact = 100 * gaussian(centre, 20)(centre + PatientVec{radius + 20, 0, 0}) / 50;
  // The dose falls by 5 % per mm there, and the drawn sphere is exact to about 0.1 mm.
  EXPECT_NEAR(value(target, "d2cm_pct") / exact, 1, 0.01);
}

TEST(Evaluate, CoverageOfAHalfCoveredTarget) {
  // A dose step of 1 Gy/mm through the centre of a sphere: half of it receives 50 Gy.
  const PatientPoint centre{0.2, 0.3, 0.1};
  const DoseGrid dose =
      analytic::dose_on_grid(1, {-20, -20, -20}, 40, [&](PatientPoint p) { return 50 + p.x - centre.x; });
  const Evaluation evaluation = evaluate(input_of(dose, {contoured::sphere("PTV", centre, 10)}, {"PTV"}));
  EXPECT_NEAR(value(evaluation.targets[0], "coverage_pct"), 50, 0.1);
  EXPECT_NEAR(evaluation.structures[0].queries.at("V50Gy[%]"), 50, 0.1);
  EXPECT_NEAR(evaluation.structures[0].queries.at("D50%"), 50, 0.02);
  EXPECT_NEAR(evaluation.structures[0].max_gy, 60, 0.1);
  EXPECT_NEAR(evaluation.structures[0].min_gy, 40, 0.1);
  EXPECT_NEAR(evaluation.structures[0].mean_gy, 50, 0.01);
  EXPECT_TRUE(has_warning(evaluation, "piv-at-grid-edge"));
}

TEST(Evaluate, ABodyContourBoundsTheIsodose) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-30, -30, -30}, 60, gaussian({0, 0, 0}, 10));
  const Structure body = contoured::box("External", {-30, -30, -30}, {30, 30, 0}, 1, RoiRole::external);
  EvaluationInput input = input_of(dose, {contoured::sphere("PTV", {0, 0, -6}, 5), body}, {"PTV"});
  input.body = input.structures[1].shape;
  const Evaluation evaluation = evaluate(input);
  EXPECT_EQ(evaluation.piv_region, "body contour 'External'");
  EXPECT_TRUE(has_warning(evaluation, "piv-at-body-edge"));
  EXPECT_NEAR(value(evaluation.targets[0], "piv_cc") / (ball_cc(10) / 2), 1, 0.005);
  EXPECT_FALSE(has_warning(evaluation, "no-body"));
}

TEST(Evaluate, ABodyMaskBoundsTheIsodoseAndTheTarget) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-30, -30, -30}, 60, gaussian({0, 0, 0}, 10));
  Occupancy mask(Grid({60, 60, 60}, {1, 1, 1}, {-29.5, -29.5, -29.5}), 0.0f);
  for (int k = 0; k < 30; ++k)
    for (int j = 0; j < 60; ++j)
      for (int i = 0; i < 60; ++i) mask(i, j, k) = 1;
  EvaluationInput input = input_of(dose, {contoured::sphere("PTV", {0, 0, 0}, 5)}, {"PTV"});
  input.body_mask = &mask;
  const Evaluation evaluation = evaluate(input);
  EXPECT_EQ(evaluation.piv_region, "body found in the CT");
  EXPECT_TRUE(has_warning(evaluation, "target-outside-body"));
  EXPECT_NEAR(value(evaluation.targets[0], "coverage_pct"), 50, 0.2);
  EXPECT_NEAR(value(evaluation.targets[0], "ci"), ball_cc(10) / ball_cc(5), 0.01 * 8);
}

TEST(Evaluate, TwoTargetsEachGetTheirIsodose) {
  const PatientPoint a{-14, 0.3, 0}, b{14, 0, 0.2};
  const DoseGrid dose = analytic::dose_on_grid(
      1, {-35, -25, -25}, 70, [&](PatientPoint p) { return std::max(gaussian(a, 6)(p), gaussian(b, 5)(p)); });
  const Evaluation evaluation = evaluate(
      input_of(dose, {contoured::sphere("PTV_1", a, 6), contoured::sphere("PTV_2", b, 5)}, {"PTV_1", "PTV_2"}));
  for (const TargetResult& target : evaluation.targets) {
    expect_identities(target);
    EXPECT_NEAR(value(target, "ci"), 1, index_tolerance) << target.name;
    EXPECT_NEAR(value(target, "gi") / r50_exact, 1, 0.01) << target.name;
  }
  EXPECT_FALSE(has_warning(evaluation, "piv-merged"));
}

TEST(Evaluate, MergedIsodosesAreDividedAndNamed) {
  const PatientPoint a{-7, 0, 0}, b{7, 0, 0};
  const DoseGrid dose = analytic::dose_on_grid(1, {-30, -30, -30}, 60, gaussian({0, 0, 0}, 14));
  const Evaluation evaluation = evaluate(
      input_of(dose, {contoured::sphere("PTV_1", a, 5), contoured::sphere("PTV_2", b, 5)}, {"PTV_1", "PTV_2"}));
  EXPECT_TRUE(has_warning(evaluation, "piv-merged"));
  for (const TargetResult& target : evaluation.targets) EXPECT_NEAR(value(target, "piv_cc") / ball_cc(14), 0.5, 0.005);
}

TEST(Evaluate, OverlappingTargetsShareTheIsodose) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, gaussian({0, 0, 0}, 10));
  const Evaluation evaluation = evaluate(input_of(
      dose, {contoured::sphere("GTV", {0, 0, 0}, 5), contoured::sphere("PTV", {0, 0, 0}, 10)}, {"GTV", "PTV"}));
  EXPECT_TRUE(has_warning(evaluation, "targets-overlap"));
  EXPECT_NEAR(value(evaluation.targets[0], "piv_cc"), value(evaluation.targets[1], "piv_cc"), 1e-9);
}

TEST(Evaluate, QueriesOfEveryStructureAndTheUsersOwn) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, gaussian({0, 0, 0}, 10));
  EvaluationInput input = input_of(
      dose, {contoured::sphere("PTV", {0, 0, 0}, 10), contoured::box("Cord", {12, -4, -20}, {16, 4, 20})}, {"PTV"});
  input.queries = {StructureQuery::parse("cord:V10Gy[cc]"), StructureQuery::parse("Cord:D5cc")};
  const Evaluation evaluation = evaluate(input);
  EXPECT_EQ(evaluation.structures[0].queries.size(), 6u);
  EXPECT_TRUE(evaluation.structures[0].queries.contains("V50Gy[%]"));
  const StructureResult& cord = evaluation.structures[1];
  EXPECT_EQ(cord.queries.size(), 3u);
  EXPECT_TRUE(cord.queries.contains("V10Gy[cc]"));
  EXPECT_FALSE(cord.queries.contains("D5cc"));  // it has 1.28 cc
  EXPECT_TRUE(has_warning(evaluation, "query-without-value"));
  EXPECT_NEAR(cord.volume_cc, 1.28, 0.005);
  EXPECT_EQ(cord.dvh_dose_gy.size(), cord.dvh_volume_cc.size());
  EXPECT_NEAR(cord.dvh_volume_cc.front(), cord.volume_cc, 1e-9);
}

TEST(Evaluate, AStructureOutsideTheGridIsNamed) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-15, -15, -15}, 30, gaussian({0, 0, 0}, 6));
  const Evaluation evaluation =
      evaluate(input_of(dose,
                        {contoured::sphere("PTV", {0, 0, 0}, 6), contoured::box("Half", {-5, -5, 10.5}, {5, 5, 20.5}),
                         contoured::box("Gone", {30, 30, 30}, {35, 35, 35})},
                        {"PTV"}));
  EXPECT_TRUE(has_warning(evaluation, "structure-outside-grid"));
  EXPECT_NEAR(evaluation.structures[1].outside_grid_cc, 0.5 - 0.1, 0.12);  // the grid ends at z = 16.5 mm
  EXPECT_TRUE(evaluation.structures[1].has_dose);
  EXPECT_FALSE(evaluation.structures[2].has_dose);
  EXPECT_TRUE(evaluation.structures[2].queries.empty());
}

TEST(Evaluate, GoalsAreMetMissedOrWithoutValue) {
  const DoseGrid dose = analytic::dose_on_grid(1, {-25, -25, -25}, 50, gaussian({0, 0, 0}, 10));
  EvaluationInput input = input_of(
      dose, {contoured::sphere("PTV", {0, 0, 0}, 10), contoured::box("Cord", {12, -4, -20}, {16, 4, 20})}, {"PTV"});
  for (const char* text : {"PTV:D50% >= 50 Gy", "Cord:Max <= 1 Gy", "Cord:D5cc <= 10 Gy"})
    input.goals.push_back(Goal::parse(text));
  const Evaluation evaluation = evaluate(input);
  ASSERT_EQ(evaluation.goals.size(), 3u);
  EXPECT_TRUE(evaluation.goals[0].met);
  EXPECT_FALSE(evaluation.goals[1].met);
  EXPECT_GT(evaluation.goals[1].value.value(), 1);
  EXPECT_FALSE(evaluation.goals[2].value);
  EXPECT_FALSE(evaluation.goals[2].met);
  EXPECT_THAT(evaluation.goals[2].why_no_value, HasSubstr("1.28"));
  EXPECT_FALSE(all_met(evaluation.goals));
}

TEST(Evaluate, RefusesNamesThatDoNotExistAndOffersTheNearest) {
  const DoseGrid dose = analytic::dose_on_grid(2, {-15, -15, -15}, 30, gaussian({0, 0, 0}, 6));
  EvaluationInput input = input_of(dose, {contoured::sphere("PTV", {0, 0, 0}, 6)}, {"PTV"});
  const auto message = [&] {
    try {
      evaluate(input);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  input.queries = {StructureQuery::parse("PTW:Max")};
  EXPECT_THAT(message(), testing::AllOf(HasSubstr("'PTW'"), HasSubstr("'PTV'")));
  input.queries.clear();
  input.goals = {Goal::parse("Cord:Max <= 1 Gy")};
  EXPECT_THAT(message(), HasSubstr("goal Cord:Max <= 1 Gy"));
  input.goals.clear();
  input.targets.push_back({"PTV", {50, 5, std::nullopt}});
  EXPECT_THAT(message(), HasSubstr("named twice"));
}

TEST(Evaluate, DoesNotDependOnTheThreadCount) {
  const PatientPoint a{-7, 0, 0}, b{7, 0, 0};
  const DoseGrid dose = analytic::dose_on_grid(1, {-30, -30, -30}, 60, gaussian({0, 0, 0}, 14));
  const EvaluationInput input =
      input_of(dose, {contoured::sphere("PTV_1", a, 5), contoured::sphere("PTV_2", b, 5)}, {"PTV_1", "PTV_2"});
  const int before = thread_count();
  set_thread_count(1);
  const Evaluation one = evaluate(input);
  set_thread_count(3);
  const Evaluation three = evaluate(input);
  set_thread_count(before);
  ASSERT_EQ(one.targets.size(), three.targets.size());
  for (std::size_t t = 0; t < one.targets.size(); ++t) {
    EXPECT_EQ(one.targets[t].indices, three.targets[t].indices);
    EXPECT_EQ(one.structures[t].queries, three.structures[t].queries);
    EXPECT_EQ(one.structures[t].dvh_volume_cc, three.structures[t].dvh_volume_cc);
  }
  EXPECT_EQ(one.warnings, three.warnings);
}

}  // namespace
}  // namespace sbrt
