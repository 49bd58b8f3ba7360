#include "engine/report/plan_summary.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

StructureResult half_hot() {
  // Half the volume at 10 Gy, half at 30 Gy.
  const std::vector<Sample> samples{{{0, 0, 0}, 500}, {{1, 0, 0}, 500}};
  const std::vector<double> dose_gy{30, 10};
  StructureResult s;
  s.name = "PTV";
  s.has_dose = true;
  s.max_gy = 30;
  s.dvh = Dvh(samples, dose_gy);
  return s;
}

TEST(PlanSummary, SparklineFallsWithDose) {
  Evaluation evaluation;
  evaluation.structures = {half_hot()};
  // Marks at 3.75, 11.25, 18.75 and 26.25 Gy; the curve joins (10, 75 %) and (30, 25 %) linearly: 100, 71.9, 53.1, 34.4
  // %.
  EXPECT_EQ(dvh_sparklines(evaluation, 4), "DVH  0 to 30.00 Gy\nPTV  \u2588\u2586\u2585\u2583\n");
}

TEST(PlanSummary, NothingWithoutDose) {
  Evaluation evaluation;
  EXPECT_EQ(dvh_sparklines(evaluation), "");
  EXPECT_EQ(compact_index_table(evaluation), "");
}

TEST(PlanSummary, OneRowPerTarget) {
  Evaluation evaluation;
  TargetResult target;
  target.name = "PTV";
  target.indices["ci"] = {1.25, {1.2, 1.3}};
  evaluation.targets = {target};
  EXPECT_EQ(compact_index_table(evaluation),
            "target  coverage_pct     ci  nci  hi  gi  r50  isodose_pct\n"
            "PTV                -  1.250    -   -   -    -            -\n");
}

}  // namespace
}  // namespace sbrt
