#include "geometry/interpolate.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// Unequal sizes and spacings, an origin off zero and oblique axes, so that swapped axes cannot pass.
Grid oblique_grid(int n = 9) {
  const double c = std::cos(0.3), s = std::sin(0.3);
  return Grid({n, n + 2, n + 5}, {0.9, 1.1, 2.5}, {-12, 7, 31}, {{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
}

template <class F>
DoseGrid filled(const Grid& grid, F&& dose_at) {
  DoseGrid dose(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) dose(i, j, k) = float(dose_at(grid.voxel_centre(i, j, k)));
  return dose;
}

class BothKinds : public testing::TestWithParam<Interpolation> {};
INSTANTIATE_TEST_SUITE_P(Interpolation, BothKinds, testing::Values(Interpolation::cubic, Interpolation::linear));

// Single-precision samples of about 100 Gy, amplified by at most 3 per axis by the spline's filter.
constexpr double single_precision = 100 * 6e-8 * 27;

TEST_P(BothKinds, IsExactOnLinearFieldsUpToTheEdge) {
  const Grid grid = oblique_grid();
  const auto linear = [](PatientPoint p) { return 50 + 2 * p.x - 3 * p.y + 1.5 * p.z; };
  const DoseGrid dose = filled(grid, linear);
  const DoseInterpolator interpolate(dose, GetParam());
  for (const VoxelPoint v :
       {VoxelPoint{0.3, 0.7, 0.2}, VoxelPoint{7.9, 9.8, 12.9}, VoxelPoint{4.5, 0, 13}, VoxelPoint{3, 4, 5}})
    EXPECT_NEAR(interpolate.at(v), linear(grid.to_patient(v)), single_precision);
}

TEST_P(BothKinds, RoughValuesAreLinearBetweenTheSamples) {
  const Grid grid = oblique_grid();
  const auto product = [](PatientPoint p) { return 50 + 2 * p.x - 3 * p.y + 1.5 * p.z; };
  const DoseGrid linear = filled(grid, product);
  DoseGrid step(grid);
  step(4, 5, 6) = 8;
  const DoseInterpolator of_linear(linear, GetParam()), of_step(step, GetParam());
  for (const VoxelPoint v : {VoxelPoint{0, 0, 0}, {3.3, 4.1, 5.7}, {8, 10, 13}, {0.2, 9.9, 12.4}})
    EXPECT_NEAR(of_linear.roughly_at(grid.to_patient(v)), product(grid.to_patient(v)), single_precision);
  EXPECT_NEAR(of_step.roughly_at(grid.to_patient(VoxelPoint{4.25, 5.5, 5.75})), 8 * 0.75 * 0.5 * 0.75, 1e-5);
  EXPECT_TRUE(std::isnan(of_linear.roughly_at(grid.to_patient(VoxelPoint{-0.6, 1, 1}))));
  const DoseGrid flat = filled(Grid({1, 3, 1}, {1, 1, 1}, {}), [](PatientPoint p) { return 2 + p.y; });
  EXPECT_NEAR(DoseInterpolator(flat, GetParam()).roughly_at({0.2, 1.5, -0.3}), 3.5, 1e-6);
}

TEST_P(BothKinds, ReturnsTheSamplesAtVoxelCentres) {
  const Grid grid = oblique_grid();
  const DoseGrid dose =
      filled(grid, [](PatientPoint p) { return 50 + 40 * std::sin(p.x) * std::cos(1.3 * p.y + p.z); });
  const DoseInterpolator interpolate(dose, GetParam());
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i)
        ASSERT_NEAR(interpolate(grid.voxel_centre(i, j, k)), dose(i, j, k), single_precision);
}

TEST_P(BothKinds, HoldsTheEdgeForHalfAVoxelAndKnowsNothingBeyond) {
  const Grid grid = oblique_grid();
  const DoseGrid dose = filled(grid, [](PatientPoint p) { return 100 + p.x; });
  const DoseInterpolator interpolate(dose, GetParam());
  EXPECT_NEAR(interpolate.at({-0.49, 3, 4}), interpolate.at({0, 3, 4}), single_precision);
  EXPECT_NEAR(interpolate.at({8.5, 3, 4}), interpolate.at({8, 3, 4}), single_precision);
  EXPECT_TRUE(std::isnan(interpolate.at({-0.51, 3, 4})));
  EXPECT_TRUE(std::isnan(interpolate.at({3, 10.51, 4})));
  EXPECT_TRUE(std::isnan(interpolate.at({3, 3, 13.51})));
  EXPECT_TRUE(std::isnan(interpolate.at({NAN, 3, 4})));
}

TEST_P(BothKinds, OneSampleAlongAnAxisIsConstantThere) {
  const Grid grid({5, 1, 2}, {1, 2, 3}, {});
  const DoseGrid dose = filled(grid, [](PatientPoint p) { return 10 + p.x + p.z; });
  const DoseInterpolator interpolate(dose, GetParam());
  EXPECT_NEAR(interpolate.at({1.5, 0.4, 0.5}), 10 + 1.5 + 1.5, single_precision);
}

TEST_P(BothKinds, CellValuesAreThePointValues) {
  const Grid grid = oblique_grid();
  const DoseGrid dose =
      filled(grid, [](PatientPoint p) { return 50 + 40 * std::sin(p.x) * std::cos(1.3 * p.y + p.z); });
  const DoseInterpolator interpolate(dose, GetParam());
  const std::vector<double> x{0, 0.25, 0.9}, y{0.5, 0.75}, z{0.1, 0.2, 0.4, 0.9};
  std::vector<double> values(24);
  interpolate.cell_values(3, 4, 5, x, y, z, values.data());
  const Interval bounds = interpolate.cell_bounds(3, 4, 5);
  for (std::size_t c = 0; c < 4; ++c)
    for (std::size_t b = 0; b < 2; ++b)
      for (std::size_t a = 0; a < 3; ++a) {
        const double value = values[(c * 2 + b) * 3 + a];
        EXPECT_NEAR(value, interpolate.at({3 + x[a], 4 + y[b], 5 + z[c]}), single_precision);
        EXPECT_GE(value, bounds.low);
        EXPECT_LE(value, bounds.high);
      }
}

TEST_P(BothKinds, NoCellReachesMoreThanItsHottestSampleAllows) {
  // Also with negative samples, and where peaks are a voxel wide.
  const Grid grid = oblique_grid();
  const DoseGrid dose = filled(
      grid, [](PatientPoint p) { return 30 * std::sin(2.1 * p.x) * std::cos(1.9 * p.y) + 25 * std::sin(2.3 * p.z); });
  const DoseInterpolator interpolate(dose, GetParam());
  const GridSize n = grid.size();
  int raised = 0;
  for (int k = 0; k + 1 < n.nz; ++k)
    for (int j = 0; j + 1 < n.ny; ++j)
      for (int i = 0; i + 1 < n.nx; ++i) {
        float largest = -HUGE_VALF;
        for (int b = 0; b < 8; ++b) largest = std::max(largest, dose(i + (b & 1), j + (b >> 1 & 1), k + (b >> 2)));
        const double high = interpolate.cell_bounds(i, j, k).high;
        EXPECT_LE(interpolate.sample_needed_for(high), double(largest));
        raised += high > dose(i, j, k);
      }
  EXPECT_GT(raised, 0);
}

TEST(CubicInterpolation, ErrorOnASmoothPeakIsOfFourthOrder) {
  // Gaussian of 4 mm; the leading error of the cubic spline is h^4 f''''/384-like, so halving h divides it by about 16.
  const auto gauss = [](PatientPoint p) { return 100 * std::exp(-(p.x * p.x + p.y * p.y + p.z * p.z) / 32); };
  std::vector<double> worst;
  for (const double h : {2.0, 1.0}) {
    const int n = int(40 / h) + 1;
    const Grid grid({n, n, n}, {h, h, h}, {-20.3, -19.8, -20.1});
    const DoseGrid dose = filled(grid, gauss);
    const DoseInterpolator interpolate(dose);
    double error = 0;
    for (double x = -6; x <= 6; x += 0.61)
      for (double y = -6; y <= 6; y += 0.53)
        for (double z = -6; z <= 6; z += 0.57)
          error = std::max(error, std::abs(interpolate({x, y, z}) - gauss({x, y, z})));
    worst.push_back(error);
  }
  EXPECT_LT(worst[0], 0.4);
  EXPECT_LT(worst[1], 0.02);
  EXPECT_GT(worst[0] / worst[1], 10);
}

TEST(CubicInterpolation, DoesNotOvershootAStep) {
  const Grid grid({12, 7, 7}, {1, 1, 1}, {});
  const DoseGrid dose = filled(grid, [](PatientPoint p) { return p.x < 5.5 ? 0 : 60; });
  const DoseInterpolator interpolate(dose);
  for (double x = 0; x <= 11; x += 0.05) {
    const double value = interpolate.at({x, 3.3, 3.7});
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 60);
  }
}

// Dose of a box of half width `half` whose penumbra of one voxel is a straight ramp: along each axis
// clamp(half + 1/2 - |x|, 0, 1), the product of the three. Its largest value is `peak` in the whole inner box.
double ramped_box(PatientPoint p, double half, double peak) {
  const auto along = [&](double x) { return std::clamp(half + 0.5 - std::abs(x), 0.0, 1.0); };
  return peak * along(p.x) * along(p.y) * along(p.z);
}

TEST(CubicInterpolation, NeverExceedsABoxWithAPenumbraOfOneVoxel) {
  constexpr double peak = 20;
  for (const double half : {1.0, 1.2, 1.5, 2.0, 4.0, 6.3})
    for (const double offset : {0.0, 0.17, 0.35, 0.5, 0.8}) {
      const Grid grid({21, 21, 21}, {1, 1, 1}, {-10 + offset, -10 + 0.7 * offset, -10 - offset / 3});
      const DoseGrid dose = filled(grid, [&](PatientPoint p) { return ramped_box(p, half, peak); });
      const DoseInterpolator interpolate(dose);
      for (double x = -8; x <= 8; x += 0.23)
        for (double y = -8; y <= 8; y += 0.29)
          for (double z = -8; z <= 8; z += 0.31) {
            const double value = interpolate({x, y, z});
            ASSERT_LE(value, peak) << half << " " << offset << " at " << x << " " << y << " " << z;
            ASSERT_GE(value, 0);
          }
    }
}

// Where a dose steps within a voxel no interpolation is right; the cubic must not be worse than the linear one.
TEST(CubicInterpolation, IsNearerThanLinearToABoxWithAPenumbraOfOneVoxel) {
  constexpr double peak = 20, half = 7;
  double cubic_bias = 0, linear_bias = 0, cubic_error = 0, linear_error = 0;
  for (const double offset : {0.0, 0.2, 0.45, 0.7}) {
    const Grid grid({21, 21, 21}, {1, 1, 1}, {-10 + offset, -10 + 0.7 * offset, -10 - offset / 3});
    const DoseGrid dose = filled(grid, [&](PatientPoint p) { return ramped_box(p, half, peak); });
    const DoseInterpolator cubic(dose), linear(dose, Interpolation::linear);
    for (double x = -7.4; x <= 7.5; x += 0.43)
      for (double y = -7.4; y <= 7.5; y += 0.41)
        for (double z = -7.4; z <= 7.5; z += 0.37) {
          const PatientPoint p{x, y, z};
          const double truth = ramped_box(p, half, peak), c = cubic(p) - truth, l = linear(p) - truth;
          cubic_bias += c;
          linear_bias += l;
          cubic_error += std::abs(c);
          linear_error += std::abs(l);
        }
  }
  EXPECT_LT(std::abs(cubic_bias), std::abs(linear_bias));
  EXPECT_LT(cubic_error, linear_error);
}

TEST(CubicInterpolation, DoesNotTakeAShoulderForASummit) {
  // Surface of a phantom: one sample in the build-up, then nearly the full dose, falling slowly with depth.
  const auto depth_dose = [](double x) { return x < 2 ? 0 : x < 3 ? 14 : 20 - 0.01 * (x - 4) * (x - 4); };
  const Grid grid({12, 12, 12}, {1, 1, 1}, {});
  const DoseGrid dose =
      filled(grid, [&](PatientPoint p) { return depth_dose(p.x) * depth_dose(p.y) / 20 * depth_dose(p.z) / 20; });
  const DoseInterpolator interpolate(dose);
  for (double x = 0; x <= 11; x += 0.23)
    for (double y = 0; y <= 11; y += 0.29)
      for (double z = 0; z <= 11; z += 0.31) ASSERT_LE(interpolate({x, y, z}), 20 + 3 * 0.01 / 8 * 1.5);
}

TEST(CubicInterpolation, LeavesASmoothPeakItsHeight) {
  // The narrowest dose peak of the work: 3 mm sphere, 70 % isodose, sigma = 1.5/sqrt(2 ln(1/0.7)) = 1.776 mm, peak
  // midway.
  const double s2 = 2 * 1.776 * 1.776;
  const Grid grid({16, 16, 16}, {1, 1, 1}, {-7.5, -7.5, -7.5});
  const DoseGrid dose =
      filled(grid, [&](PatientPoint p) { return 60 * std::exp(-(p.x * p.x + p.y * p.y + p.z * p.z) / s2); });
  EXPECT_NEAR(DoseInterpolator(dose)({0, 0, 0}), 60, 0.3);  // spline error h^4/sigma^4 3/128 per axis = 0.7 % at most
}

TEST(CubicInterpolation, NeverNegativeBetweenSamplesThatAreNot) {
  const Grid grid({6, 3, 3}, {1, 1, 1}, {});
  const DoseGrid dose = filled(grid, [](PatientPoint p) { return p.x == 2 || p.x == 3 ? 0 : 10; });
  const DoseInterpolator interpolate(dose);
  for (double x = 0; x <= 5; x += 0.05) EXPECT_GE(interpolate.at({x, 1.2, 1.4}), 0);
}

TEST(DoseInterpolator, ValuesDoNotDependOnTheThreadCount) {
  const Grid grid = oblique_grid(30);
  const DoseGrid dose =
      filled(grid, [](PatientPoint p) { return 50 + 40 * std::sin(p.x) * std::cos(1.3 * p.y + p.z); });
  std::vector<PatientPoint> points;
  for (int i = 0; i < 20000; ++i)
    points.push_back(grid.to_patient(VoxelPoint{i % 29 + 0.37, i % 31 + 0.11, i % 34 + 0.83}));
  const int before = thread_count();
  set_thread_count(1);
  const std::vector<double> one = DoseInterpolator(dose).values_at(points);
  set_thread_count(4);
  const std::vector<double> four = DoseInterpolator(dose).values_at(points);
  set_thread_count(before);
  EXPECT_EQ(one, four);
}

TEST(DoseInterpolator, RefusesADoseThatIsNotFinite) {
  DoseGrid dose(Grid({4, 4, 4}, {1, 1, 1}, {}), 1.0f);
  dose(1, 2, 3) = NAN;
  EXPECT_THROW(DoseInterpolator{dose}, InputError);
}

}  // namespace
}  // namespace sbrt
