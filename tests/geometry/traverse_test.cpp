#include "geometry/traverse.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sbrt {
namespace {

struct Visit {
  std::size_t voxel;
  double length_mm;
};

std::vector<Visit> visits(const Grid& grid, PatientPoint from, PatientPoint to) {
  std::vector<Visit> all;
  traverse(grid, from, to, [&](std::size_t voxel, double length_mm) { all.push_back({voxel, length_mm}); });
  return all;
}

double total(const std::vector<Visit>& all) {
  double sum = 0;
  for (const Visit& v : all) sum += v.length_mm;
  return sum;
}

// Unequal sizes and spacings, an origin off zero and oblique axes.
Grid oblique_grid() {
  const double c = std::cos(0.4), s = std::sin(0.4), c2 = std::cos(0.7), s2 = std::sin(0.7);
  return Grid({11, 7, 5}, {0.9, 1.3, 2.5}, {-12, 7, 31}, {{c, s, 0}, {-s * c2, c * c2, s2}, {s * s2, -c * s2, c2}});
}

// Sums of up to some hundred lengths below 2000 mm.
constexpr double rounding_mm = 1e-9;

TEST(Traverse, CrossesARowOfUnequalVoxels) {
  const Grid grid({4, 3, 2}, {2, 3, 5}, {10, 20, 30});
  const auto v = visits(grid, {0, 23, 35}, {100, 23, 35});
  ASSERT_EQ(v.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(v[i].voxel, grid.index(i, 1, 1));
    EXPECT_NEAR(v[i].length_mm, 2, rounding_mm);
  }
}

TEST(Traverse, HandComputedObliqueRayInTwoByTwo) {
  // Voxels are unit squares about (0,0), (1,0), (0,1), (1,1); the line y = x/2 - 0.25 enters at (-0.5, -0.5), crosses
  // x = 0.5 at y = 0 and leaves at x = 1.5, y = 0.5.
  const Grid grid({2, 2, 1}, {1, 1, 1}, {0, 0, 0});
  const auto v = visits(grid, {-2.5, -1.5, 0}, {3.5, 1.5, 0});
  ASSERT_EQ(v.size(), 2u);
  const double step = std::sqrt(1.25);
  EXPECT_EQ(v[0].voxel, grid.index(0, 0, 0));
  EXPECT_EQ(v[1].voxel, grid.index(1, 0, 0));
  EXPECT_NEAR(v[0].length_mm, step, rounding_mm);
  EXPECT_NEAR(v[1].length_mm, step, rounding_mm);
}

TEST(Traverse, StartsAndEndsInsideAVoxel) {
  const Grid grid({5, 5, 5}, {1, 1, 1}, {0, 0, 0});
  const auto v = visits(grid, {1.9, 2, 2}, {2.2, 2, 2});
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].voxel, grid.index(2, 2, 2));
  EXPECT_NEAR(v[0].length_mm, 0.3, rounding_mm);
}

TEST(Traverse, DiagonalThroughCornersVisitsOnlyTheDiagonalVoxels) {
  const Grid grid({4, 4, 4}, {1, 1, 1}, {0, 0, 0});
  const auto v = visits(grid, {-0.5, -0.5, -0.5}, {3.5, 3.5, 3.5});
  ASSERT_EQ(v.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(v[i].voxel, grid.index(i, i, i));
  EXPECT_NEAR(total(v), std::sqrt(48.0), rounding_mm);
}

TEST(Traverse, RayInAFaceBelongsToTheVoxelOfHigherIndex) {
  const Grid grid({3, 3, 3}, {1, 1, 1}, {0, 0, 0});
  for (const auto& [from, to] :
       {std::pair<PatientPoint, PatientPoint>{{-5, 0.5, 1}, {5, 0.5, 1}}, {{5, 0.5, 1}, {-5, 0.5, 1}}}) {
    const auto v = visits(grid, from, to);
    ASSERT_EQ(v.size(), 3u);
    for (const Visit& x : v) EXPECT_EQ(x.voxel / 3 % 3, 1u);
    EXPECT_NEAR(total(v), 3, rounding_mm);
  }
  EXPECT_NEAR(total(visits(grid, {-5, -0.5, 1}, {5, -0.5, 1})), 3, rounding_mm);  // lower outer face: inside
  EXPECT_TRUE(visits(grid, {-5, 2.5, 1}, {5, 2.5, 1}).empty());                   // upper outer face: outside
}

TEST(Traverse, NegativeZeroStepIsParallel) {
  const Grid grid({3, 4, 5}, {1, 1, 1}, {0, 0, 0});
  // 2.0 - 2.0 and -0.0 components must not become infinities of the wrong sign.
  const auto v = visits(grid, {2, -0.0, 9}, {2, 0.0, -9});
  ASSERT_EQ(v.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(v[i].voxel, grid.index(2, 0, 4 - i));
}

TEST(Traverse, MissesGiveNothing) {
  const Grid grid({3, 4, 5}, {1, 1, 1}, {0, 0, 0});
  EXPECT_TRUE(visits(grid, {-5, 10, 2}, {5, 10, 2}).empty());  // beside
  EXPECT_TRUE(visits(grid, {-9, 1, 2}, {-2, 1, 2}).empty());   // ends before
  EXPECT_TRUE(visits(grid, {9, 1, 2}, {20, 1, 2}).empty());    // starts behind
  EXPECT_TRUE(visits(grid, {-3, 3, 2}, {3, 9, 2}).empty());    // passes a corner
  EXPECT_TRUE(visits(grid, {1, 1, 1}, {1, 1, 1}).empty());     // no length
}

TEST(Traverse, SumOfLengthsIsTheChordOfTheBox) {
  const Grid grid = oblique_grid();
  const GridSize n = grid.size();
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(-1, 2);
  int hits = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const auto corner = [&] {
      return VoxelPoint{uniform(random) * n.nx, uniform(random) * n.ny, uniform(random) * n.nz};
    };
    const VoxelPoint a = corner(), b = corner();
    // Chord of the box by the slab method, in index space.
    double enter = 0, leave = 1;
    for (const auto& [p, q, size] :
         {std::tuple{a.x, b.x, n.nx}, std::tuple{a.y, b.y, n.ny}, std::tuple{a.z, b.z, n.nz}}) {
      const double t0 = (-0.5 - p) / (q - p), t1 = (size - 0.5 - p) / (q - p);
      enter = std::max(enter, std::min(t0, t1));
      leave = std::min(leave, std::max(t0, t1));
    }
    const double chord = std::max(0.0, leave - enter) * distance(grid.to_patient(a), grid.to_patient(b));
    const auto v = visits(grid, grid.to_patient(a), grid.to_patient(b));
    EXPECT_NEAR(total(v), chord, rounding_mm);
    hits += !v.empty();
    for (const Visit& x : v) ASSERT_LT(x.voxel, grid.count());
  }
  EXPECT_GT(hits, 500);
}

TEST(Traverse, VisitsTheVoxelsThatHoldThePointsOfTheSegment) {
  const Grid grid = oblique_grid();
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(-0.5, 1.5);
  for (int trial = 0; trial < 200; ++trial) {
    const auto inside = [&] {
      return grid.to_patient(VoxelPoint{uniform(random) * 11, uniform(random) * 7, uniform(random) * 5});
    };
    const PatientPoint a = inside(), b = inside();
    double at = clip_to_grid(grid, a, b).enter * distance(a, b);
    const PatientVec u = (b - a) / distance(a, b);
    traverse(grid, a, b, [&](std::size_t voxel, double length_mm) {
      const VoxelPoint middle = grid.to_voxel(a + (at + length_mm / 2) * u);
      if (length_mm > 1e-6) {
        EXPECT_EQ(voxel,
                  grid.index(int(std::lround(middle.x)), int(std::lround(middle.y)), int(std::lround(middle.z))));
      }
      at += length_mm;
    });
  }
}

TEST(Traverse, BackwardsVisitsTheSameVoxels) {
  const Grid grid = oblique_grid();
  const PatientPoint a = grid.to_patient(VoxelPoint{-3, 0.2, 1.1}), b = grid.to_patient(VoxelPoint{14, 6.7, 3.3});
  auto forward = visits(grid, a, b);
  const auto backward = visits(grid, b, a);
  ASSERT_EQ(forward.size(), backward.size());
  std::reverse(forward.begin(), forward.end());
  for (std::size_t i = 0; i < forward.size(); ++i) {
    EXPECT_EQ(forward[i].voxel, backward[i].voxel);
    EXPECT_NEAR(forward[i].length_mm, backward[i].length_mm, rounding_mm);
  }
}

}  // namespace
}  // namespace sbrt
