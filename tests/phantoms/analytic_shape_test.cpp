#include "phantoms/analytic_shape.h"

#include "phantoms/polygon_boolean.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace sbrt::phantoms {
namespace {

using std::numbers::pi;

struct Named {
  const char* name;
  Solid solid;
};

/// Off-centre, unequal sizes, oblique axes.
std::vector<Named> all_solids() {
  const Direction<Patient> z({0, 0, 1}), y({0, -1, 0}), oblique({0.3, -0.5, 0.7}), flat({0.6, 0.8, 0});
  return {{"sphere", sphere({3, -6, 6}, 11)},
          {"ellipsoid", ellipsoid({-4, 5, 2}, {7, 12, 9})},
          {"standing cylinder", cylinder({1, 2, 3}, z, 8, 15)},
          {"lying cylinder", cylinder({1, 2, 3}, flat, 8, 15)},
          {"oblique cylinder", cylinder({1, 2, 3}, oblique, 8, 15)},
          {"elliptic cylinder", elliptic_cylinder({-2, 1, 4}, 12, 6, 14)},
          {"standing cone", cone({2, -3, -8}, z, 10, 18)},
          {"hanging cone", cone({2, -3, 8}, Direction<Patient>({0, 0, -1}), 10, 18)},
          {"lying cone", cone({2, 9, 1}, y, 10, 18)},
          {"box", box({3, 2, 1}, {9, 14, 11})},
          {"torus", torus({2, -1, 5}, 9, 4)},
          {"c-shape", c_shape({1, -2, 3}, 5, 12, 2.6, 4.2, 16)}};
}

std::vector<Named> all_combinations() {
  const Solid a = sphere({0, 0, 0}, 10), b = ellipsoid({7, 3, 2}, {8, 6, 11}), inner = sphere({1, 1, 1}, 4);
  return {{"united", united(a, b)},
          {"intersected", intersected(a, b)},
          {"subtracted", subtracted(a, b)},
          {"thrice", subtracted(united(a, b), cylinder({3, 0, 0}, Direction<Patient>({0, 0, 1}), 3, 40))},
          {"with hole", with_hole(a, inner)},
          {"apart", joined_apart(a, sphere({25, 0, 0}, 6))}};
}

double area(const std::vector<Polygon>& polygons) {
  // Even-odd: a polygon counts as a hole when it begins inside an odd number of the others.
  double sum = 0;
  for (std::size_t n = 0; n < polygons.size(); ++n) {
    std::vector<Polygon> others = polygons;
    others.erase(others.begin() + std::ptrdiff_t(n));
    sum += (inside_even_odd(others, polygons[n][0]) ? -1 : 1) * std::abs(signed_area_mm2(polygons[n]));
  }
  return sum;
}

double volume_of_sections(const Solid& solid, double step) {
  const Box box = solid.bounding_box();
  double volume = 0;
  for (double z = box.low.z + step / 2; z < box.high.z; z += step) volume += area(solid.section(z, 1e-3)) * step;
  return volume;
}

// Midpoint sums at 0.05 mm over some 20 mm: errors of round ends are of order (step / radius)^1.5 = 4e-4 at most.
constexpr double section_sum = 5e-4;

TEST(AnalyticShape, SectionsAddUpToTheClosedFormVolume) {
  for (const auto& [name, solid] : all_solids()) {
    ASSERT_TRUE(solid.volume_mm3()) << name;
    EXPECT_NEAR(volume_of_sections(solid, 0.05) / *solid.volume_mm3(), 1, section_sum) << name;
  }
}

TEST(AnalyticShape, ClosedFormVolumes) {
  EXPECT_NEAR(*torus({}, 9, 4).volume_mm3(), 2 * pi * pi * 9 * 16, 1e-9);
  EXPECT_NEAR(*ellipsoid({}, {2, 3, 5}).volume_mm3(), 4 * pi / 3 * 30, 1e-9);
  EXPECT_NEAR(*elliptic_cylinder({}, 140, 92, 200).volume_mm3(), pi * 140 * 92 * 200, 1e-6);
  // Two thirds of a tube.
  EXPECT_NEAR(*c_shape({}, 15, 37, 0, 4 * pi / 3, 80).volume_mm3(), pi * (37 * 37 - 15 * 15) * 80 * 2 / 3, 1e-6);
  const Solid shell = with_hole(sphere({}, 10), sphere({}, 4));
  EXPECT_NEAR(*shell.volume_mm3(), 4 * pi / 3 * (1000 - 64), 1e-9);
  EXPECT_FALSE(united(shell, shell).volume_mm3());
}

TEST(AnalyticShape, ChordsAddUpToTheClosedFormVolume) {
  // Columns of 0.1 mm along an oblique direction; the silhouette (some 60 mm long) is missed by a tenth of a step on
  // average.
  constexpr double step = 0.1, silhouette = 3e-3;
  const Direction<Patient> along({0.48, 0.6, 0.64});
  const PatientVec u = Direction<Patient>(cross(PatientVec{0, 0, 1}, along.vec())), v = cross(along.vec(), u);
  for (const auto& [name, solid] : all_solids()) {
    const PatientPoint centre = solid.bounding_box().centre();
    double volume = 0;
    for (double a = -25 + step / 2; a < 25; a += step)
      for (double b = -25 + step / 2; b < 25; b += step)
        volume += solid.chord_mm(centre + a * u + b * v, along) * step * step;
    EXPECT_NEAR(volume / *solid.volume_mm3(), 1, silhouette) << name;
  }
}

TEST(AnalyticShape, ChordsInClosedForm) {
  const Direction<Patient> x({1, 0, 0}), z({0, 0, 1});
  EXPECT_NEAR(sphere({0, 0, 0}, 13).chord_mm({0, 5, 0}, x), 24, 1e-12);
  EXPECT_NEAR(torus({0, 0, 0}, 9, 4).chord_mm({0, 0, 0}, x), 16, 1e-12);
  EXPECT_NEAR(torus({0, 0, 0}, 9, 4).chord_mm({9, 0, 0}, z), 8, 1e-12);
  EXPECT_NEAR(with_hole(sphere({}, 13), sphere({}, 12)).chord_mm({0, 0, 0}, z), 2, 1e-12);
  EXPECT_NEAR(cone({0, 0, 0}, z, 10, 20).chord_mm({0, 0, 10}, x), 10, 1e-12);
  EXPECT_NEAR(box({0, 0, 0}, {3, 4, 5}).chord_mm({0, 0, 0}, Direction<Patient>({3, 4, 0})), 5, 1e-12);
  EXPECT_EQ(sphere({0, 0, 0}, 13).chord_mm({0, 14, 0}, x), 0);
}

TEST(AnalyticShape, SectionsAgreeWithTheInsideTest) {
  std::mt19937_64 random(1);
  std::vector<Named> solids = all_solids();
  for (const Named& n : all_combinations()) solids.push_back(n);
  constexpr double tolerance = 0.01;
  for (const auto& [name, solid] : solids) {
    const Box box = solid.bounding_box().grown(1);
    const auto between = [&](double low, double high) { return low + (high - low) * double(random() >> 11) * 0x1p-53; };
    int inside = 0;
    for (int plane = 0; plane < 40; ++plane) {
      const double z = between(box.low.z, box.high.z);
      const auto polygons = solid.section(z, tolerance);
      for (int n = 0; n < 60; ++n) {
        const PatientPoint p{between(box.low.x, box.high.x), between(box.low.y, box.high.y), z};
        // Points within the polygons' tolerance of the boundary may fall either way.
        bool near_boundary = false;
        for (const PatientVec d : {PatientVec{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})
          for (const double s : {-3 * tolerance, 3 * tolerance})
            near_boundary |= solid.contains(p + s * d) != solid.contains(p);
        if (near_boundary) continue;
        EXPECT_EQ(inside_even_odd(polygons, {p.x, p.y}), solid.contains(p))
            << name << " at " << p.x << " " << p.y << " " << p.z;
        inside += solid.contains(p);
      }
    }
    EXPECT_GT(inside, 50) << name;
  }
}

TEST(AnalyticShape, CombinationsFollowInclusionAndExclusion) {
  const Solid a = sphere({0, 0, 0}, 10), b = ellipsoid({7, 3, 2}, {8, 6, 11});
  const double both = volume_of_sections(intersected(a, b), 0.05);
  EXPECT_NEAR(volume_of_sections(united(a, b), 0.05) + both, *a.volume_mm3() + *b.volume_mm3(),
              section_sum * *a.volume_mm3());
  EXPECT_NEAR(volume_of_sections(subtracted(a, b), 0.05) + both, *a.volume_mm3(), section_sum * *a.volume_mm3());
  // Lens of two equal spheres: pi/12 (4R + d)(2R - d)^2.
  EXPECT_NEAR(volume_of_sections(intersected(sphere({}, 10), sphere({8, 1, 0}, 10)), 0.05),
              pi / 12 * (40 + std::sqrt(65.0)) * std::pow(20 - std::sqrt(65.0), 2), 0.5);
}

TEST(AnalyticShape, PolygonsKeepAreaAndTolerance) {
  for (const double tolerance : {0.01, 0.1}) {
    const auto polygons = sphere({3, -6, 6}, 12).section(6, tolerance);
    ASSERT_EQ(polygons.size(), 1u);
    EXPECT_NEAR(area(polygons), pi * 144, 1e-9 * 144);
    for (std::size_t n = 0; n < polygons[0].size(); ++n) {
      const PlanePoint p = polygons[0][n], q = polygons[0][(n + 1) % polygons[0].size()];
      EXPECT_NEAR(std::hypot(p.x - 3, p.y + 6), 12, tolerance);
      EXPECT_NEAR(std::hypot((p.x + q.x) / 2 - 3, (p.y + q.y) / 2 + 6), 12, tolerance);
    }
  }
}

TEST(AnalyticShape, AStackOfPlanesMeetsALengthHalfOpen) {
  const Solid tube = cylinder({0, 0, 0}, Direction<Patient>({0, 0, 1}), 5, 20);
  std::vector<double> planes;
  for (int k = -20; k <= 20; ++k) planes.push_back(k);
  EXPECT_EQ(contours_on(tube, planes).size(), 20u);
  EXPECT_EQ(contours_on(with_hole(tube, cylinder({0, 0, 0}, Direction<Patient>({0, 0, 1}), 2, 10)), planes).size(),
            30u);
}

}  // namespace
}  // namespace sbrt::phantoms
