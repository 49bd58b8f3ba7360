#include "engine/evaluation/refiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbrt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const TooWide v45{3.0, "V45Gy[%]", 45.0}, d95{1.5, "D95%", 44.2}, mean{1.5, "Mean", std::nullopt};

TEST(Refiner, SplitsFirstWhereThatIsEnough) {
  Refiner refiner(2);
  EXPECT_TRUE(refiner.refine({v45, d95}, 20'000));
  EXPECT_EQ(refiner.step_mm(), 2);
  EXPECT_THAT(refiner.isodoses_gy(), UnorderedElementsAre(45.0, 44.2));
}

TEST(Refiner, GoesFinerByTheRootOfWhatSplittingLeaves) {
  Refiner refiner(2);
  EXPECT_TRUE(refiner.refine({{10, "V45Gy[%]", 45.0}}, 20'000));  // 1.2 * 10 / 4 = 3: 1.73, in quarters 1.75
  EXPECT_DOUBLE_EQ(refiner.step_mm(), 2 / 1.75);
  EXPECT_THAT(refiner.isodoses_gy(), ElementsAre(45.0));
}

TEST(Refiner, ServesAMetricBySplittingOnceAndKeepsItsIsodose) {
  Refiner refiner(2);
  ASSERT_TRUE(refiner.refine({v45}, 20'000));
  // A second metric is split too, the first stays.
  ASSERT_TRUE(refiner.refine({d95}, 20'000));
  EXPECT_EQ(refiner.step_mm(), 2);
  EXPECT_THAT(refiner.isodoses_gy(), UnorderedElementsAre(45.0, 44.2));
  // The first again: smaller pieces.
  ASSERT_TRUE(refiner.refine({{1.1, "V45Gy[%]", 45.0}}, 20'000));
  EXPECT_DOUBLE_EQ(refiner.step_mm(), 2 / 1.25);
  EXPECT_THAT(refiner.isodoses_gy(), UnorderedElementsAre(45.0, 44.2));
}

TEST(Refiner, GoesFinerForWhatIsNoMatterOfAnIsodose) {
  Refiner refiner(2);
  EXPECT_TRUE(refiner.refine({mean, v45}, 20'000));
  EXPECT_DOUBLE_EQ(refiner.step_mm(), 2 / 1.5);  // 1.2 * 1.5 = 1.8: 1.34
  EXPECT_THAT(refiner.isodoses_gy(), ElementsAre(45.0));
}

TEST(Refiner, SplitsStillWhereFinerPiecesWouldBeTooManyAndThenEnds) {
  Refiner refiner(2);
  EXPECT_TRUE(refiner.refine({{30, "V45Gy[%]", 45.0}}, 1'000'000));
  EXPECT_EQ(refiner.step_mm(), 2);
  EXPECT_THAT(refiner.isodoses_gy(), ElementsAre(45.0));
  EXPECT_FALSE(refiner.refine({{8, "V45Gy[%]", 45.0}}, 1'000'000));
  EXPECT_EQ(refiner.step_mm(), 2);
  Refiner finest(1.5 * finest_step_mm);
  EXPECT_FALSE(finest.refine({{2, "Mean", std::nullopt}}, 1000));
}

TEST(Refiner, GoesFinerOnceSplittingIsGivenUp) {
  Refiner refiner(2);
  ASSERT_TRUE(refiner.refine({v45}, 20'000));
  refiner.give_up_splitting();
  EXPECT_THAT(refiner.isodoses_gy(), IsEmpty());
  EXPECT_TRUE(refiner.refine({v45}, 20'000));  // 1.2 * 3 = 3.6: 1.9
  EXPECT_DOUBLE_EQ(refiner.step_mm(), 1);
  EXPECT_THAT(refiner.isodoses_gy(), IsEmpty());
}

TEST(Refiner, TellsTheWidest) { EXPECT_EQ(widest({d95, v45, mean}).metric, "V45Gy[%]"); }

}  // namespace
}  // namespace sbrt
