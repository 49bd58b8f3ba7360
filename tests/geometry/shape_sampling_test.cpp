// Points, pieces and voxels of a shape, and distances to it.
#include "geometry/parallel.h"
#include "geometry/shape.h"
#include "tests/geometry/analytic_contours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>

namespace sbrt {
namespace {

using namespace test;

const Placement place{{12.3, -45.6, 78.9}};

Shape ball(double radius, double gap = 1) {
  return Shape::from_structure(structure("ball", sphere(radius, planes(-30.3, 30, gap), 0, 0, 0, place)));
}

double sum_of(const std::vector<Sample>& samples) {
  double sum = 0;
  for (const Sample& s : samples) sum += s.volume_mm3;
  return sum;
}

constexpr double rounding = 1e-9;  // relative, of sums over 1e5 pieces

TEST(ShapeSamples, SumToTheVolumeWithTheRightFirstMoments) {
  const Shape shape = ball(9);
  for (const double step : {0.2, 0.7, 2.0, 50.0}) {
    const std::vector<Sample> samples = shape.sample(step);
    EXPECT_NEAR(sum_of(samples) / shape.volume_mm3(), 1, rounding);
    PatientVec moment;
    for (const Sample& s : samples) moment = moment + s.volume_mm3 * (s.point - shape.centroid());
    EXPECT_LT(norm(moment) / shape.volume_mm3(), 1e-8) << step;
  }
  EXPECT_LT(distance(shape.centroid(), place(0, 0, 0)), 1e-3);
}

TEST(ShapeSamples, DoNotDependOnTheThreadCount) {
  const int before = thread_count();
  const Shape shape = ball(9);
  std::vector<std::vector<Sample>> runs;
  std::vector<double> volumes;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    runs.push_back(shape.sample(0.8));
    volumes.push_back(ball(7).volume_mm3());
  }
  set_thread_count(before);
  for (std::size_t r = 1; r < runs.size(); ++r) {
    EXPECT_EQ(volumes[r], volumes[0]);
    ASSERT_EQ(runs[r].size(), runs[0].size());
    for (std::size_t i = 0; i < runs[0].size(); ++i) {
      ASSERT_EQ(runs[r][i].point, runs[0][i].point);
      ASSERT_EQ(runs[r][i].volume_mm3, runs[0][i].volume_mm3);
    }
  }
}

TEST(ScatteredSamples, LieInTheirPieces) {
  const Shape shape = ball(9);
  const double step = 0.8;
  const ScatteredSamples scattered = shape.sample_scattered(step);
  const std::vector<Sample> plain = shape.sample(step);
  ASSERT_EQ(scattered.points.size(), plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    ASSERT_EQ(scattered.samples[i].point, plain[i].point);
    ASSERT_EQ(scattered.samples[i].volume_mm3, plain[i].volume_mm3);
    EXPECT_LE(distance(scattered.points[i], plain[i].point), std::sqrt(3.0) * step);
    // The least pieces keep their centroid, which may lie under a slab's step.
    if (scattered.points[i] != plain[i].point) {
      EXPECT_TRUE(shape.contains(scattered.points[i]));
    }
  }
}

TEST(ScatteredSamples, LieInBlocksTwiceAsLong) {
  const double step = 0.8;
  const ScatteredSamples scattered = ball(9).sample_scattered(step);
  struct Block {
    int pieces = 0;
    PatientPoint first;
    double farthest = 0;
  };
  std::vector<Block> blocks(std::size_t(scattered.blocks));
  ASSERT_EQ(scattered.block.size(), scattered.samples.size());
  for (std::size_t i = 0; i < scattered.samples.size(); ++i) {
    Block& block = blocks.at(std::size_t(scattered.block[i]));
    if (block.pieces++ == 0) block.first = scattered.samples[i].point;
    block.farthest = std::max(block.farthest, distance(block.first, scattered.samples[i].point));
  }
  int whole = 0;
  for (const Block& block : blocks) {
    ASSERT_GE(block.pieces, 1);
    ASSERT_LE(block.pieces, 8);
    EXPECT_LE(block.farthest, std::hypot(2 * step, 2 * step, (2 + 4.0 / 5) * step));  // stacked at five phases
    whole += block.pieces == 8;
  }
  EXPECT_GT(whole, scattered.blocks / 2);
}

// A shell below the surface, thinner than the pieces. A surface of area S meets about 1.5 S/h^2 pieces of side h, each
// falls to one side whole: variance at most 1/6 of a piece's volume squared if cut anywhere, hence 0.5 h^2 sqrt(S).
TEST(ScatteredSamples, FallIntoAShellAtTheSurfaceByShareOfVolume) {
  const double radius = 17.5, step = 1;
  const Shape shape = ball(radius);
  const ScatteredSamples scattered = shape.sample_scattered(step);
  const double deviation = 0.5 * step * step * std::sqrt(4 * pi) * radius;
  for (const double depth : {0.2, 0.35, 0.5, 1.0}) {
    double shell = 0;
    for (std::size_t i = 0; i < scattered.points.size(); ++i)
      if (distance(scattered.points[i], place(0, 0, 0)) > radius - depth) shell += scattered.samples[i].volume_mm3;
    EXPECT_NEAR(shell, sphere_volume(radius) - sphere_volume(radius - depth), 3.5 * deviation) << depth;
  }
}

/// Dose that a fraction of the volume receives at least, for dose = 16 + (p - centre) . gradient [Gy]: cumulative sum
/// of the pieces, each counted half at its own dose, interpolated linearly.
double dose_at(const Shape& shape, double step, PatientVec gradient, double fraction) {
  std::map<double, double, std::greater<>> pieces;  // pieces of one layer share their dose
  for (const Sample& s : shape.sample(step)) {
    const double dose = 16 + dot(s.point - place(0, 0, 0), gradient);
    pieces[std::round(dose * 1e6) * 1e-6] += s.volume_mm3;
  }
  double sum = 0, last_sum = 0, last_dose = pieces.begin()->first;
  for (const auto& [dose, volume] : pieces) {
    const double here = sum + 0.5 * volume;
    if (here >= fraction * shape.volume_mm3())
      return last_dose + (dose - last_dose) * (fraction * shape.volume_mm3() - last_sum) / (here - last_sum);
    sum += volume;
    last_sum = here;
    last_dose = dose;
  }
  return pieces.rbegin()->first;
}

// Nelms sphere, 1 Gy/mm: closed form D99 = 5.4137, D1 = 26.5863 Gy. 0.5 % asked.
TEST(ShapeSamples, GiveTheNelmsSphereDoseQuantiles) {
  const Shape shape = ball(12);
  for (const PatientVec g : {PatientVec{0, -1, 0}, PatientVec{0, 0, 1}, PatientVec{1, 0, 0}}) {
    EXPECT_NEAR(dose_at(shape, 0.35, g, 0.99), 5.4137, 0.005 * 5.4137);
    EXPECT_NEAR(dose_at(shape, 0.35, g, 0.01), 26.5863, 0.005 * 26.5863);
    EXPECT_NEAR(dose_at(shape, 0.35, g, 0.50), 16, 0.005 * 16);
  }
}

double total(const Occupancy& o) {
  double sum = 0;
  for (const float f : o.values()) {
    EXPECT_GE(f, 0.f);
    EXPECT_LE(f, 1.f);
    sum += f;
  }
  return sum * o.grid().voxel_volume_mm3();
}

// Float fractions, summed: half an ulp each.
constexpr double float_sum = 1e-6;

TEST(Occupancy, OfParallelGridsIsExact) {
  const Shape shape = ball(9);
  const PatientPoint corner = place(-13, -12, -11);
  EXPECT_NEAR(total(occupancy_of(shape, Grid({27, 26, 10}, {1, 1, 2.5}, corner))) / shape.volume_mm3(), 1, float_sum);
  EXPECT_NEAR(total(occupancy_of(shape, Grid({9, 40, 37}, {3, 0.6, 0.7}, corner))) / shape.volume_mm3(), 1, float_sum);
  // Turned about the normal, and with the normal along j and along -k.
  const double c = std::cos(0.4), s = std::sin(0.4);
  EXPECT_NEAR(total(occupancy_of(
                  shape, Grid({60, 50, 30}, {1, 1.2, 1}, place(-35, -35, -14), {{c, s, 0}, {-s, c, 0}, {0, 0, 1}}))) /
                  shape.volume_mm3(),
              1, float_sum);
  EXPECT_NEAR(total(occupancy_of(
                  shape, Grid({25, 30, 32}, {1, 1, 0.8}, place(-12, 14, -14), {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}}))) /
                  shape.volume_mm3(),
              1, float_sum);
  EXPECT_NEAR(total(occupancy_of(
                  shape, Grid({25, 30, 32}, {1, 1, 0.8}, place(-12, 14, 12), {{1, 0, 0}, {0, -1, 0}, {0, 0, -1}}))) /
                  shape.volume_mm3(),
              1, float_sum);
}

TEST(Occupancy, OfABoxIsTheOverlapOfEachVoxel) {
  std::vector<Contour> contours;
  for (const double w : planes(0, 4, 1)) contours.push_back(rectangle({}, 0.25, 1.5, 3.75, 4.0, w));
  const Occupancy o =
      occupancy_of(Shape::from_structure(structure("box", contours)), Grid({6, 5, 4}, {1, 1, 2}, {0, 0, 0}));
  // x from 0.25 to 3.75, y from 1.5 to 4.0, z from -0.5 to 4.5; voxel k fills 2 k - 1 ... 2 k + 1.
  const float x[6] = {0.25f, 1, 1, 1, 0.25f, 0}, y[5] = {0, 0, 1, 1, 0.5f}, z[4] = {0.75f, 1, 0.75f, 0};
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 5; ++j)
      for (int i = 0; i < 6; ++i) EXPECT_NEAR(o(i, j, k), x[i] * y[j] * z[k], 1e-6) << i << j << k;
}

TEST(Occupancy, OfObliqueGridsKeepsTheVolume) {
  const Shape shape = ball(6);
  const Placement t = tilted(25);
  const Grid grid({24, 22, 20}, {0.8, 0.9, 1.1}, place(0, 0, 0) - (9.5 * t.u + 9.5 * t.v + 10.0 * t.n),
                  {t.u, t.v, t.n});
  const Occupancy o = occupancy_of(shape, grid);
  constexpr double tolerance = 2e-3;  // asked
  EXPECT_NEAR(total(o) / shape.volume_mm3(), 1, tolerance);
  // Voxels deep inside are full, far outside empty.
  for (int k = 0; k < 20; ++k)
    for (int j = 0; j < 22; ++j)
      for (int i = 0; i < 24; ++i) {
        const double r = distance(grid.voxel_centre(i, j, k), place(0, 0, 0));
        if (r < 6 - 1) {
          EXPECT_EQ(o(i, j, k), 1.f);
        }
        if (r > 6 + 1) {
          EXPECT_EQ(o(i, j, k), 0.f);
        }
      }
}

TEST(Occupancy, OfAGridThatCutsTheShapeHoldsTheCutPart) {
  const Shape shape = ball(9);
  const Occupancy half = occupancy_of(shape, Grid({30, 30, 15}, {1, 1, 1}, place(-14.5, -14.5, 0.5)));
  // Symmetric sphere: half the volume; the planes are not symmetric, so slabs at the equator differ by their thickness.
  EXPECT_NEAR(total(half) / shape.volume_mm3(), 0.5, 1e-3);
}

TEST(ShapeContains, AgreesWithTheSphereButForThePolygons) {
  const Shape shape = ball(9);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> u(-10, 10);
  // Sections are means over slabs of 0.25 mm: the surface runs within half of that.
  constexpr double slab = 0.13;
  for (int i = 0; i < 20000; ++i) {
    const double a = u(random), b = u(random), c = u(random), r = std::sqrt(a * a + b * b + c * c);
    if (std::abs(r - 9) > slab) {
      ASSERT_EQ(shape.contains(place(a, b, c)), r < 9) << a << ' ' << b << ' ' << c;
    }
  }
}

TEST(DistanceToShape, OfASphereIsRadialOnBothSides) {
  const Shape shape = ball(9);
  const DistanceToShape distance_to(shape);
  std::mt19937 random(2);
  std::uniform_real_distribution<double> u(-40, 40);
  double worst_far = 0, worst_near = 0;
  for (int i = 0; i < 5000; ++i) {
    const double scale = i % 2 ? 1 : 0.3;
    const double a = scale * u(random), b = scale * u(random), c = scale * u(random),
                 r = std::sqrt(a * a + b * b + c * c);
    const double error = std::abs(distance_to.signed_distance(place(a, b, c)) - (r - 9));
    double& worst = std::abs(r - 9) > 1 ? worst_far : worst_near;
    worst = std::max(worst, error);
    EXPECT_EQ(distance_to(place(a, b, c)), std::max(0.0, distance_to.signed_distance(place(a, b, c))));
  }
  EXPECT_LT(worst_far, 0.05);
  // Next to the surface the distance is interpolated between sections about 0.25 mm apart.
  EXPECT_LT(worst_near, 0.1);
}

TEST(DistanceToShape, SeesFlatEnds) {
  const Shape shape = Shape::from_structure(structure("rod", cylinder(10, planes(0, 20, 2))));
  const DistanceToShape distance_to(shape);
  EXPECT_NEAR(distance_to({3, 2, 26}), 5, 1e-9);
  EXPECT_NEAR(distance_to({0, 0, -1.5}), 0.5, 1e-9);
  EXPECT_NEAR(distance_to({13, 0, 10.3}), 3, 0.05);
  EXPECT_NEAR(distance_to({13, 0, 25}), 5, 0.05);
  EXPECT_NEAR(distance_to.signed_distance({0, 0, 19}), -2, 1e-9);
  EXPECT_NEAR(distance_to.signed_distance({7, 0, 10}), -3, 0.05);
}

TEST(SurfacePoints, LieOnTheSurfaceAndCoverIt) {
  for (const Shape& shape : {ball(9), Shape::from_structure(structure("rod", cylinder(10, planes(0, 20, 2))))}) {
    const double spacing = 2;
    const std::vector<PatientPoint> points = surface_points(shape, spacing);
    const DistanceToShape distance_to(shape);
    for (const PatientPoint& p : points) ASSERT_LT(std::abs(distance_to.signed_distance(p)), 0.2);
    // Every dense surface point has a chosen one within about the spacing, and chosen ones keep apart.
    for (const PatientPoint& q : surface_points(shape, 0.7)) {
      double nearest = 1e9;
      for (const PatientPoint& p : points) nearest = std::min(nearest, distance(p, q));
      ASSERT_LT(nearest, spacing);
    }
    for (std::size_t i = 0; i < points.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) ASSERT_GT(distance(points[i], points[j]), 0.5 * spacing);
  }
}

}  // namespace
}  // namespace sbrt
