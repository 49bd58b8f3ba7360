// Margins against the exact offset surfaces of sphere, cylinder and torus.
#include "geometry/margin.h"

#include "geometry/error.h"
#include "tests/geometry/analytic_contours.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace sbrt {
namespace {

using namespace test;

Shape shape_of(std::vector<Contour> contours) { return Shape::from_structure(structure("GTV", std::move(contours))); }

struct SurfaceError {
  double mean = 0, worst = 0;
};

/// Distances of the contours' vertices and edge middles from the exact surface, |w| <= within.
SurfaceError surface_error(const std::vector<Contour>& contours,
                           const std::function<double(PatientPoint)>& distance_to_exact, double low, double high) {
  SurfaceError error;
  double n = 0;
  for (const Contour& c : contours)
    for (std::size_t i = 0; i < c.points.size(); ++i) {
      const PatientPoint a = c.points[i], b = c.points[(i + 1) % c.points.size()];
      if (a.z < low || a.z > high) continue;
      for (const PatientPoint& p : {a, a + 0.5 * (b - a)}) {
        const double e = std::abs(distance_to_exact(p));
        error.mean += e;
        error.worst = std::max(error.worst, e);
        ++n;
      }
    }
  EXPECT_GT(n, 0);
  error.mean /= n;
  return error;
}

// Asked of margins on 1 mm CT: 0.1 mm mean, 0.3 mm maximum, the last gap at the poles apart; 1 % of volume.
constexpr double mean_mm = 0.1, worst_mm = 0.3, volume_share = 0.01;

void expect_offset(const std::vector<Contour>& contours, const std::function<double(PatientPoint)>& distance_to_exact,
                   double low, double high, double volume) {
  const SurfaceError error = surface_error(contours, distance_to_exact, low, high);
  EXPECT_LT(error.mean, mean_mm);
  EXPECT_LT(error.worst, worst_mm);
  EXPECT_NEAR(shape_of(contours).volume_mm3() / volume, 1, volume_share);
}

const std::vector<double> ct = planes(-60.3, 60, 1);

TEST(Expand, ASphereIsALargerSphere) {
  const std::vector<double> uneven = {-9.1, -8, -6.2, -5.1, -3, -1.9, 0.2, 1.3, 3, 4.1, 6, 7.2, 8.9};
  for (const double margin : {2.0, 3.5, 5.0, 7.0})
    for (const auto& at : {ct, planes(-60.1, 60, 3), uneven}) {
      const double r = 10 + margin;
      const auto contours = expand({shape_of(sphere(10, at))}, margin, ct);
      expect_offset(
          contours, [&](PatientPoint p) { return distance(p, {}) - r; }, -r + 1, r - 1, sphere_volume(r));
    }
}

TEST(Expand, ACylinderGetsRoundEdges) {
  // Planes -10 ... 10, flat ends half a gap beyond: L = 21.
  const Shape rod = shape_of(cylinder(8, planes(-10, 10, 1)));
  for (const double m : {2.0, 3.0, 5.0, 7.0}) {
    const auto exact = [&](PatientPoint p) {
      const double r = std::hypot(p.x, p.y) - 8, h = std::abs(p.z) - 10.5;
      return (r > 0 && h > 0 ? std::hypot(r, h) : std::max(r, h)) - m;
    };
    // Pappus: disc, side and the quarter-round edge.
    const double volume =
        pi * 64 * (21 + 2 * m) + 21 * pi * ((8 + m) * (8 + m) - 64) + pi * pi * m * m * 8 + 4 * pi / 3 * m * m * m;
    expect_offset(expand({rod}, m, planes(-30, 30, 1)), exact, -10.5 - m + 1, 10.5 + m - 1, volume);
  }
}

TEST(Expand, ATorusKeepsItsHoleUntilItCloses) {
  const Shape ring = shape_of(torus(15, 4, ct));
  for (const double m : {2.0, 5.0}) {
    const double tube = 4 + m;
    const auto exact = [&](PatientPoint p) { return std::hypot(std::hypot(p.x, p.y) - 15, p.z) - tube; };
    expect_offset(expand({ring}, m, ct), exact, -tube + 1, tube - 1, 2 * pi * pi * 15 * tube * tube);
  }
  EXPECT_TRUE(shape_of(expand({ring}, 13, ct)).contains({0, 0, 0}));
}

TEST(Expand, TwoTouchingSpheresGiveTheUnionOfTheirOffsets) {
  std::vector<Contour> contours = sphere(6, ct, -6);
  append(contours, sphere(6, ct, 6));
  const double m = 3, r = 9;
  const auto exact = [&](PatientPoint p) { return std::min(distance(p, {-6, 0, 0}), distance(p, {6, 0, 0})) - r; };
  // Two spheres of radius 9, centres 12 apart: lens of two caps of height 3.
  const double volume = 2 * (sphere_volume(r) - pi * 9 * (3 * r - 3) / 3);
  expect_offset(expand({shape_of(contours)}, m, ct), exact, -r + 1, r - 1, volume);
  // The same from two structures.
  expect_offset(expand({shape_of(sphere(6, ct, -6)), shape_of(sphere(6, ct, 6))}, m, ct), exact, -r + 1, r - 1, volume);
}

TEST(Expand, WorksOnCoarseAnisotropicPlanesAndBeyondTheImage) {
  const double r = 15;
  const auto contours = expand({shape_of(sphere(10, planes(-30.7, 30, 3)))}, 5, {-3, 0, 3});
  double low = 1e9, high = -1e9;
  for (const Contour& c : contours) {
    low = std::min(low, c.points[0].z);
    high = std::max(high, c.points[0].z);
    EXPECT_NEAR(std::remainder(c.points[0].z, 3), 0, 1e-9);
  }
  EXPECT_EQ(low, -15 + 3);
  EXPECT_EQ(high, 15 - 3);
  expect_offset(
      contours, [&](PatientPoint p) { return distance(p, {}) - r; }, -12, 12, sphere_volume(r));
}

TEST(Expand, FollowsObliquePlanes) {
  const Placement place = tilted(20, {5, -8, 60});
  const Shape ball = shape_of(sphere(8, planes(-20.2, 20, 1), 0, 0, 0, place));
  const double offset = dot(place.origin - PatientPoint{}, place.n);
  std::vector<double> at;
  for (const double w : planes(-20, 20, 1)) at.push_back(w + offset);
  const auto contours = expand({ball}, 4, at);
  double worst = 0;
  for (const Contour& c : contours)
    for (const PatientPoint& p : c.points)
      if (std::abs(dot(p - place.origin, place.n)) < 11)
        worst = std::max(worst, std::abs(distance(p, place.origin) - 12));
  EXPECT_LT(worst, worst_mm);
  EXPECT_NEAR(shape_of(contours).volume_mm3() / sphere_volume(12), 1, volume_share);
}

TEST(Expand, ByZeroReturnsTheShape) {
  const Shape ball = shape_of(sphere(9, ct));
  const auto own = expand({ball}, 0, ct);
  EXPECT_NEAR(shape_of(own).volume_mm3() / ball.volume_mm3(), 1, 1e-6);
  // On other planes the contours are cut from the solid.
  const auto cut = expand({ball}, 0, planes(-20, 20, 1.3));
  expect_offset(
      cut, [&](PatientPoint p) { return distance(p, {}) - 9; }, -8, 8, sphere_volume(9));
}

TEST(Expand, BySmallMarginsIsNoTrap) {
  const Shape ball = shape_of(sphere(9, ct));
  for (const double m : {0.1, 0.3, 0.5, 1.0})
    expect_offset(
        expand({ball}, m, ct), [&](PatientPoint p) { return distance(p, {}) - 9 - m; }, -8, 8, sphere_volume(9 + m));
}

TEST(Expand, IsSmoothWithFewPoints) {
  const auto contours = expand({shape_of(sphere(12, ct))}, 5, ct);
  for (const Contour& c : contours) {
    EXPECT_LT(c.points.size(), 200u);
    if (std::abs(c.points[0].z) > 15) continue;
    // A smooth convex outline turns by the same sign and never sharply: stair-steps would turn by 90 degrees.
    for (std::size_t i = 0; i < c.points.size(); ++i) {
      const PatientVec a = c.points[(i + 1) % c.points.size()] - c.points[i];
      const PatientVec b = c.points[(i + 2) % c.points.size()] - c.points[(i + 1) % c.points.size()];
      EXPECT_LT(std::abs(std::atan2(cross(a, b).z, dot(a, b))), 0.5);
    }
  }
}

TEST(Expand, RefusesWhatIsNoMargin) {
  const Shape ball = shape_of(sphere(9, ct));
  EXPECT_THROW(expand({ball}, -1, ct), InputError);
  EXPECT_THROW(expand({ball}, NAN, ct), InputError);
  EXPECT_THROW(expand({ball}, INFINITY, ct), InputError);
  EXPECT_THROW(expand({ball}, 5, {0}), InputError);
  EXPECT_THROW(expand({ball}, 5, {1, 0}), InputError);
  const Shape other = shape_of(sphere(9, ct, 0, 0, 0, sagittal()));
  EXPECT_THROW(expand({ball, other}, 5, ct), InputError);
}

TEST(Shrink, ASphereIsASmallerSphere) {
  const Shape ball = shape_of(sphere(12, ct));
  for (const double m : {1.0, 3.0, 5.0})
    expect_offset(
        shrink(ball, m, ct), [&](PatientPoint p) { return distance(p, {}) - 12 + m; }, -12 + m + 1, 12 - m - 1,
        sphere_volume(12 - m));
  EXPECT_TRUE(shrink(ball, 13, ct).empty());
}

TEST(Subtract, KeepsTheGapToTheOtherShape) {
  // Cutting a ball by a large box with a 2 mm gap leaves a cap of height 12 - 2.
  const Shape ball = shape_of(sphere(12, ct));
  std::vector<Contour> wall;
  for (const double w : planes(-30, 30, 1)) wall.push_back(rectangle({}, -40, -40, 0, 40, w));
  const Shape cut = shape_of(subtract(ball, {shape_of(wall)}, 2, ct));
  EXPECT_NEAR(cut.volume_mm3() / (pi * 100 * (36 - 10) / 3), 1, volume_share);
  EXPECT_FALSE(cut.contains({1.8, 0, 0}));
  EXPECT_TRUE(cut.contains({2.2, 0, 0}));
}

TEST(Crop, KeepsTheDistanceToTheSkin) {
  const Shape ball = shape_of(sphere(6, ct, 10));
  const Shape body = shape_of(sphere(18, ct));
  const Shape cropped = shape_of(crop(ball, body, 3, ct));
  // Lens of spheres of radius 6 and 15, centres 10 apart.
  const double d = 10, a = 15, b = 6;
  const double lens =
      pi * std::pow(a + b - d, 2) * (d * d + 2 * d * b - 3 * b * b + 2 * d * a + 6 * b * a - 3 * a * a) / (12 * d);
  EXPECT_NEAR(cropped.volume_mm3() / lens, 1, volume_share);
  EXPECT_FALSE(cropped.contains({15.2, 0, 0}));
  EXPECT_TRUE(cropped.contains({14.8, 0, 0}));
}

// A shape that is short along the normal must not count where it has no sections.
TEST(Limits, CountOnlyWhereTheOtherShapeIs) {
  const Shape rod = shape_of(cylinder(6, planes(-30.3, 30, 1)));
  const Shape ball = shape_of(sphere(4, ct, 0, 0, 15));
  EXPECT_NEAR(shape_of(subtract(rod, {ball}, 0, ct)).volume_mm3() / (rod.volume_mm3() - sphere_volume(4)), 1,
              volume_share);
  EXPECT_NEAR(shape_of(subtract(rod, {ball}, 1, ct)).volume_mm3() / (rod.volume_mm3() - sphere_volume(5)), 1,
              volume_share);
  EXPECT_NEAR(shape_of(crop(rod, ball, 0, ct)).volume_mm3() / sphere_volume(4), 1, volume_share);
  EXPECT_NEAR(shape_of(crop(rod, ball, 1, ct)).volume_mm3() / sphere_volume(3), 1, volume_share);
}

TEST(Union, OfPiecesFarApartAlongTheNormal) {
  const std::vector<Shape> two{shape_of(sphere(5, ct, 0, 0, -30)), shape_of(sphere(7, ct, 3, 0, 30))};
  for (const double m : {0.0, 0.3, 2.0})
    EXPECT_NEAR(shape_of(expand(two, m, ct)).volume_mm3() / (sphere_volume(5 + m) + sphere_volume(7 + m)), 1,
                volume_share)
        << m;
}

TEST(Union, IsShrunkAsOneSolid) {
  // Two balls 8 apart: shrinking the union by 2 mm leaves the two smaller balls, and the neck that both cover.
  const double r = 10, d = 8, m = 2;
  const std::vector<Shape> two{shape_of(sphere(r, ct, -d / 2)), shape_of(sphere(r, ct, d / 2))};
  const Shape left = shape_of(carve({two, -m, {}, {}}, ct));
  // Distance to the union's surface: to the nearer sphere from outside the other, or to the rim of the waist.
  const double rim = std::sqrt(r * r - d * d / 4);
  const auto depth = [&](double x, double rho) {
    // The centre of the sphere whose surface lies on this side; the cone from it to the rim bounds its part.
    const double side = x < 0 ? -d / 2 : d / 2, along = std::abs(x - side) * ((x - side) * side < 0 ? -1 : 1);
    const bool on_cap = rho * (d / 2) + along * rim >= 0;
    return on_cap ? r - std::hypot(x - side, rho) : std::hypot(x, rho - rim);
  };
  for (double x = -14; x <= 14; x += 0.37)
    for (double rho = 0; rho < 11; rho += 0.41) {
      const double margin = depth(x, rho) - m;
      if (std::hypot(std::abs(x) - d / 2, rho) > r || std::abs(margin) < 0.1 || rho > r - 1.1) continue;
      EXPECT_EQ(left.contains({x, rho, 0.05}), margin > 0) << x << " " << rho;
      // The last gap at the poles apart.
      if (rho < r - m - 1) {
        EXPECT_EQ(left.contains({x, 0.05, rho}), margin > 0) << x << " " << rho;
      }
    }
}

TEST(Carve, ExpandsThenKeepsGapsAndStaysInside) {
  // GTV of radius 8, PTV of radius 13, wall at x = 9 with a 2 mm gap, skin plane at y = 12 less 3 mm.
  const Shape gtv = shape_of(sphere(8, ct));
  std::vector<Contour> organ, body;
  for (const double w : ct) {
    organ.push_back(rectangle({}, 9, -40, 40, 40, w));
    body.push_back(rectangle({}, -60, -60, 60, 12, w));
  }
  const Shape ptv = shape_of(carve({{gtv}, 5, {{shape_of(body), 3}}, {{shape_of(organ), 2}}}, ct));
  for (const auto& [p, inside] : {std::pair{PatientPoint{6.9, 0, 0}, true},
                                  {{7.1, 0, 0}, false},
                                  {{0, 8.9, 0}, true},
                                  {{0, 9.1, 0}, false},
                                  {{-12.9, 0, 0}, true},
                                  {{-13.1, 0, 0}, false},
                                  {{0, -12.9, 0}, true},
                                  {{0, 0, 12.4}, true}})
    EXPECT_EQ(ptv.contains(p), inside) << p.x << " " << p.y << " " << p.z;
}

TEST(WithoutWideGaps, FillsWhatPlanesMiss) {
  EXPECT_EQ(without_wide_gaps({0, 3, 6, 9}), (std::vector<double>{0, 3, 6, 9}));
  EXPECT_EQ(without_wide_gaps({0, 2, 4, 8, 10}), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  const std::vector<double> filled = without_wide_gaps({0, 2, 4, 24, 26, 28});
  EXPECT_EQ(filled, planes(0, 28, 2));
  // Pieces far apart grow into the gap between them.
  std::vector<Contour> contours = sphere(5, planes(-6.1, 6, 1));
  append(contours, sphere(5, planes(23.9, 36, 1), 0, 0, 30));
  const Shape two = shape_of(contours);
  EXPECT_NEAR(
      shape_of(expand({two}, 6, without_wide_gaps(two.plane_positions_mm()))).volume_mm3() / (2 * sphere_volume(11)), 1,
      volume_share);
}

}  // namespace
}  // namespace sbrt
