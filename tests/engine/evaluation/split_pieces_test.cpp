#include "engine/evaluation/split_pieces.h"

#include "engine/evaluation/dvh.h"
#include "engine/evaluation/structure_dose.h"
#include "geometry/piece_cells.h"
#include "tests/engine/evaluation/analytic.h"
#include "tests/engine/evaluation/contoured.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace sbrt {
namespace {

const Grid grid({50, 50, 50}, {1, 1, 1}, {-24.5, -24.5, -24.5});

double cap(double radius, double height) {
  const double depth = radius - height;
  return M_PI * depth * depth * (radius - depth / 3);
}

TEST(SplitPieces, AreThoseThatTheIsodosePassesAndKeepTheirVolume) {
  const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0.4, -0.3, 0.2}, 15));
  const PatientVec slope{0.3, -0.5, 0.7};
  const auto dose_at = [&](PatientPoint p) { return 30 + dot(p - PatientPoint{0, 0, 0}, slope); };
  const DoseGrid dose = analytic::dose_on_grid(grid, dose_at);
  const DoseInterpolator interpolate(dose);
  const SampledStructure pieces = sample_dose(ball, interpolate, 1.2);
  const std::array<double, 2> isodoses{26.5, 33};
  const SampledStructure split = *split_at(ball, interpolate, pieces, isodoses, 1e9);
  const PieceCells cells(ball, 1.2);
  std::map<std::uint64_t, double> volume;
  std::map<std::uint64_t, int> count;
  for (std::size_t i = 0; i < split.samples.size(); ++i) {
    volume[split.cell[i]] += split.samples[i].volume_mm3;
    ++count[split.cell[i]];
    EXPECT_EQ(split.dose_gy[i], interpolate(split.points[i]));
  }
  int whole_and_split = 0;
  for (std::size_t i = 0; i < pieces.samples.size(); ++i) {
    const std::uint64_t number = pieces.cell[i];
    ASSERT_TRUE(count.contains(number));
    EXPECT_NEAR(volume[number], pieces.samples[i].volume_mm3, 1e-12);
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int corner = 0; corner < 8; ++corner) {
      const double gy =
          dose_at(cells.point(cells.cell(number), {double(corner & 1), double(corner >> 1 & 1), double(corner >> 2)}));
      low = std::min(low, gy);
      high = std::max(high, gy);
    }
    bool passed = false, near = false;
    for (const double gy : isodoses) {
      passed = passed || (gy > low + 1e-4 && gy < high - 1e-4);
      near = near || (gy > low - 0.2 * (high - low) && gy < high + 0.2 * (high - low));
    }
    if (cells.is_whole(pieces.samples[i].volume_mm3) && passed) {
      EXPECT_EQ(count[number], 8);
      ++whole_and_split;
    }
    if (!near) {
      EXPECT_EQ(count[number], 1);
    }
  }
  EXPECT_GT(whole_and_split, 500);
}

TEST(SplitPieces, AreNotSplitWhereThatWouldBeTooMany) {
  const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0, 0, 0}, 12));
  const DoseGrid dose = analytic::dose_on_grid(grid, [](PatientPoint p) { return 30 + p.x; });
  const DoseInterpolator interpolate(dose);
  const SampledStructure pieces = sample_dose(ball, interpolate, 1.2);
  const auto split = split_at(ball, interpolate, pieces, std::array{31.0}, 1e9);
  ASSERT_TRUE(split);
  EXPECT_GT(split->samples.size(), pieces.samples.size() + 2000);
  EXPECT_FALSE(split_at(ball, interpolate, pieces, std::array{31.0}, double(split->samples.size()) - 1));
}

TEST(SplitPieces, AreBlocksOfTheirOwn) {
  const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0, 0, 0}, 12));
  const DoseGrid dose = analytic::dose_on_grid(grid, [](PatientPoint p) { return 30 + p.x; });
  const DoseInterpolator interpolate(dose);
  const SampledStructure pieces = sample_dose(ball, interpolate, 1.2);
  const SampledStructure split = *split_at(ball, interpolate, pieces, std::array{31.0}, 1e9);
  ASSERT_EQ(split.block.size(), split.samples.size());
  std::vector<std::map<std::uint64_t, int>> cells_of(std::size_t(split.blocks));
  for (std::size_t i = 0; i < split.block.size(); ++i) ++cells_of.at(std::size_t(split.block[i]))[split.cell[i]];
  for (const auto& cells : cells_of) {
    ASSERT_FALSE(cells.empty());
    const bool any_split = std::any_of(cells.begin(), cells.end(), [](const auto& c) { return c.second > 1; });
    if (any_split) {
      EXPECT_EQ(cells.size(), 1u);
    }
    EXPECT_LE(cells.size(), 8u);
  }
  double volume = 0;
  for (const SampledStructure& draw : twice_as_coarse(split)) {
    ASSERT_EQ(draw.samples.size(), cells_of.size());
    for (const Sample& s : draw.samples) {
      EXPECT_GT(s.volume_mm3, 0);
      volume += s.volume_mm3 / 8;
    }
  }
  EXPECT_NEAR(volume, ball.volume_mm3(), 1e-9 * volume);
}

// The isodose of a linear dose through a ball, and the sphere within it that runs along its surface: without bias, with
// an error a quarter of that of plain pieces, and told by its interval.
TEST(SplitPieces, LeaveAQuarterOfTheSamplingErrorAndTellIt) {
  constexpr double per_mm = 0.4;
  struct Errors {
    int within = 0, cuts = 0;
    double sum = 0, squares = 0, in_half_widths = 0;
  };
  std::array<Errors, 2> plane, sphere;  // of plain and of split pieces
  std::set<std::tuple<int, int, std::int64_t>> lattices;
  for (int n = 0; n < 60; ++n) {
    // Lattices of many sizes: balls cut into as many cells each way get the same points.
    const double radius = 8 + 0.17 * n, step = 0.75 + 0.015 * ((n * 37) % 60);
    const Shape ball = Shape::from_structure(contoured::sphere("Ball", {0.1 * n - 3, 0, 0}, radius, 0.5));
    const PatientPoint centre = ball.centroid();
    const PieceCells cells(ball, step);
    lattices.insert({cells.nu(), cells.nv(), cells.layers()});
    const double drawn = ball.volume_mm3() / (4 * M_PI / 3 * std::pow(radius, 3));
    const PatientVec slope{std::sin(1.0 * n), std::cos(1.7 * n), std::sin(0.3 * n + 1)};
    const PatientVec along = per_mm / norm(slope) * slope;
    const auto add = [&](const DoseGrid& dose, double level, double truth, std::array<Errors, 2>& errors) {
      const DoseInterpolator interpolate(dose);
      const SampledStructure plain = sample_dose(ball, interpolate, step);
      for (const bool split : {false, true}) {
        const SampledStructure pieces = split ? *split_at(ball, interpolate, plain, std::array{level}, 1e9) : plain;
        std::vector<double> coarse;
        for (const SampledStructure& draw : twice_as_coarse(pieces))
          coarse.push_back(Dvh(draw.samples, draw.dose_gy).volume_at_dose_mm3(level));
        const Measured found =
            with_sampling_error(Dvh(pieces.samples, pieces.dose_gy).volume_at_dose_mm3(level), coarse, 0);
        const double error = found.value - truth, half = (found.interval.high - found.interval.low) / 2;
        Errors& e = errors[split];
        e.within += std::abs(error) <= half;
        ++e.cuts;
        const double in_deviations = error / (step * step * radius);  // about, of plain pieces
        e.sum += in_deviations;
        e.squares += in_deviations * in_deviations;
        e.in_half_widths += error * error / (half * half);
      }
    };
    const DoseGrid linear = analytic::dose_on_grid(grid, [&](PatientPoint p) { return 20 + dot(p - centre, along); });
    for (const double height : {-6.0, 1.0, 7.0}) add(linear, 20 + per_mm * height, cap(radius, height) * drawn, plane);
    // Quadratic in the distance, which cubic interpolation meets exactly inside.
    const DoseGrid round = analytic::dose_on_grid(grid, [&](PatientPoint p) { return 40 - 0.05 * norm2(p - centre); });
    const double inner = radius - 1.0;
    add(round, 40 - 0.05 * inner * inner, 4 * M_PI / 3 * std::pow(inner, 3), sphere);
  }
  const auto independent = double(lattices.size());
  EXPECT_GE(independent, 25);
  for (const auto& [name, errors] : {std::pair("plane", plane), std::pair("sphere", sphere)}) {
    const Errors &plain = errors[0], &split = errors[1];
    const double deviation = std::sqrt(split.squares / split.cuts);
    const int cuts_per_ball = split.cuts / 60;
    EXPECT_LE(std::abs(split.sum / split.cuts), 3.5 * deviation / std::sqrt(independent)) << name << ": bias";
    EXPECT_GE(split.within, 0.85 * split.cuts) << name;  // of two standard deviations, which eight draws tell: 0.92
    EXPECT_NEAR(std::sqrt(split.in_half_widths / split.cuts), 0.5, 0.15) << name;
    // Two deviations from some 26 independent lattices: 20 %, half of that for planes, which cut each lattice thrice.
    EXPECT_NEAR(std::sqrt(plain.squares / split.squares), split_gain, cuts_per_ball > 1 ? 1.2 : 2.4) << name;
  }
}

}  // namespace
}  // namespace sbrt
