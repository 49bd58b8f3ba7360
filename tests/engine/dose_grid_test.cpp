// The dose grid that a plan gets: spacing by the smallest target, over the body.
#include "engine/pipeline.h"
#include "geometry/error.h"
#include "tests/engine/evaluation/contoured.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

BuiltTarget ball(double radius_mm) {
  return {Shape::from_structure(contoured::sphere("PTV", {0, 0, 0}, radius_mm)), Prescription{}, ""};
}

TEST(DoseGrid, SpacingIsOneMillimetreBelowTenCubicCentimetresAndOneAndAHalfAbove) {
  EXPECT_EQ(dose_grid_spacing_mm(0, {ball(13.2)}), 1.0);  // 9.6 cc
  EXPECT_EQ(dose_grid_spacing_mm(0, {ball(13.5)}), 1.5);  // 10.3 cc
  EXPECT_EQ(dose_grid_spacing_mm(0, {ball(30), ball(8)}), 1.0);
  EXPECT_EQ(dose_grid_spacing_mm(2, {ball(8)}), 2.0);
  EXPECT_EQ(dose_grid_spacing_mm(0.5, {ball(30)}), 0.5);
  EXPECT_THROW(dose_grid_spacing_mm(0.4, {ball(8)}), InputError);
  EXPECT_THROW(dose_grid_spacing_mm(5.5, {ball(8)}), InputError);
}

TEST(DoseGrid, CoversTheBodyAndWhatLiesOfTargetsOutsideIt) {
  const Grid ct({50, 40, 30}, {4, 4, 5}, {-98, -78, -72.5});
  Occupancy body(ct, 0.0f);
  for (int k = 5; k < 25; ++k)
    for (int j = 5; j < 35; ++j)
      for (int i = 10; i < 40; ++i) body(i, j, k) = 1;
  const Box box = dose_grid_over(body, 1.5).bounding_box();
  EXPECT_LE(box.low.x, -60);  // the low face of voxel 10
  EXPECT_GE(box.low.x, -60 - 1.5);
  EXPECT_GE(box.high.z, 50);  // the high face of slice 24
  EXPECT_LE(box.high.z, 50 + 1.5);
}

}  // namespace
}  // namespace sbrt
