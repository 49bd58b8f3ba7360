// What lies between and beyond the planes: topology, missing planes, warnings and refusals.
#include "geometry/error.h"
#include "geometry/shape.h"
#include "tests/geometry/analytic_contours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

using namespace test;
using ::testing::HasSubstr;

constexpr double exact_solid = 1e-4;  // see shape_volume_test.cpp

Shape shape_of(std::vector<Contour> contours, BetweenPlanes rule = BetweenPlanes::shape_following) {
  return Shape::from_structure(structure("GTV", std::move(contours)), rule);
}

bool warns(const Shape& shape, const std::string& code) {
  for (const Warning& w : shape.warnings())
    if (w.code == code) {
      EXPECT_THAT(w.text, HasSubstr("GTV"));
      return true;
    }
  return false;
}

TEST(ShapeRule, SlabIsCavalierisSumWithHalfGapsAtTheEnds) {
  const std::vector<double> at{0, 1, 3, 7};
  const Shape slab = shape_of(cylinder(5, at), BetweenPlanes::slab);
  EXPECT_NEAR(slab.volume_mm3(), pi * 25 * (0.5 + 7 + 2), 1e-6);
  EXPECT_EQ(slab.rule(), BetweenPlanes::slab);
  EXPECT_TRUE(slab.contains({0, 0, -0.49}));
  EXPECT_FALSE(slab.contains({0, 0, -0.51}));
  EXPECT_TRUE(slab.contains({4.9, 0, 8.99}));
  EXPECT_FALSE(slab.contains({4.9, 0, 9.01}));
}

TEST(ShapeRule, ATorusKeepsItsHoleAndIsExact) {
  for (const double gap : {0.5, 1.0, 2.0, 3.0})
    for (const double shift : {0.0, 0.3}) {
      const Shape shape = shape_of(torus(15, 6, planes(-15 + shift * gap, 15, gap)));
      EXPECT_NEAR(shape.volume_mm3() / (2 * pi * pi * 15 * 36), 1, 2 * exact_solid) << gap;
      EXPECT_FALSE(shape.contains({0, 0, 0}));
      EXPECT_FALSE(shape.contains({8.9, 0, 0}));
      EXPECT_TRUE(shape.contains({9.1, 0, 0}));
      EXPECT_TRUE(shape.contains({0, -20.9, 0}));
      EXPECT_FALSE(shape.contains({0, -21.1, 0}));
    }
}

// The hole starts and ends between planes: a cavity has poles of its own.
TEST(ShapeRule, AShellKeepsItsCavity) {
  const std::vector<double> at = planes(-30.4, 31, 1);
  std::vector<Contour> contours = sphere(15, at);
  append(contours, sphere(8, at));
  const Shape shape = shape_of(contours);
  // Where the cavity begins, the outer area is joined by its two planes alone: less than pi/6 gap^3 per end.
  constexpr double tolerance = 2e-4;
  EXPECT_NEAR(shape.volume_mm3() / (sphere_volume(15) - sphere_volume(8)), 1, tolerance);
  EXPECT_FALSE(shape.contains({0, 0, 7.7}));
  EXPECT_TRUE(shape.contains({0, 0, 8.3}));
}

TEST(ShapeRule, TwoSpheresTouchingAboveEachOtherStayTwo) {
  const std::vector<double> at = planes(-20.3, 20, 1);
  std::vector<Contour> contours = sphere(8, at, 0, 0, 8);
  append(contours, sphere(8, at, 0, 0, -8));
  const Shape shape = shape_of(contours);
  EXPECT_NEAR(shape.volume_mm3() / (2 * sphere_volume(8)), 1, exact_solid);
  EXPECT_FALSE(shape.contains({2, 0, 0}));
}

TEST(ShapeRule, BranchesOfOneStructureEndByThemselves) {
  // A ball of radius 12 and, beside it, one of radius 4 whose planes are a subset of the first one's.
  const std::vector<double> at = planes(-20.4, 20, 1);
  std::vector<Contour> contours = sphere(12, at);
  append(contours, sphere(4, at, 17, 0, 3));
  const Shape shape = shape_of(contours);
  EXPECT_NEAR(shape.volume_mm3() / (sphere_volume(12) + sphere_volume(4)), 1, exact_solid);
}

TEST(ShapeRule, ABranchJoinsItsTrunk) {
  // Two legs of radius 4 below z = 0 on 2 mm planes, a bar that covers both above.
  const std::vector<double> legs = planes(-10, -2, 2), bar = planes(0, 10, 2);
  std::vector<Contour> contours = cylinder(4, legs, -6);
  append(contours, cylinder(4, legs, 6));
  for (const double w : bar) contours.push_back(rectangle({}, -10, -4, 10, 4, w));
  const Shape shape = shape_of(contours);
  const double legs_area = 2 * pi * 16, bar_area = 160;
  // Half gaps at the flat ends; in the joining gap the area lies between the two.
  EXPECT_GT(shape.volume_mm3(), legs_area * 9 + bar_area * 11 + 2 * legs_area);
  EXPECT_LT(shape.volume_mm3(), legs_area * 9 + bar_area * 11 + 2 * bar_area);
  EXPECT_TRUE(shape.contains({6, 0, -1}));
  EXPECT_TRUE(shape.contains({-6, 0, -1}));
  EXPECT_FALSE(shape.contains({0, 0, -3}));
}

TEST(ShapeRule, ABayThatClosesToAHoleStaysOpenInside) {
  // A C below, the closed ring above: the hole goes on as the bay.
  const auto c_shape = [](double w) {
    return Contour{
        ContourKind::closed_planar,
        {{-10, -10, w}, {10, -10, w}, {10, -2, w}, {-4, -2, w}, {-4, 2, w}, {10, 2, w}, {10, 10, w}, {-10, 10, w}}};
  };
  std::vector<Contour> contours{c_shape(0),
                                c_shape(2),
                                rectangle({}, -10, -10, 10, 10, 4),
                                rectangle({}, -4, -2, 4, 2, 4),
                                rectangle({}, -10, -10, 10, 10, 6),
                                rectangle({}, -4, -2, 4, 2, 6)};
  const Shape shape = shape_of(contours);
  for (double z = 0.2; z < 6; z += 0.4) EXPECT_FALSE(shape.contains({-2, 0, z})) << z;
  EXPECT_TRUE(shape.contains({-7, 0, 3}));
}

TEST(ShapeRule, AnObliqueTubeIsFollowed) {
  // A tube of radius 3 that moves 4 mm from plane to plane (3 mm apart): SDFs alone would pinch it between planes.
  std::vector<Contour> contours;
  for (int i = 0; i <= 10; ++i) contours.push_back(circle({}, 4.0 * i, 0, 3.0 * i, 3));
  const Shape shape = shape_of(contours);
  EXPECT_NEAR(shape.volume_mm3() / (pi * 9 * 33), 1, exact_solid);
  for (double t = 0; t <= 10; t += 0.25)
    EXPECT_TRUE(shape.contains({4 * t + 2.5 * (t < 5 ? 1 : -1) * 0.5, 0, 3 * t})) << t;
}

TEST(ShapeRule, AMissingPlaneIsBridgedAndNamed) {
  std::vector<double> at = planes(-15.3, 15, 1);
  const double missing = at[12];
  at.erase(at.begin() + 12);
  const Shape shape = shape_of(sphere(12, at));
  EXPECT_NEAR(shape.volume_mm3() / sphere_volume(12), 1, exact_solid);
  ASSERT_TRUE(warns(shape, "missing-plane"));
  EXPECT_TRUE(shape.contains({0, 0, missing}));
  EXPECT_FALSE(warns(shape_of(sphere(12, planes(-15.3, 15, 1))), "missing-plane"));
}

TEST(ShapeRule, SkippedPlanesThroughoutAreARegularGap) {
  const Shape shape = shape_of(sphere(12, planes(-15.3, 15, 5)));
  EXPECT_TRUE(shape.warnings().empty());
  EXPECT_NEAR(shape.volume_mm3() / sphere_volume(12), 1, exact_solid);
}

TEST(ShapeRule, IrregularGapsAreTakenAsTheyAre) {
  const std::vector<double> at{-11.6, -11, -9.5, -8, -5.1, -2, 0.3, 1, 4, 6, 8.5, 10, 11.3};
  const Shape shape = shape_of(sphere(12, at));
  EXPECT_NEAR(shape.volume_mm3() / sphere_volume(12), 1, exact_solid);
}

TEST(ShapeRule, AContourMissingInOnePieceOnlyIsBridgedAndNamed) {
  const std::vector<double> at = planes(0, 20, 2);
  std::vector<Contour> contours = cylinder(5, at, -10);
  for (const double w : at)
    if (w != 10) contours.push_back(circle({}, 10, 0, w, 5));
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(warns(shape, "missing-contour"));
  EXPECT_TRUE(shape.contains({10, 0, 10}));
  EXPECT_NEAR(shape.volume_mm3() / (2 * pi * 25 * 22), 1, exact_solid);
}

TEST(ShapeRule, PiecesFarApartAreNotBridged) {
  std::vector<Contour> contours = cylinder(5, planes(0, 10, 2));
  append(contours, cylinder(5, planes(40, 50, 2)));
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(warns(shape, "wide-gap"));
  EXPECT_FALSE(shape.contains({0, 0, 25}));
  EXPECT_NEAR(shape.volume_mm3() / (2 * pi * 25 * 12), 1, exact_solid);
}

TEST(ShapeRule, SlabsDoNotReachAcrossAWideGap) {
  std::vector<Contour> contours = cylinder(5, planes(0, 10, 2));
  append(contours, cylinder(5, planes(40, 50, 2)));
  const Shape shape = shape_of(contours, BetweenPlanes::slab);
  EXPECT_TRUE(warns(shape, "wide-gap"));
  EXPECT_NEAR(shape.volume_mm3(), 2 * pi * 25 * 12, 1e-6);
}

TEST(ShapeRule, ALonePlaneGetsTheStatedThickness) {
  const Structure lone = structure("GTV", cylinder(5, {3}));
  const Shape shape = Shape::from_structure(lone, BetweenPlanes::shape_following, 2.5);
  EXPECT_NEAR(shape.volume_mm3(), pi * 25 * 2.5, 1e-6);
  EXPECT_TRUE(warns(shape, "single-plane"));
  EXPECT_TRUE(shape.contains({0, 0, 4.2}));
  EXPECT_FALSE(shape.contains({0, 0, 4.3}));
}

TEST(ShapePlane, IdenticalContoursCountOnce) {
  std::vector<Contour> contours = cylinder(5, planes(0, 10, 2));
  contours.push_back(contours[2]);
  std::reverse(contours.back().points.begin(), contours.back().points.end());
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(warns(shape, "duplicate-contour"));
  EXPECT_NEAR(shape.volume_mm3() / (pi * 25 * 12), 1, exact_solid);
}

TEST(ShapePlane, ASelfCrossingContourIsCombinedEvenOddAndNamed) {
  // A bow tie: two triangles of 50 mm^2 each.
  std::vector<Contour> contours;
  for (const double w : planes(0, 10, 2))
    contours.push_back({ContourKind::closed_planar, {{-10, -5, w}, {10, 5, w}, {10, -5, w}, {-10, 5, w}}});
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(warns(shape, "crossing-contour"));
  EXPECT_THAT(shape.warnings()[0].text, HasSubstr("z = 0.00 mm"));
  EXPECT_NEAR(shape.volume_mm3() / (100 * 12), 1, exact_solid);
  EXPECT_TRUE(shape.contains({8, 0, 5}));
  EXPECT_TRUE(shape.contains({-8, 0, 5}));
  EXPECT_FALSE(shape.contains({0, 2, 5}));
}

TEST(ShapePlane, OverlappingContoursAreCombinedEvenOdd) {
  std::vector<Contour> contours;
  for (const double w : planes(0, 10, 2)) {
    contours.push_back(rectangle({}, 0, 0, 10, 10, w));
    contours.push_back(rectangle({}, 5, 5, 15, 15, w));
  }
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(warns(shape, "crossing-contour"));
  EXPECT_NEAR(shape.volume_mm3() / (150 * 12), 1, exact_solid);
  EXPECT_FALSE(shape.contains({7, 7, 5}));
}

TEST(ShapePlane, AKeyholeIsAHoleWithoutAWarning) {
  std::vector<Contour> contours;
  for (const double w : planes(0, 10, 2))
    contours.push_back({ContourKind::closed_planar,
                        {{-10, -10, w},
                         {10, -10, w},
                         {10, 10, w},
                         {-10, 10, w},
                         {-10, 0, w},
                         {-4, 0, w},
                         {-4, 4, w},
                         {4, 4, w},
                         {4, -4, w},
                         {-4, -4, w},
                         {-4, 0, w},
                         {-10, 0, w}}});
  const Shape shape = shape_of(contours);
  EXPECT_TRUE(shape.warnings().empty());
  EXPECT_NEAR(shape.volume_mm3() / ((400 - 64) * 12), 1, exact_solid);
  EXPECT_FALSE(shape.contains({0, 0, 5}));
  EXPECT_TRUE(shape.contains({-7, 0, 5}));
}

TEST(ShapePlane, IslandsInHolesAreInside) {
  std::vector<Contour> contours;
  for (const double w : planes(0, 10, 2))
    for (const double r : {12.0, 8.0, 4.0}) contours.push_back(circle({}, 1, 2, w, r));
  const Shape shape = shape_of(contours);
  EXPECT_NEAR(shape.volume_mm3() / (pi * (144 - 64 + 16) * 12), 1, exact_solid);
  EXPECT_TRUE(shape.contains({1, 2, 5}));
  EXPECT_FALSE(shape.contains({7, 2, 5}));
}

TEST(ShapePlane, AnyOrientationGivesTheSameSolid) {
  const std::vector<double> at = planes(-15.3, 15, 1.5);
  for (const Placement& place : {tilted(20, {30, -55, 200}), sagittal({-5, 7, 9}), tilted(90), tilted(200)}) {
    const Shape shape = shape_of(sphere(10, at, 2, 1, 0.4, place));
    EXPECT_NEAR(shape.volume_mm3() / sphere_volume(10), 1, exact_solid);
    const PatientPoint centre = place(2, 1, 0.4);
    EXPECT_LT(distance(shape.centroid(), centre), 1e-3);
    EXPECT_TRUE(shape.contains(centre + PatientVec{5.7, 5.7, 5.7}));
    EXPECT_FALSE(shape.contains(centre + PatientVec{5.9, 5.9, 5.9}));
  }
}

TEST(ShapePlane, ContoursSlightlyOffTheirPlaneAreTaken) {
  std::vector<Contour> contours = cylinder(5, planes(0, 10, 2));
  for (Contour& c : contours)
    for (std::size_t i = 0; i < c.points.size(); ++i) c.points[i].z += i % 2 ? 0.09 : -0.09;
  EXPECT_NEAR(shape_of(contours).volume_mm3() / (pi * 25 * 12), 1, exact_solid);
}

void expect_refused(Structure s, const std::string& part) {
  try {
    Shape::from_structure(s);
    ADD_FAILURE() << "accepted: " << part;
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr(part));
    EXPECT_THAT(e.what(), HasSubstr("GTV"));
  }
}

TEST(ShapeRefuses, WhatBoundsNoVolume) {
  expect_refused(structure("GTV", {}), "no closed contour");
  expect_refused(structure("GTV", {{ContourKind::point, {{0, 0, 0}}}}), "no closed contour");
  expect_refused(structure("GTV", {{ContourKind::open_planar, {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}}}}), "open contour");
  expect_refused(structure("GTV", {{ContourKind::closed_planar, {{0, 0, 0}, {1, 0, 0}}}}), "2 distinct points");
  expect_refused(structure("GTV", {{ContourKind::closed_planar, {{0, 0, 0}, {5, 0, 0}, {5, 0, 0}, {0, 0, 0}}}}),
                 "2 distinct points");
}

TEST(ShapeRefuses, ValuesThatAreNoPlaceInAPatient) {
  expect_refused(structure("GTV", {{ContourKind::closed_planar, {{0, 0, 0}, {NAN, 0, 0}, {5, 5, 0}}}}),
                 "not a finite number");
  expect_refused(structure("GTV", {{ContourKind::closed_planar, {{0, 0, 0}, {1e9, 0, 0}, {5, 5, 0}}}}),
                 "no place in a patient");
}

TEST(ShapeRefuses, ContoursThatAreNotPlanarOrOfAnotherOrientation) {
  std::vector<Contour> bent = cylinder(20, planes(0, 10, 2));
  for (std::size_t i = 0; i < bent[2].points.size(); ++i) bent[2].points[i].z += std::sin(6 * pi * double(i) / 240);
  expect_refused(structure("GTV", bent), "not planar");
  std::vector<Contour> mixed = cylinder(20, planes(0, 10, 2));
  mixed.push_back(circle(tilted(20), 0, 0, 20, 10));
  expect_refused(structure("GTV", mixed), "different orientation");
}

}  // namespace
}  // namespace sbrt
