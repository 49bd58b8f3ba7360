#include "geometry/parallel.h"
#include "phantoms/part.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt::phantoms {
namespace {

Part painted(Solid solid, double hu) { return {std::move(solid), hu, "", RoiRole::other, {}}; }

double water_volume_mm3(const CtImage& image) {
  double sum = 0;
  for (const float hu : image.values()) sum += (double(hu) + 1000) / 1000;
  return sum * image.grid().voxel_volume_mm3();
}

TEST(Paint, PartialVolumeKeepsTheVolumeOnAnyGrid) {
  // Rows are exact along x; across, 3 x 3 rows per voxel of 2 x 2.5 mm miss the edge of a 20 mm sphere by some 0.1 %.
  constexpr double sub_rows = 1.5e-3;
  const Solid ball = sphere({1.3, -2.7, 0.9}, 20);
  const Axes turned{{0.8, 0.6, 0}, {-0.48, 0.64, 0.6}, {0.36, -0.48, 0.8}};
  for (const Axes& axes : {Axes{}, turned}) {
    const PatientVec half = 30 * (axes.i + axes.j + axes.k);
    const Grid grid({41, 31, 25}, {1.5, 2, 2.5}, PatientPoint{} - half, axes);
    EXPECT_NEAR(water_volume_mm3(paint(grid, {painted(ball, 0)})) / *ball.volume_mm3(), 1, sub_rows);
  }
}

TEST(Paint, IsExactAlongARow) {
  const Grid grid({10, 3, 3}, {2, 2, 2}, {-9, -2, -2});
  const CtImage image = paint(grid, {painted(box({0, 0, 0}, {11, 100, 100}), 0)});
  EXPECT_FLOAT_EQ(image(1, 1, 1), -1000);
  EXPECT_FLOAT_EQ(image(2, 1, 1), -250);  // -6...-4 mm, of which -5.5...-4 is water
  EXPECT_FLOAT_EQ(image(3, 1, 1), 0);
}

TEST(Paint, LaterPartsCoverEarlierOnes) {
  const Grid grid({21, 21, 21}, {1, 1, 1}, {-10, -10, -10});
  const Solid outer = sphere({0, 0, 0}, 9), inner = sphere({0, 0, 0}, 4);
  const CtImage image =
      paint(grid, {painted(outer, 100), painted(inner, -200), {sphere({}, 2), std::nullopt, "x", RoiRole::organ, {}}});
  EXPECT_FLOAT_EQ(image(10, 10, 10), -200);
  EXPECT_FLOAT_EQ(image(10, 16, 10), 100);
  EXPECT_FLOAT_EQ(image(0, 0, 0), -1000);
  EXPECT_FLOAT_EQ(paint(grid, {painted(inner, -200), painted(outer, 100)})(10, 10, 10), 100);
}

TEST(Noise, IsGaussianWithTheAskedDeviation) {
  CtImage image(Grid({100, 100, 50}, {1, 1, 1}, {}), 0.f);
  add_noise(image, 20, 7);
  double sum = 0, squares = 0, fourth = 0;
  int beyond_two_sigma = 0;
  for (const float v : image.values()) {
    sum += v;
    squares += double(v) * v;
    fourth += std::pow(double(v), 4);
    beyond_two_sigma += std::abs(v) > 40;
  }
  // n = 500 000: five standard errors of mean (0.028), deviation (0.020), tail fraction (2.9e-4) and kurtosis (0.007).
  const double n = 500000, variance = squares / n;
  EXPECT_NEAR(sum / n, 0, 5 * 0.028);
  EXPECT_NEAR(std::sqrt(variance), 20, 5 * 0.020);
  EXPECT_NEAR(beyond_two_sigma / n, 0.0455, 5 * 2.9e-4);
  EXPECT_NEAR(fourth / n / (variance * variance), 3, 5 * 0.007);
}

TEST(Noise, DoesNotDependOnThreadsAndStaysAboveTheLowestCtNumber) {
  const Grid grid({64, 64, 40}, {1, 1, 1}, {});
  CtImage one(grid, -1000.f), many(grid, -1000.f), other(grid, -1000.f);
  const int threads = thread_count();
  set_thread_count(1);
  add_noise(one, 30, 1);
  set_thread_count(3);
  add_noise(many, 30, 1);
  add_noise(other, 30, 2);
  set_thread_count(threads);
  EXPECT_EQ(one.values(), many.values());
  EXPECT_NE(one.values(), other.values());
  EXPECT_EQ(*std::min_element(one.values().begin(), one.values().end()), -1024.f);
}

}  // namespace
}  // namespace sbrt::phantoms
