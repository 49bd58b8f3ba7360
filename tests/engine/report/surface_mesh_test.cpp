#include "engine/report/surface_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

namespace sbrt {
namespace {

constexpr double radius_mm = 12;
const PatientPoint centre{3, -7, 11};

// Fraction of each voxel inside a sphere, to first order in the distance from its surface.
Occupancy sphere() {
  const Grid grid({33, 31, 20}, {1, 1.2, 1.7}, {-13, -25, -5});
  Occupancy inside(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) {
        const PatientVec d = grid.voxel_centre(i, j, k) - centre;
        inside(i, j, k) = float(std::clamp(0.5 + (radius_mm - std::sqrt(dot(d, d))) / 2, 0.0, 1.0));
      }
  return inside;
}

TEST(SurfaceMesh, PointsLieOnTheSphere) {
  const SurfaceMesh mesh = surface_of(sphere());
  ASSERT_FALSE(mesh.points.empty());
  // The mean of crossings of one cell lies inside the sphere by at most the sagitta of half its diagonal, s^2/(2 r).
  const double half_diagonal = std::sqrt(1 + 1.2 * 1.2 + 1.7 * 1.7) / 2;
  const double sagitta = half_diagonal * half_diagonal / (2 * radius_mm);
  for (const PatientPoint& p : mesh.points) {
    const PatientVec d = p - centre;
    EXPECT_NEAR(std::sqrt(dot(d, d)), radius_mm, 2 * sagitta);
  }
}

TEST(SurfaceMesh, IsClosedAndFacesOutwards) {
  const SurfaceMesh mesh = surface_of(sphere());
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> directed;
  double six_volumes = 0;
  for (const auto& t : mesh.triangles) {
    for (int e = 0; e < 3; ++e) ++directed[{t[std::size_t(e)], t[std::size_t((e + 1) % 3)]}];
    six_volumes += dot(mesh.points[t[0]] - centre, cross(mesh.points[t[1]] - centre, mesh.points[t[2]] - centre));
  }
  for (const auto& [edge, count] : directed) {
    EXPECT_EQ(count, 1);
    EXPECT_EQ(directed.count({edge.second, edge.first}), 1U);
  }
  const double volume = 4.0 / 3 * std::numbers::pi * std::pow(radius_mm, 3);
  EXPECT_NEAR(six_volumes / 6, volume, 0.05 * volume);
}

TEST(SurfaceMesh, ClosesWhereTheGridEnds) {
  const Occupancy full(Grid({2, 3, 4}, {1, 1, 1}, {0, 0, 0}), 1.0F);
  const SurfaceMesh mesh = surface_of(full);
  // A box of 2 x 3 x 4 voxels has 2 (6 + 8 + 12) faces of two triangles each.
  EXPECT_EQ(mesh.triangles.size(), 2U * 52U);
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> directed;
  for (const auto& t : mesh.triangles)
    for (int e = 0; e < 3; ++e) ++directed[{t[std::size_t(e)], t[std::size_t((e + 1) % 3)]}];
  for (const auto& [edge, count] : directed) {
    EXPECT_EQ(count, 1);
    EXPECT_EQ(directed.count({edge.second, edge.first}), 1U);
  }
}

}  // namespace
}  // namespace sbrt
