#include "engine/planning/plan_penalties.h"

#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sbrt {
namespace {

/// A ball with the prescription in it and `spill_mm` around it, nothing elsewhere.
struct SpillingDose {
  WaterCase water{20};
  PlanPenalties penalties{water.problem, water.options, make_dose_points(water.problem, {}, 1), {}};
  std::vector<double> dose_gy;

  explicit SpillingDose(double spill_mm) {
    for (const DosePoint& p : penalties.points())
      dose_gy.push_back(p.role == PointRole::target || p.distance_mm < spill_mm ? 45 : 0);
  }

  /// Weights of the near shell after as many rounds as told, over those before the first.
  std::vector<double> growth_after(int rounds) {
    const std::vector<RowPenalty> before = penalties.rows();
    for (int round = 0; round < rounds; ++round) penalties.adapt(dose_gy);
    const double near = shell_edges(equal_volume_diameter_mm(water.problem.targets[0].shape)).near_mm;
    std::vector<double> growth;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const DosePoint& p = penalties.points()[i];
      if (p.role == PointRole::shell && p.distance_mm <= near)
        growth.push_back(penalties.rows()[i].high_weight / before[i].high_weight);
    }
    return growth;
  }
};

// 2 mm around a ball of 20 mm radius are a third of its volume, 0.2 mm are 3 %.
TEST(PlanPenalties, NearShellWeighsMoreWhereThePrescriptionLeaksAndNoMoreThanSixfold) {
  for (const auto& [rounds, growth] : {std::pair{1, 1.5}, {2, 2.25}, {10, 6.0}})
    for (const double g : SpillingDose(2).growth_after(rounds)) ASSERT_NEAR(g, growth, 1e-12) << rounds << " rounds";
  const std::vector<double> kept = SpillingDose(0.2).growth_after(10);
  ASSERT_FALSE(kept.empty());
  for (const double g : kept) ASSERT_NEAR(g, 1, 1e-12);
}

}  // namespace
}  // namespace sbrt
