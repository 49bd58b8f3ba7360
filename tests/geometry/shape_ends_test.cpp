// Pieces that show on one or two planes only, and outlines that bend from plane to plane.
#include "geometry/planar.h"
#include "geometry/shape.h"
#include "tests/geometry/analytic_contours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sbrt {
namespace {

using namespace test;

constexpr double exact_solid = 1e-4;  // see shape_volume_test.cpp

Shape shape_of(std::vector<Contour> contours) { return Shape::from_structure(structure("GTV", std::move(contours))); }

Contour ellipse(double a, double b, double w, int n = 240) {
  Contour contour = circle({}, 0, 0, w, 1, n);
  for (PatientPoint& p : contour.points) p = {a * p.x, b * p.y, p.z};
  return contour;
}

TEST(TwoPlanes, OfABallGiveTheBallWhereverItLies) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> offset(0, 1);
  int tried = 0;
  for (const double diameter : {1.2, 1.6, 2.0, 2.5, 3.0})
    for (int i = 0; i < 12; ++i) {
      const double shift = i == 0 ? 0.5 : offset(random);
      const Shape shape = shape_of(sphere(diameter / 2, planes(-6, 6, 1), 3.2, -1.7, shift));
      if (shape.plane_positions_mm().size() != 2) continue;
      ++tried;
      EXPECT_NEAR(shape.volume_mm3() / sphere_volume(diameter / 2), 1, exact_solid) << diameter << " " << shift;
      // The poles are one slab thick at most, so the centroid of so small a ball moves by its thickness at most.
      EXPECT_NEAR(shape.centroid().z, shift, 0.01) << diameter << " " << shift;
      EXPECT_TRUE(shape.warnings().empty());
    }
  EXPECT_GT(tried, 20);
}

// Half way between two planes the ball could be a disc as well: flat ends after half a gap.
TEST(TwoPlanes, TheIntervalCoversTheDisc) {
  const double r2 = 1.5 * 1.5 - 0.25;
  const Shape shape = shape_of(sphere(1.5, planes(-6.5, 6, 1)));
  EXPECT_NEAR(shape.volume_mm3() / sphere_volume(1.5), 1, exact_solid);
  EXPECT_LT(shape.volume_interval_mm3().low, pi * r2 * 2);
  EXPECT_GT(shape.volume_interval_mm3().high, pi * r2 * 2);
}

TEST(TwoPlanes, AreADiscWhereTheBallWouldReachTheNextPlanes) {
  // R^2 = 9 + 1/4: the ball would be 2.5 mm beyond its planes, 1.5 mm beyond the next ones.
  const Shape shape = shape_of(cylinder(3, {0, 1}));
  EXPECT_NEAR(shape.volume_mm3() / (pi * 9 * 2), 1, exact_solid);
}

TEST(TwoPlanes, ThatAreLongAreNoBallButTheIntervalSaysSo) {
  // 3 : 1 with the area of a circle of radius 1.2 mm.
  const double b = 1.2 / std::sqrt(3.0), a = 3 * b;
  const Shape shape = shape_of({ellipse(a, b, 0), ellipse(a, b, 1)});
  EXPECT_NEAR(shape.volume_mm3() / (pi * 1.44 * 2), 1, exact_solid);
  const double radius = std::sqrt(1.44 + 0.25);
  EXPECT_LT(shape.volume_interval_mm3().low, sphere_volume(radius));
  EXPECT_GT(shape.volume_interval_mm3().high, sphere_volume(radius));
}

TEST(TwoPlanes, OfAnIslandBesideALargePieceAreABall) {
  const std::vector<double> at = planes(-10.5, 10, 1);
  std::vector<Contour> contours = sphere(8, at);
  append(contours, sphere(1.5, at, 14, 0, 3));
  EXPECT_NEAR(shape_of(contours).volume_mm3() / (sphere_volume(8) + sphere_volume(1.5)), 1, exact_solid);
}

/// Two balls at u = -6 and 6 as one outline where they overlap.
std::vector<Contour> two_balls(double radius, const std::vector<double>& at) {
  std::vector<Contour> all;
  for (const double z : at) {
    const double q2 = radius * radius - z * z;
    if (q2 < 1e-6 * radius * radius) continue;
    const double q = std::sqrt(q2);
    if (q <= 6) {
      for (const double u : {-6.0, 6.0}) all.push_back(circle({}, u, 0, z, q));
      continue;
    }
    const double turn = pi - std::acos(6 / q);
    Contour outline;
    constexpr int n = 200;
    for (const double side : {1.0, -1.0})
      for (int i = 0; i < n; ++i) {
        const double angle = turn * (2.0 * i / n - 1);
        outline.points.push_back({side * (6 + q * std::cos(angle)), side * q * std::sin(angle), z});
      }
    all.push_back(outline);
  }
  return all;
}

// The balls part in the last gap: each shows on one plane of its own. Flat ends would miss up to 3.5 % here.
TEST(PartedEnds, OfTwoBallsTaperTogether) {
  for (const auto& [radius, shift] : {std::pair{8.0, 0.0},
                                      {8.0, 0.25},
                                      {8.0, 0.37},
                                      {8.0, 0.5},
                                      {9.0, 0.25},
                                      {9.0, 0.37},
                                      {9.0, 0.5},
                                      {11.0, 0.25},
                                      {11.0, 0.37},
                                      {11.0, 0.5}}) {
    const double lens_cap = radius - 6;
    const double exact = 2 * (sphere_volume(radius) - pi * lens_cap * lens_cap * (3 * radius - lens_cap) / 3);
    const Shape shape = shape_of(two_balls(radius, planes(-30 + 3 * shift, 30, 3)));
    EXPECT_NEAR(shape.volume_mm3() / exact, 1, 0.006) << radius << " " << shift;
    EXPECT_LT(shape.volume_interval_mm3().low, exact) << radius << " " << shift;
    EXPECT_GT(shape.volume_interval_mm3().high, exact) << radius << " " << shift;
  }
}

// Legs below a block of the same section go on: they end flat, half a gap beyond their plane.
TEST(PartedEnds, OfLegsStayFlat) {
  std::vector<Contour> contours;
  for (const double z : {0.0, 2.0, 4.0, 6.0}) contours.push_back(rectangle({}, -10, -5, 10, 5, z));
  for (const double u : {-10.0, 1.0}) contours.push_back(rectangle({}, u, -5, u + 9, 5, -2));
  const Shape shape = shape_of(contours);
  EXPECT_NEAR(shape.bounding_box().low.z, -3, 1e-9);
}

// By Cavalieri's principle the stated thickness is right on average over balls of unknown position; a single ball may
// have half of it to half as much again.
TEST(LonePlane, KeepsItsThicknessWithAnIntervalThatHoldsTheBall) {
  for (const double shift : {0.0, 0.1, 0.2}) {
    const double radius = 0.78;
    const Shape shape = shape_of(sphere(radius, {0}, 0, 0, shift));
    EXPECT_NEAR(shape.volume_mm3() / (pi * (radius * radius - shift * shift)), 1, exact_solid);
    EXPECT_LT(shape.volume_interval_mm3().low, sphere_volume(radius));
    EXPECT_GT(shape.volume_interval_mm3().high, sphere_volume(radius));
  }
}

TEST(Roundness, TellsLongFromRoundAndForgivesStairs) {
  const auto of = [](std::vector<planar::Uv> loop) { return planar::roundness({std::move(loop)}); };
  EXPECT_NEAR(of({{0, 0}, {2, 0}, {2, 2}, {0, 2}}), 3 / pi, 1e-12);
  std::vector<planar::Uv> disc, oval, stairs;
  for (int i = 0; i < 360; ++i) {
    const double c = std::cos(i * pi / 180), s = std::sin(i * pi / 180);
    disc.push_back({5 + c, 7 + s});
    oval.push_back({2 * c, s});
  }
  // The outline of the pixels of 0.25 whose centres lie in the unit disc, quadrant by quadrant.
  for (int q = 0; q < 4; ++q)
    for (int i = 0; i < 4; ++i) {
      const double x0 = 0.25 * (3 - i), x1 = x0 + 0.25, mid = 0.5 * (x0 + x1);
      const double y = 0.25 * std::floor(std::sqrt(1 - mid * mid) / 0.25 + 0.5);
      for (const double x : {x1, x0}) {
        double u = x, v = y;
        for (int turn = 0; turn < q; ++turn) std::tie(u, v) = std::make_pair(-v, u);
        stairs.push_back({u, v});
      }
    }
  EXPECT_NEAR(of(disc), 1, 1e-3);
  EXPECT_NEAR(of(oval), 0.8, 1e-3);
  EXPECT_GT(of(stairs), 0.95);
}

/// The cone of Nelms 2015 lying in the planes: base of radius 12 on v = 0, tip at v = 24.
constexpr double lying_radius = 12, lying_height = 24;
std::vector<Contour> lying_cone(const std::vector<double>& at) {
  std::vector<Contour> contours;
  for (const double w : at) {
    // Points (s, t): t^2 + w^2 = radius^2 (1 - s / height)^2, s from the base to the tip of the section.
    const double tip = lying_height * (1 - std::abs(w) / lying_radius);
    Contour contour;
    constexpr int n = 200;
    for (int side = -1; side <= 1; side += 2)
      for (int i = 0; i < n; ++i) {
        const double x = double(side < 0 ? i : n - i) / n, s = tip * (1 - (1 - x) * (1 - x));
        const double r = lying_radius * (1 - s / lying_height);
        contour.points.push_back({side * std::sqrt(std::max(0.0, r * r - w * w)), s, w});
      }
    contours.push_back(contour);
  }
  return contours;
}

// Planes 0.5 mm on both sides of the axis show the same outline, whose tip lies 1 mm short of the true one. The planes
// beyond tell that the outline bends; a straight blend would end with the outline.
TEST(BetweenPlanes, OutlinesBendAsTheyDoFromPlaneToPlane) {
  const double radius = lying_radius, height = lying_height;
  const Shape shape = shape_of(lying_cone(planes(-11.5, 11.6, 1)));
  // The bend of a kink is met to a quarter; straight blending would give 23.0.
  double reach = 0;
  for (double s = 22; s < 24; s += 0.01)
    if (shape.contains({0, s, 0.03})) reach = s;
  EXPECT_GT(reach, 23.2);
  EXPECT_LT(reach, 24.0);
  // Flanks are smooth and are met.
  const double flank = std::sqrt(std::pow(radius * (1 - 18 / height), 2));
  EXPECT_TRUE(shape.contains({flank - 0.03, 18, 0.03}));
  EXPECT_FALSE(shape.contains({flank + 0.03, 18, 0.03}));
}

/// Area of the cone's section at distance c from the axis, up to `depth` from the tip.
double tip_section(double c, double depth) {
  if (c < 1e-9) return depth * depth / 2;
  if (depth <= 2 * c) return 0;
  const double t = std::acosh(depth / (2 * c));
  return 4 * c * c * (std::sinh(2 * t) / 4 - t / 2);
}

/// Depth from the tip that holds 1 % of the volume, of the cone and of the convex hull of its contours: both have the
/// same outlines, and the sections of the hull in the gap with the axis, from -low to high, are those of the cone at
/// the distance interpolated between both planes.
double cold_depth(bool hull, double low, double high) {
  const auto missing = [&](double depth) {
    if (!hull) return 0.0;
    constexpr int n = 2000;
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      const double x = (i + 0.5) / n, z = -low + x * (low + high);
      sum += tip_section(std::abs(z), depth) - tip_section((1 - x) * low + x * high, depth);
    }
    return sum / n * (low + high);
  };
  const auto beyond = [&](double depth) { return pi / 12 * std::pow(depth, 3) - missing(depth); };
  const double wanted = 0.01 * beyond(lying_height);
  double from = 0, to = 12;
  for (int i = 0; i < 50; ++i) (beyond(0.5 * (from + to)) < wanted ? from : to) = 0.5 * (from + to);
  return from;
}

// Convex solids with the same contours whose D99 at 1 Gy/mm differs by more than twice 0.1 Gy: no rule can meet both.
TEST(BetweenPlanes, TheTipOfALyingConeIsNotInItsContours) {
  EXPECT_LT(cold_depth(true, 0.5, 0.5) - cold_depth(false, 0.5, 0.5), 0.05);
  EXPECT_GT(cold_depth(true, 1, 1) - cold_depth(false, 1, 1), 0.2);
  EXPECT_GT(cold_depth(true, 1.5, 1.5) - cold_depth(false, 1.5, 1.5), 0.6);
  for (const double gap : {1.0, 2.0, 3.0})
    for (const double shift : {0.5, 0.37}) {
      const Shape shape = shape_of(lying_cone(planes(-12 + std::fmod(12 + shift * gap, gap), 12, gap)));
      std::vector<std::pair<double, double>> pieces;  // depth, volume
      for (const Sample& s : shape.sample(0.3)) pieces.emplace_back(lying_height - s.point.y, s.volume_mm3);
      std::sort(pieces.begin(), pieces.end());
      double sum = 0, depth = 0;
      for (std::size_t i = 0; i < pieces.size() && sum < 0.01 * shape.volume_mm3(); ++i) {
        sum += pieces[i].second;
        depth = pieces[i].first;
      }
      constexpr double sampling_mm = 0.05;  // 1 % of the volume is 1300 pieces
      RecordProperty(std::to_string(gap) + " " + std::to_string(shift), std::to_string(depth));
      EXPECT_GT(depth, cold_depth(false, shift * gap, (1 - shift) * gap) - sampling_mm) << gap << " " << shift;
      EXPECT_LT(depth, cold_depth(true, shift * gap, (1 - shift) * gap) + sampling_mm) << gap << " " << shift;
    }
}

// A rod of radius 5 ends on a plate of radius 15: a polynomial through four planes would swell the rod before it.
TEST(BetweenPlanes, StepsDoNotOvershoot) {
  std::vector<Contour> contours = cylinder(5, planes(0, 8, 2));
  append(contours, cylinder(15, planes(10, 16, 2)));
  const Shape shape = shape_of(contours);
  for (double w = 0; w < 8; w += 0.2) {
    EXPECT_TRUE(shape.contains({4.98, 0, w})) << w;
    EXPECT_FALSE(shape.contains({5.02, 0, w})) << w;
  }
  for (double w = 10.01; w < 16; w += 0.2) {
    EXPECT_TRUE(shape.contains({0, 14.98, w})) << w;
    EXPECT_FALSE(shape.contains({0, 15.02, w})) << w;
  }
}

}  // namespace
}  // namespace sbrt
