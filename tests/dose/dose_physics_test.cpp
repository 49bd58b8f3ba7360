// The engine against closed forms and against its own tables. The exact path; fast_path_test.cpp compares the two
// paths.
#include "dose/dose_engine.h"
#include "dose/water_depth.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

using testing::beam;
using testing::density_of;
using testing::generic_data;
using testing::water_cube;

constexpr double rounding_mm = 1e-9;  // some hundred lengths below 1000 mm, summed in double precision

/// The only beam's part in the dose at a point.
BeamContribution part_at(const Beam& b, const DensityMap& density, PatientPoint p,
                         DepthMode depth = DepthMode::per_point_ray) {
  return trace_point({b}, density, generic_data(), p, {.depth = depth}).at(0);
}

TEST(WaterDepth, SlabsAreExactAlongAnObliqueRay) {
  // Water 30 / lung 100 / bone 20 / water: slab faces on voxel faces; float densities are exact to 6e-8.
  const Grid grid({60, 40, 70}, {3, 5, 5}, {-88.5, -97.5, 2.5});
  const auto slab = [](PatientPoint p) { return p.z < 30 ? 1.0 : p.z < 130 ? 0.25 : p.z < 150 ? 1.75 : 1.0; };
  const DensityMap map = density_of(grid, slab);
  const PatientPoint source{-20, 30, -600};
  for (const PatientPoint end : {PatientPoint{10, -20, 20}, {30, 5, 90.7}, {-40, 60, 141.3}, {-20, 30, 300}}) {
    double depth = 0;  // by the slabs' thickness along z
    for (const auto& [from, to, rho] :
         {std::tuple{0.0, 30.0, 1.0}, {30.0, 130.0, 0.25}, {130.0, 150.0, 1.75}, {150.0, 350.0, 1.0}})
      depth += rho * std::max(0.0, std::min(to, end.z) - from);
    depth *= distance(source, end) / (end.z - source.z);
    EXPECT_NEAR(water_equivalent_depth_mm(map, source, end), depth, rounding_mm);
  }
}

TEST(WaterDepth, ChordOfASphereWithinTheVoxelsStaircase) {
  const double radius = 40, voxel = 1;
  const Grid grid({90, 92, 94}, {voxel, voxel, voxel}, {-44.3, -45.1, -46.7});
  const DensityMap map =
      density_of(grid, [&](PatientPoint p) { return norm(p - PatientPoint{}) < radius ? 1.0 : 0.0; });
  double sum = 0, expected = 0;
  int rays = 0;
  for (double u = -38; u <= 38; u += 1.7)
    for (double v = -38; v <= 38; v += 1.3) {
      if (u * u + v * v > 38 * 38) continue;
      const PatientVec a = Direction<Patient>(PatientVec{0.3, 0.5, 0.8}),
                       e = Direction<Patient>(PatientVec{0.8, 0, -0.3});
      const PatientPoint middle = PatientPoint{} + u * e + v * cross(a, e);
      const double chord = 2 * std::sqrt(radius * radius - u * u - v * v);
      const double depth = water_equivalent_depth_mm(map, middle - 100 * a, middle + 100 * a);
      // Either end lies within half a voxel diagonal of the sphere, measured along the ray.
      EXPECT_NEAR(depth, chord, 2 * voxel * std::sqrt(3.0) / 2 * radius / (chord / 2));
      sum += depth, expected += chord, ++rays;
    }
  ASSERT_GT(rays, 1000);
  EXPECT_NEAR(sum / expected, 1, 2e-3);  // the staircase has no bias; 2000 ends of up to 1 mm each
}

TEST(WaterDepth, CroppingToTheDensityChangesNoDepth) {
  const Grid grid({30, 31, 32}, {4, 3, 5}, {-60, -40, -80});
  const DensityMap map = density_of(grid, [](PatientPoint p) {
    return norm(p - PatientPoint{-10, 5, 7}) < 25 ? 0.9 : 0.0;
  });
  const DensityMap part = cropped_to_density(map);
  EXPECT_LT(part.grid().count(), map.grid().count() / 4);
  for (double t = -20; t <= 20; t += 3.1) {
    const PatientPoint from{-200, t, 300}, to{150, 10 - t, -250};
    EXPECT_NEAR(water_equivalent_depth_mm(part, from, to), water_equivalent_depth_mm(map, from, to), rounding_mm);
  }
  EXPECT_EQ(cropped_to_density(DensityMap(grid, 0.0f)).grid().count(), 1u);
}

TEST(DosePhysics, InverseSquareFrom650To1000) {
  // In air (no density before the point but one far voxel, so the beam meets the body) only OF and (800/z)^2 change.
  DensityMap map(Grid({3, 3, 3}, {10, 10, 10}, {0, 0, 1500}), 1.0f);
  const Beam b = beam({5, 5, 0}, {5, 5, 1500}, 60);
  for (const double z : {650.0, 700.0, 799.0, 800.0, 935.5, 1000.0}) {
    const auto part = part_at(b, map, {5, 5, z});
    EXPECT_NEAR(part.inverse_square, 640000.0 / (z * z), 1e-12);
    const double others =
        0.01 * generic_data().output_factor(60, z) * generic_data().tissue_phantom_ratio(60 * z / 800, 0);
    EXPECT_NEAR(part.dose_gy, 100 * others * 640000.0 / (z * z), 1e-12);
  }
}

TEST(DosePhysics, EngineReproducesItsTablesAtAndBetweenNodes) {
  const DensityMap water = water_cube(400, 4);
  for (const double cone : {5.0, 12.5, 60.0})
    for (const double depth : {15.0, 50.0, 133.3, 250.0}) {
      // Isocentric set-up: the point lies 800 mm from the source at this depth.
      const Beam b = beam({0, -200 + depth - 800, 0}, {0, 0, 0}, cone);
      for (const double r : {0.0, cone / 4, cone / 2, cone / 2 + 1.234, cone / 2 + 20}) {
        const double y = -200 + depth;
        const auto part = part_at(b, water, {r * 0.6, y, r * 0.8});
        const double slant = std::sqrt(1 + r * r / 640000);  // the ray to an off-axis point is longer
        EXPECT_NEAR(part.d_eff_mm, depth * slant, rounding_mm);
        EXPECT_NEAR(part.r800_mm, r, rounding_mm);
        const double expected = generic_data().output_factor(cone, 800) *
                                generic_data().tissue_phantom_ratio(cone, depth * slant) *
                                generic_data().off_axis_ratio(cone, r, depth * slant);
        EXPECT_NEAR(part.dose_gy, expected, 1e-9);
      }
    }
}

TEST(DosePhysics, RadiusIsProjectedTo800mmAndFieldToThePlane) {
  const DensityMap water = water_cube(400, 4);
  const Beam b = beam({0, -1000, 0}, {0, 0, 0}, 20);
  const auto part = part_at(b, water, {6, -80, 0});  // z = 920
  EXPECT_NEAR(part.z_mm, 920, rounding_mm);
  EXPECT_NEAR(part.r800_mm, 6 * 800.0 / 920, rounding_mm);
  EXPECT_NEAR(part.tpr, generic_data().tissue_phantom_ratio(20 * 920.0 / 800, part.d_eff_mm), 1e-12);
}

TEST(DosePhysics, NothingBehindTheSourceOrBeyondTheLargestRadius) {
  const DensityMap water = water_cube(200, 5);
  const Beam b = beam({0, -800, 0}, {0, 0, 0}, 10);
  EXPECT_EQ(part_at(b, water, {0, -900, 0}).dose_gy, 0);
  const double reach = generic_data().largest_radius_mm(10);
  EXPECT_GT(part_at(b, water, {reach - 0.01, 0, 0}).dose_gy, 0);
  EXPECT_EQ(part_at(b, water, {reach + 0.01, 0, 0}).dose_gy, 0);
}

TEST(DosePhysics, CentralAxisModeTakesTheDepthOfTheAxis) {
  // A step in the surface: x < 0 has 40 mm more water upstream.
  const DensityMap map = density_of(Grid({40, 60, 40}, {5, 5, 5}, {-97.5, -147.5, -97.5}),
                                    [](PatientPoint p) { return p.x < 0 || p.y > -110 ? 1.0 : 0.0; });
  const Beam b = beam({2.5, -900, 2.5}, {2.5, 0, 2.5}, 30);
  EXPECT_NEAR(part_at(b, map, {-10, 0, 2.5}, DepthMode::central_axis).d_eff_mm, 110, rounding_mm);
  EXPECT_GT(part_at(b, map, {-10, 0, 2.5}).d_eff_mm, 149);
}

TEST(DosePhysics, ClampedPointsAreCountedOnBothPaths) {
  // Deeper than the tables' 450 mm; distances from 1005 to 1495 mm leave 600-1400 mm.
  const DensityMap water = water_cube(500, 5);
  const Grid line({1, 50, 1}, {1, 10, 1}, {0, -245, 0});
  for (const DosePath path : {DosePath::exact, DosePath::fast}) {
    const auto v =
        compute_dose({beam({0, -950, 0}, {0, 0, 0}, 60)}, water, generic_data(), line, {.path = path}).validity;
    EXPECT_EQ(v.points_total, 50);
    EXPECT_EQ(v.depth_clamped, 5) << "depths 455, 465, ..., 495 mm";
    EXPECT_EQ(v.field_clamped, 0);
    EXPECT_EQ(v.distance_clamped, 0);
    const auto far =
        compute_dose({beam({0, -1250, 0}, {0, 0, 0}, 60)}, water, generic_data(), line, {.path = path}).validity;
    EXPECT_EQ(far.distance_clamped, 10) << "z = 1405, ..., 1495 mm";
    EXPECT_EQ(far.field_clamped, 10) << "fields above 105 mm: z > 1400 mm";
  }
}

TEST(DosePhysics, DoseIsLinearInTheWeightAndZeroWeightAddsNothing) {
  const DensityMap water = water_cube(200, 5);
  const Grid grid({7, 5, 3}, {9, 11, 13}, {-27, -80, -13});
  Beam b = beam({30, -800, 20}, {0, 0, 0}, 20, 100);
  const DoseGrid once = compute_dose({b}, water, generic_data(), grid).dose;
  b.weight_mu = 300;
  const DoseGrid thrice = compute_dose({b}, water, generic_data(), grid).dose;
  b.weight_mu = 0;
  const DoseGrid never = compute_dose({b}, water, generic_data(), grid).dose;
  for (std::size_t i = 0; i < grid.count(); ++i) {
    EXPECT_NEAR(thrice.values()[i], 3 * once.values()[i], 1e-6 * thrice.values()[i]);
    EXPECT_EQ(never.values()[i], 0.0f);
  }
}

TEST(DosePhysics, TraceSumsToTheVoxelOfTheExactPath) {
  const DensityMap water = water_cube(200, 5);
  const BeamSet beams{beam({0, -800, 100}, {0, 0, 0}, 20, 80, "a"), beam({700, -300, 0}, {3, 2, 1}, 35, 120, "b")};
  const Grid grid({3, 4, 5}, {7, 8, 9}, {-7, -12, -18});
  const DoseGrid dose = compute_dose(beams, water, generic_data(), grid, {.path = DosePath::exact}).dose;
  double sum = 0;
  for (const auto& part : trace_point(beams, water, generic_data(), grid.voxel_centre(1, 2, 3))) {
    EXPECT_NEAR(part.dose_gy, part.weight_mu * 0.01 * part.output_factor * part.tpr * part.ocr * part.inverse_square,
                1e-12);
    sum += part.dose_gy;
  }
  EXPECT_EQ(dose(1, 2, 3), float(sum));
}

TEST(DosePhysics, RotatedPatientGetsTheSameDose) {
  // The same scene in a grid whose axes are permuted: x -> y -> z -> x.
  const auto turned = [](PatientPoint p) { return PatientPoint{p.z, p.x, p.y}; };
  const Grid a({20, 24, 28}, {5, 6, 7}, {-40, -60, -90});
  const Grid b({20, 24, 28}, {5, 6, 7}, turned({-40, -60, -90}), {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}});
  const auto density = [](PatientPoint p) { return p.x > 10 ? 0.3 : 1.0; };
  const DensityMap map_a = density_of(a, density), map_b = density_of(b, [&](PatientPoint p) {
                                                     return density({p.y, p.z, p.x});
                                                   });
  const Beam beam_a = beam({300, -700, 150}, {5, 6, 7}, 25);
  const Beam beam_b = beam(turned(beam_a.source), turned(beam_a.aim), 25);
  const Grid dose_a({9, 8, 7}, {8, 9, 10}, {-30, -40, -30}),
      dose_b({9, 8, 7}, {8, 9, 10}, turned({-30, -40, -30}), b.axes());
  const auto first = compute_dose({beam_a}, map_a, generic_data(), dose_a, {.path = DosePath::exact}).dose.values();
  const auto second = compute_dose({beam_b}, map_b, generic_data(), dose_b, {.path = DosePath::exact}).dose.values();
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(first[i], second[i], 1e-6 * first[i]);
}

TEST(LungPath, ShareOfTheWeightThatCrossesLungBeforeTheTarget) {
  const auto lung = [](PatientPoint p) { return p.y < -60 ? 1.0 : p.y < -15 ? 0.26 : 1.0; };
  const DensityMap map = density_of(Grid({40, 60, 40}, {5, 5, 5}, {-97.5, -147.5, -97.5}), lung);
  const DensityMap water(map.grid(), 1.0f);
  Occupancy target(Grid({20, 20, 20}, {1, 1, 1}, {-9.5, -9.5, -9.5}), 1.0f);
  const BeamSet beams{beam({0, -800, 0}, {0, 0, 0}, 20, 300),
                      beam({800, 1, 2}, {0, 0, 0}, 20, 100)};  // through lung, beside
  EXPECT_NEAR(lung_path_share(beams, map, target), 0.75, 1e-12);
  EXPECT_EQ(lung_path_share(beams, water, target), 0);
  EXPECT_EQ(lung_path_share({}, map, target), 0);
  // Only the last 50 mm count: a target 60 mm below the lung.
  Occupancy deep(Grid({20, 20, 20}, {1, 1, 1}, {-9.5, 45.5, -9.5}), 1.0f);
  EXPECT_EQ(lung_path_share({beams[0]}, map, deep), 0);
}

TEST(LungSurround, AnIslandInLungIsOneATargetAtTheChestWallHalfOne) {
  const Grid grid({80, 80, 80}, {2, 2, 2}, {-79, -79, -79});
  Occupancy target(Grid({20, 20, 20}, {1, 1, 1}, {-9.5, -9.5, -9.5}), 1.0f);
  const auto inside = [](PatientPoint p) { return std::max({std::abs(p.x), std::abs(p.y), std::abs(p.z)}) < 11; };
  const auto in_lung = [&](PatientPoint p) { return inside(p) ? 1.0 : 0.26; };
  EXPECT_EQ(lung_surround_share(density_of(grid, in_lung), target), 1);
  EXPECT_EQ(lung_surround_share(DensityMap(grid, 1.0f), target), 0);
  // Lung on one side of a plane through the centre: half of the directions, within the few that graze the plane.
  const auto at_wall = [&](PatientPoint p) { return p.x < 0 ? 1.0 : in_lung(p); };
  EXPECT_NEAR(lung_surround_share(density_of(grid, at_wall), target), 0.5, 0.05);
  // Air outside the body is no lung.
  const auto at_skin = [&](PatientPoint p) { return inside(p) ? 1.0 : 0.0; };
  EXPECT_EQ(lung_surround_share(density_of(grid, at_skin), target), 0);
  EXPECT_EQ(lung_surround_share(DensityMap(grid, 0.26f), Occupancy(target.grid(), 0.0f)), 0);
}

}  // namespace
}  // namespace sbrt
