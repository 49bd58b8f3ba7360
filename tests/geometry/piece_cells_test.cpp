#include "geometry/piece_cells.h"

#include "tests/geometry/analytic_contours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace sbrt {
namespace {

using namespace test;

const Placement place{{12.3, -45.6, 78.9}};

Shape ball(double radius) {
  return Shape::from_structure(structure("ball", sphere(radius, planes(-30.3, 30, 1), 0, 0, 0, place)));
}

TEST(PieceCells, OnePointIsThatOfTheSampling) {
  const Shape shape = ball(9);
  const double step = 0.8;
  const PieceCells cells(shape, step);
  const ScatteredSamples scattered = shape.sample_scattered(step);
  ASSERT_EQ(scattered.cell.size(), scattered.samples.size());
  for (std::size_t i = 0; i < scattered.samples.size(); ++i) {
    const Sample& piece = scattered.samples[i];
    ASSERT_EQ(cells.one_point(scattered.cell[i], piece.volume_mm3).value_or(piece.point), scattered.points[i]);
  }
}

TEST(PieceCells, ManyPointsLieInTheirPieceInEveryOctantOfAWholeOne) {
  const Shape shape = ball(9);
  const double step = 0.8;
  const PieceCells cells(shape, step);
  EXPECT_LE(cells.cell_volume_mm3(), step * step * step);
  const ScatteredSamples scattered = shape.sample_scattered(step);
  int whole = 0;
  std::set<std::tuple<double, double, double>> all;
  std::size_t count = 0;
  for (std::size_t i = 0; i < scattered.samples.size(); ++i) {
    const double volume = scattered.samples[i].volume_mm3;
    const std::uint64_t number = scattered.cell[i];
    const PieceCells::Cell cell = cells.cell(number);
    const std::vector<PatientPoint> points = cells.many_points(number, volume);
    std::set<int> octants;
    for (const PatientPoint& p : points) {
      EXPECT_TRUE(shape.contains(p));
      const planar::Uv at = cells.to_cells(shape.state().frame.uv(p));
      const double a = at.u - cell.i, b = at.v - cell.j, c = (shape.state().frame.z(p) - cell.z0) / (cell.z1 - cell.z0);
      for (const double share : {a, b, c}) {
        ASSERT_GE(share, 0);
        ASSERT_LE(share, 1);
      }
      octants.insert((a > 0.5) + 2 * (b > 0.5) + 4 * (c > 0.5));
      all.insert({p.x, p.y, p.z});
      ++count;
    }
    if (cells.is_whole(volume)) {
      ++whole;
      EXPECT_EQ(points.size(), 8u);
      EXPECT_EQ(octants.size(), 8u);
    } else {
      EXPECT_LE(points.size(), volume < cells.cell_volume_mm3() / 8 ? 0u : 16u);
    }
  }
  EXPECT_GT(whole, 4000);
  EXPECT_EQ(all.size(), count) << "points drawn twice";
}

// As with one point (ScatteredSamples.FallIntoAShell...), but as if the pieces were half as long.
TEST(PieceCells, ManyPointsFallIntoAShellAtTheSurfaceByShareOfVolume) {
  const double radius = 17.5, step = 1;
  const Shape shape = ball(radius);
  const PieceCells cells(shape, step);
  const ScatteredSamples scattered = shape.sample_scattered(step);
  const double deviation = 0.5 * (step / 2) * (step / 2) * std::sqrt(4 * pi) * radius;
  for (const double depth : {0.2, 0.35, 0.5, 1.0}) {
    double shell = 0, volume = 0;
    for (std::size_t i = 0; i < scattered.samples.size(); ++i) {
      const Sample& piece = scattered.samples[i];
      std::vector<PatientPoint> points = cells.many_points(scattered.cell[i], piece.volume_mm3);
      if (points.empty()) points.push_back(piece.point);
      for (const PatientPoint& p : points)
        if (distance(p, place(0, 0, 0)) > radius - depth) shell += piece.volume_mm3 / double(points.size());
      volume += piece.volume_mm3;
    }
    EXPECT_NEAR(volume, shape.volume_mm3(), 1e-9 * volume);
    EXPECT_NEAR(shell, sphere_volume(radius) - sphere_volume(radius - depth), 3.5 * deviation) << depth;
  }
}

}  // namespace
}  // namespace sbrt
