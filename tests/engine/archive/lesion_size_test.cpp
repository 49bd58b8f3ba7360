#include "engine/archive/lesion_size.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace sbrt {
namespace {

constexpr double rounding_mm = 1e-9;  // sums of squares of lengths below 1 m

Contour circle(double radius, double z, PatientPoint centre = {}) {
  Contour contour;
  for (int n = 0; n < 360; ++n) {
    const double a = n * std::numbers::pi / 180;
    contour.points.push_back({centre.x + radius * std::cos(a), centre.y + radius * std::sin(a), centre.z + z});
  }
  return contour;
}

TEST(LargestDiameter, SphereOfPlanesThroughItsCentre) {
  Structure sphere;
  const double radius = 17;
  for (double z = -15; z <= 15; z += 3)
    sphere.contours.push_back(circle(std::sqrt(radius * radius - z * z), z, {10, -20, 30}));
  EXPECT_NEAR(largest_diameter_mm(sphere), 2 * radius, rounding_mm);
}

TEST(LargestDiameter, IsOfThreeDimensions) {
  Structure box;
  for (const double z : {0.0, 12.0})
    box.contours.push_back({ContourKind::closed_planar, {{0, 0, z}, {3, 0, z}, {3, 4, z}, {0, 4, z}}});
  EXPECT_NEAR(largest_diameter_mm(box), 13, rounding_mm);
}

TEST(LargestDiameter, EqualsAllPairsOfRandomContoursInAnyPlane) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> place(-50, 50);
  for (int plane = 0; plane < 3; ++plane) {
    Structure structure;
    std::vector<PatientPoint> all;
    for (int c = 0; c < 4; ++c) {
      Contour contour;
      const double height = place(random);
      for (int n = 0; n < 60; ++n) {
        const double u = place(random), v = place(random);
        contour.points.push_back(plane == 0   ? PatientPoint{u, v, height}
                                 : plane == 1 ? PatientPoint{u, height, v}
                                              : PatientPoint{height, u, v});
        all.push_back(contour.points.back());
      }
      structure.contours.push_back(contour);
    }
    double largest = 0;
    for (const PatientPoint& a : all)
      for (const PatientPoint& b : all) largest = std::max(largest, std::hypot(a.x - b.x, a.y - b.y, a.z - b.z));
    EXPECT_NEAR(largest_diameter_mm(structure), largest, rounding_mm);
  }
}

TEST(LargestDiameter, NothingAndPoints) {
  EXPECT_EQ(largest_diameter_mm({}), 0);
  Structure point;
  point.contours.push_back({ContourKind::point, {{1, 2, 3}}});
  EXPECT_EQ(largest_diameter_mm(point), 0);
}

}  // namespace
}  // namespace sbrt
