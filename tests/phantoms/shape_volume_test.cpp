// The contours of the phantoms, read as solids by geometry/shape.h, hold the closed-form volumes.
#include "geometry/shape.h"
#include "phantoms/analytic_dose.h"
#include "phantoms/catalogue.h"

#include <gtest/gtest.h>

#include <numbers>

namespace sbrt::phantoms {
namespace {

TEST(ShapeVolume, OfEveryStructureWithAClosedForm) {
  // The goal for Nelms shapes of 24 mm on 1 mm planes; the small organs of the head (3 mm) have half as many planes as
  // those.
  constexpr double goal = 0.005, small_organ = 0.05;
  for (const CatalogueEntry& entry : catalogue()) {
    const Phantom phantom = build(entry.name);
    for (const Truth& truth : phantom.truths) {
      const double volume = Shape::from_structure(phantom.structures.at(truth.structure)).volume_mm3();
      EXPECT_NEAR(volume / truth.volume_mm3, 1, truth.volume_mm3 > 1000 ? goal : small_organ)
          << entry.name << " " << truth.structure << " " << volume << " truth " << truth.volume_mm3;
    }
  }
}

TEST(ShapeVolume, OfTheNelmsShapesOnPlanesOfEveryPhase) {
  // Half a percent on 1 mm planes; the error of round ends goes with the square of the gap.
  constexpr double goal_per_mm2 = 0.005;
  for (const double gap : {1.0, 2.0})
    for (const double phase : {0.0, 0.25, 0.5}) {
      std::vector<double> planes;
      for (double z = -30 + phase * gap; z < 40; z += gap) planes.push_back(z);
      for (const NelmsCase& c : nelms_cases()) {
        const Structure structure{1, c.name, RoiRole::gtv, {}, contours_on(c.solid, planes)};
        // A flat end gets half a gap beyond its last plane, which is the truth only when it lies half way between two
        // planes. The standing cylinder has two such ends that make up for each other, the standing cone one at z = -6.
        double expected = *c.solid.volume_mm3();
        if (c.name == "cone")
          expected += std::numbers::pi * 144 * (-6 - (structure.contours.front().points[0].z - gap / 2));
        EXPECT_NEAR(Shape::from_structure(structure).volume_mm3() / expected, 1, goal_per_mm2 * gap * gap)
            << c.name << " gap " << gap << " phase " << phase;
      }
    }
}

}  // namespace
}  // namespace sbrt::phantoms
