#include "phantoms/lobed_ellipsoid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

// Unequal axes, a tilt, an origin elsewhere.
LobedEllipsoid tilted() {
  LobedEllipsoid form;
  form.centre = {12, -7, 30};
  form.semi_axes_mm = {24, 17, 14};
  const double sine = 9.0 / 24, flat = std::sqrt(1 - sine * sine), turn = 0.7, roll = 1.1;
  const PatientVec i{flat * std::cos(turn), flat * std::sin(turn), sine}, side{-std::sin(turn), std::cos(turn), 0};
  const PatientVec j = std::cos(roll) * side + std::sin(roll) * cross(i, side);
  form.axes = {i, j, cross(i, j)};
  form.dent = 0.12;
  return form;
}

TEST(LobedEllipsoid, VolumeIsTheIntegralOfItsSections) {
  const LobedEllipsoid form = tilted();
  const Solid solid = lobed(form);
  double volume = 0;
  constexpr double step = 0.1;
  for (double z = form.centre.z - 25 + step / 2; z < form.centre.z + 25; z += step)
    for (const Polygon& polygon : solid.section(z, 0.01)) {
      double twice = 0;
      for (std::size_t n = 0; n < polygon.size(); ++n) {
        const PlanePoint a = polygon[n], b = polygon[(n + 1) % polygon.size()];
        twice += a.x * b.y - a.y * b.x;
      }
      volume += std::abs(twice) / 2 * step;
    }
  // Midpoint rule: sections end like a square root of the distance to the ends, error of the order (step/height)^2.
  constexpr double midpoint = 1e-4;
  EXPECT_NEAR(volume / form.volume_mm3(), 1, midpoint);
}

TEST(LobedEllipsoid, VolumeIsTheIntegralOfItsChords) {
  const LobedEllipsoid form = tilted();
  const Solid solid = lobed(form);
  double volume = 0;
  constexpr double step = 0.25;
  for (double y = -30; y < 20; y += step)
    for (double z = 5; z < 55; z += step)
      volume += solid.chord_mm({0, y, z}, Direction<Patient>({1, 0, 0})) * step * step;
  constexpr double midpoint = 5e-4;
  EXPECT_NEAR(volume / form.volume_mm3(), 1, midpoint);
}

TEST(LobedEllipsoid, LargestDiameterIsTheLongAxis) {
  const LobedEllipsoid form = tilted();
  std::vector<PatientPoint> points;
  constexpr int rings = 60, around = 120;
  for (int r = 0; r <= rings; ++r)
    for (int a = 0; a < around; ++a) {
      const double polar = std::numbers::pi * r / rings, angle = 2 * std::numbers::pi * a / around;
      points.push_back(form.surface_towards(std::cos(polar) * form.axes[0] +
                                            std::sin(polar) * std::cos(angle) * form.axes[1] +
                                            std::sin(polar) * std::sin(angle) * form.axes[2]));
    }
  double largest = 0;
  for (std::size_t i = 0; i < points.size(); i += 7)
    for (const PatientPoint q : points) largest = std::max(largest, distance(points[i], q));
  EXPECT_NEAR(largest, form.largest_diameter_mm(), 1e-9);  // both ends are among the points
}

TEST(LobedEllipsoid, SharesOfDirectionsAddUpToTheVolume) {
  const LobedEllipsoid form = tilted();
  double sum = 0;
  constexpr int count = 2000;
  for (int n = 0; n < count; ++n) sum += form.share_at(-1 + (n + 0.5) * 2 / count) / count;
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(LobedEllipsoid, GaugeGrowsWithTheSize) {
  const LobedEllipsoid form = tilted();
  const PatientPoint p = form.surface_towards({0.3, -0.8, 0.5});
  EXPECT_NEAR(form.place_of(p).gauge, 1, 1e-12);
  EXPECT_NEAR(form.place_of(form.centre + 0.4 * (p - form.centre)).gauge, 0.4, 1e-12);
  EXPECT_EQ(form.place_of(form.centre).gauge, 0);
}

TEST(LobedEllipsoid, IsConvexUpToTheLargestDent) {
  LobedEllipsoid form = tilted();
  form.dent = 0.15;
  const Solid solid = lobed(form);
  for (int n = 0; n < 3000; ++n) {
    const auto direction = [](int k) {
      const double z = 1 - (2 * (k % 499) + 1.0) / 499, angle = 2.39996 * k;
      return PatientVec{std::sqrt(1 - z * z) * std::cos(angle), std::sqrt(1 - z * z) * std::sin(angle), z};
    };
    const PatientPoint a = form.surface_towards(direction(n)), b = form.surface_towards(direction(7 * n + 3));
    EXPECT_LE(form.place_of(a + 0.5 * (b - a)).gauge, 1 + 1e-12);
  }
}

}  // namespace
}  // namespace sbrt::phantoms
