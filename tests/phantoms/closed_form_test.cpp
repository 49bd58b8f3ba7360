#include "phantoms/closed_form.h"

#include <gtest/gtest.h>

namespace sbrt::phantoms {
namespace {

// Published volumes of the Nelms 2015 shapes (10.1118/1.4923175), radius 12 mm and height 24 mm, printed to 1e-3 mm^3.
constexpr double printed = 0.5e-3;

TEST(ClosedForm, VolumesOfTheNelmsShapes) {
  EXPECT_NEAR(sphere_volume_mm3(12), 7238.229, printed);
  EXPECT_NEAR(cylinder_volume_mm3(12, 24), 10857.344, printed);
  EXPECT_NEAR(cone_volume_mm3(12, 24), 3619.115, printed);
}

}  // namespace
}  // namespace sbrt::phantoms
