#include "engine/evaluation/indices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

Measured exactly(double value) { return {value, {value, value}}; }

IndexIngredients ingredients() {
  IndexIngredients in;
  in.prescription_gy = 45;
  in.target = exactly(10000);
  in.covered = exactly(9500);
  in.isodose = exactly(11000);
  in.half_isodose = exactly(50000);
  in.max_in_target = exactly(60);
  in.max_in_body = exactly(60);
  in.max_beyond_2cm = exactly(22.5);
  in.d2 = exactly(59);
  in.d5 = exactly(57.2);
  in.d50 = exactly(52);
  in.d95 = exactly(45);
  in.d98 = exactly(44);
  return in;
}

constexpr double rounding = 1e-14;

TEST(Indices, FollowTheirFormulas) {
  const Indices i = compute_indices(ingredients());
  EXPECT_NEAR(i.at("coverage_pct").value, 95, 100 * rounding);
  EXPECT_NEAR(i.at("ci").value, 11000.0 / 9500, rounding);
  EXPECT_NEAR(i.at("nci").value, 10000.0 * 11000 / (9500.0 * 9500), rounding);
  EXPECT_NEAR(i.at("ci_rtog").value, 1.1, rounding);
  EXPECT_NEAR(i.at("ci_paddick").value, 9500.0 * 9500 / (10000.0 * 11000), rounding);
  EXPECT_NEAR(i.at("selectivity").value, 9500.0 / 11000, rounding);
  EXPECT_NEAR(i.at("gi").value, 50.0 / 11, 10 * rounding);
  EXPECT_NEAR(i.at("r50").value, 5, 10 * rounding);
  EXPECT_NEAR(i.at("hi").value, 60.0 / 45, rounding);
  EXPECT_NEAR(i.at("hi_icru").value, 15.0 / 52, rounding);
  EXPECT_NEAR(i.at("hi_d5_d95").value, 57.2 / 45, rounding);
  EXPECT_NEAR(i.at("isodose_pct").value, 75, 100 * rounding);
  EXPECT_NEAR(i.at("d2cm_pct").value, 50, 100 * rounding);
  EXPECT_NEAR(i.at("tv_cc").value, 10, 10 * rounding);
  const auto radius = [](double v) { return std::cbrt(3 * v / (4 * M_PI)); };
  EXPECT_NEAR(i.at("r_eff_gradient_mm").value, radius(50000) - radius(11000), 100 * rounding);
  EXPECT_FALSE(i.contains("near_max_gy"));
}

TEST(Indices, ExactIngredientsGiveIntervalsOfNoWidth) {
  for (const auto& [id, m] : compute_indices(ingredients()))
    EXPECT_NEAR(m.interval.high - m.interval.low, 0, 1e-12) << id;
}

TEST(Indices, IntervalsAddTheEffectsOfTheVolumes) {
  IndexIngredients in = ingredients();
  in.covered.interval = {9400, 9600};
  in.isodose.interval = {10950, 11050};
  const Measured ci = compute_indices(in).at("ci");
  EXPECT_NEAR(ci.interval.low, ci.value - (11000.0 / 9500 - 11000.0 / 9600) - 50.0 / 9500, rounding);
  EXPECT_NEAR(ci.interval.high, ci.value + (11000.0 / 9400 - 11000.0 / 9500) + 50.0 / 9500, rounding);
}

TEST(Indices, TheEndCapsChangeTargetAndCoverageTogether) {
  IndexIngredients in = ingredients();
  in.target.interval = {9900, 10100};
  const Indices i = compute_indices(in);
  EXPECT_NEAR(i.at("coverage_pct").interval.high - i.at("coverage_pct").interval.low, 0, 1e-10);
  EXPECT_NEAR(i.at("ci").interval.low, 11000 / (9500 * 1.01), 1e-12);
  EXPECT_NEAR(i.at("ci").interval.high, 11000 / (9500 * 0.99), 1e-12);
}

TEST(Indices, ConformityIsNeverBelowOne) {
  IndexIngredients in = ingredients();
  in.covered = {9500, {9490, 9510}};
  in.isodose = {9499, {9490, 9508}};
  const Indices i = compute_indices(in);
  EXPECT_EQ(i.at("ci").value, 1);
  EXPECT_EQ(i.at("ci").interval.low, 1);
}

TEST(Indices, WithoutIsodoseTheRatiosAreAbsent) {
  IndexIngredients in = ingredients();
  in.covered = in.isodose = in.half_isodose = exactly(0);
  const Indices i = compute_indices(in);
  EXPECT_EQ(i.at("coverage_pct").value, 0);
  EXPECT_EQ(i.at("piv_cc").value, 0);
  for (const char* id : {"ci", "nci", "ci_paddick", "selectivity", "gi", "r_eff_gradient_mm"})
    EXPECT_FALSE(i.contains(id)) << id;
}

TEST(IndexDefinitions, CoverEveryIndexOnce) {
  IndexIngredients in = ingredients();
  in.near_max = exactly(59);
  in.near_min = exactly(44);
  const auto& definitions = index_definitions();
  for (const auto& index : compute_indices(in)) {
    const auto same = [&](const IndexDefinition& d) { return d.id == index.first; };
    EXPECT_EQ(std::count_if(definitions.begin(), definitions.end(), same), 1) << index.first;
  }
  EXPECT_EQ(definitions.size(), compute_indices(in).size());
}

TEST(RtogLimits, AreTheTableAndLinearBetween) {
  EXPECT_DOUBLE_EQ(rtog_limits(1.8)->r50_none, 5.9);
  EXPECT_DOUBLE_EQ(rtog_limits(163)->d2cm_minor_pct, 94);
  EXPECT_DOUBLE_EQ(rtog_limits(13.2)->r50_minor, 5.8);
  EXPECT_NEAR(rtog_limits(28)->d2cm_none_pct, 56, 1e-12);  // half way from 22 to 34 cc
  EXPECT_NEAR(rtog_limits(2.8)->r50_none, 5.7, 1e-12);
  EXPECT_FALSE(rtog_limits(1.79));
  EXPECT_FALSE(rtog_limits(163.1));
}

TEST(RtogDeviation, HasThreeClasses) {
  EXPECT_EQ(rtog_deviation(5.0, 5.1, 6.0), "none");
  EXPECT_EQ(rtog_deviation(5.1, 5.1, 6.0), "minor");
  EXPECT_EQ(rtog_deviation(6.0, 5.1, 6.0), "major");
}

}  // namespace
}  // namespace sbrt
