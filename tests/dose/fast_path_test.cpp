#include "dose/depth_fan.h"
#include "dose/dose_engine.h"
#include "dose/folded_tables.h"
#include "dose/water_depth.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/sha256.h"
#include "plan_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

namespace sbrt {
namespace {

using testing::beam;
using testing::density_of;
using testing::generic_data;
using testing::plan_of;
using testing::thorax;

std::string hash_of(const DoseGrid& dose) {
  return sha256_of({reinterpret_cast<const char*>(dose.values().data()), dose.values().size() * sizeof(float)});
}

struct Difference {
  std::size_t voxels = 0, above_0_2_pct = 0;
  double largest = 0;  //!< of the maximum
};

/// Over the voxels for which `counts` holds.
template <class Counts>
Difference compare(const DoseGrid& fast, const DoseGrid& exact, Counts&& counts) {
  Difference d;
  const Grid& grid = exact.grid();
  const double maximum = *std::max_element(exact.values().begin(), exact.values().end());
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) {
        if (!counts(grid.voxel_centre(i, j, k))) continue;
        const double difference = std::abs(double(fast(i, j, k)) - exact(i, j, k)) / maximum;
        ++d.voxels;
        d.above_0_2_pct += difference > 0.002;
        d.largest = std::max(d.largest, difference);
      }
  return d;
}

bool in_body(PatientPoint p) { return std::pow(p.x / 160, 2) + std::pow(p.y / 110, 2) <= 1 && std::abs(p.z) <= 140; }

/// Dose grid over the whole thorax, oblique to the CT and with unequal spacings.
Grid oblique_grid() {
  const double c = std::cos(0.1), s = std::sin(0.1);
  return Grid({46, 38, 34}, {7.3, 6.1, 8.7}, {-160, -130, -140}, {{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
}

// The error bound of the production path, docs/physics.md: at most 0.2 % of the plan's maximum in 99.9 % of the voxels
// and 1 % anywhere inside the body.
constexpr double share_above_0_2_pct = 1e-3;
constexpr double largest_in_body = 0.01;

void expect_within_bound(const Difference& d, const std::string& what) {
  std::printf("%s: %zu voxels, %.4f %% off by more than 0.2 %% of the maximum, largest %.3f %%\n", what.c_str(),
              d.voxels, 100.0 * double(d.above_0_2_pct) / double(d.voxels), 100 * d.largest);
  ASSERT_GT(d.voxels, 10'000u) << what;
  EXPECT_LE(double(d.above_0_2_pct), share_above_0_2_pct * double(d.voxels)) << what;
  EXPECT_LE(d.largest, largest_in_body) << what;
}

// Plans of many beams go by coarse fans, plans of few by fine ones with exact depths behind edges.
TEST(FastPath, WholePlansStayWithinTheBoundOfTheExactPath) {
  const DensityMap density = thorax(1.5, 2.5);
  for (const auto& [count, nodes] : {std::pair{100, 80}, {60, 41}, {60, 30}, {10, 10}, {3, 3}}) {
    const BeamSet beams = plan_of(count, nodes, {70, 5, 4}, 15);
    const DoseResult fast = compute_dose(beams, density, generic_data(), oblique_grid());
    const DoseResult exact = compute_dose(beams, density, generic_data(), oblique_grid(), {.path = DosePath::exact});
    expect_within_bound(compare(fast.dose, exact.dose, in_body),
                        std::to_string(count) + " beams from " + std::to_string(nodes) + " nodes");
    // Points at the rim of a cone may fall on either side in single precision.
    EXPECT_NEAR(double(fast.validity.points_total), double(exact.validity.points_total),
                1e-4 * double(exact.validity.points_total));
  }
}

// The worst case: nothing averages out. Asked for is the bound except within 2 mm of an edge; it holds there too.
TEST(FastPath, SingleBeamsStayWithinTheBoundEvenAtEdges) {
  const DensityMap density = thorax(1.0, 2.0);
  const Grid grid({40, 40, 40}, {4.3, 4.7, 4.9}, {-10, -110, -80});
  for (const Beam& beam : plan_of(12, 12, {70, 5, 4}, 15)) {
    const DoseGrid fast = compute_dose({beam}, density, generic_data(), grid).dose;
    const DoseGrid exact = compute_dose({beam}, density, generic_data(), grid, {.path = DosePath::exact}).dose;
    expect_within_bound(compare(fast, exact, in_body), "beam " + beam.id);
  }
}

// Beyond the bound: bone plates of 1.5 mm, 16 mm apart, through the whole body in two directions slip between the rays
// of a fan (3 mm apart in the first two plans), and no ray tells. No anatomy is like that; this is what it costs.
TEST(FastPath, PlatesThinnerThanACellCostWhatIsStated) {
  constexpr double stated_share = 0.01, stated_largest = 0.02;
  const DensityMap plates = density_of(thorax(1.5, 2.5).grid(), [](PatientPoint p) {
    const double rho = testing::thorax_density(p);
    const auto plate = [](double across) { return std::fmod(across + 1000, 16.5) < 1.5; };
    return rho > 0 && (plate(p.x + 0.3 * p.z) || plate(0.8 * p.y - 0.6 * p.x)) ? 1.6 : rho;
  });
  for (const auto& [count, nodes] : {std::pair{150, 80}, {60, 41}, {20, 20}, {3, 3}}) {
    const BeamSet beams = plan_of(count, nodes, {70, 5, 4}, 15);
    const DoseGrid fast = compute_dose(beams, plates, generic_data(), oblique_grid()).dose;
    const DoseGrid exact = compute_dose(beams, plates, generic_data(), oblique_grid(), {.path = DosePath::exact}).dose;
    const Difference d = compare(fast, exact, in_body);
    std::printf("thin plates, %d beams from %d nodes: %.4f %% off by more than 0.2 %%, largest %.3f %%\n", count, nodes,
                100.0 * double(d.above_0_2_pct) / double(d.voxels), 100 * d.largest);
    EXPECT_LE(double(d.above_0_2_pct), stated_share * double(d.voxels)) << count << " beams";
    EXPECT_LE(d.largest, stated_largest) << count << " beams";
  }
}

// Slabs across the beam, each edge seen by every ray at the same place: only tables and single precision err.
TEST(FastPath, SlabsAreExactToTheTables) {
  const auto slab = [](PatientPoint p) { return p.y < -70 ? 1.0 : p.y < 0 ? 0.25 : p.y < 20 ? 1.75 : 1.0; };
  const DensityMap density = density_of(Grid({100, 100, 100}, {2, 2, 2}, {-99, -99, -99}), slab);
  const BeamSet beams{beam({0, -800, 0}, {0, 0, 0}, 30)};
  const Grid grid({21, 90, 21}, {2.9, 2.1, 3.1}, {-29, -97, -31});
  const DoseGrid fast = compute_dose(beams, density, generic_data(), grid).dose;
  const DoseGrid exact = compute_dose(beams, density, generic_data(), grid, {.path = DosePath::exact}).dose;
  const double maximum = *std::max_element(exact.values().begin(), exact.values().end());
  for (std::size_t i = 0; i < grid.count(); ++i)
    ASSERT_NEAR(fast.values()[i], exact.values()[i], (FoldedTables::tolerance + 1e-4) * maximum);
}

TEST(FastPath, SameBytesForAnyThreadCountAndInstructionSet) {
  const DensityMap density = thorax(3, 4);
  const BeamSet beams = plan_of(24, 12, {70, 5, 4}, 15);
  std::vector<std::string> hashes;
  const int before = thread_count();
  for (const int threads : {1, 2, 3, 16}) {
    set_thread_count(threads);
    for (const SimdChoice simd : {SimdChoice::portable, SimdChoice::avx2, SimdChoice::avx512, SimdChoice::widest}) try {
        hashes.push_back(hash_of(compute_dose(beams, density, generic_data(), oblique_grid(), {.simd = simd}).dose));
      } catch (const InputError&) {
        EXPECT_NE(simd, SimdChoice::portable);  // the processor lacks it
      }
  }
  set_thread_count(before);
  ASSERT_GE(hashes.size(), 8u);
  for (const std::string& h : hashes) EXPECT_EQ(h, hashes.front());
}

TEST(FastPath, SameBytesForAnyThreadCountOnTheExactPath) {
  const DensityMap density = thorax(4, 5);
  const BeamSet beams = plan_of(6, 3, {70, 5, 4}, 15);
  const Grid grid({20, 18, 16}, {9, 9, 9}, {-20, -80, -70});
  const int before = thread_count();
  std::vector<std::string> hashes;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    hashes.push_back(hash_of(compute_dose(beams, density, generic_data(), grid, {.path = DosePath::exact}).dose));
  }
  set_thread_count(before);
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[0], hashes[2]);
}

TEST(FastPath, CentralAxisModeMatchesTheExactPath) {
  const DensityMap density = thorax(2, 3);
  const BeamSet beams = plan_of(8, 4, {70, 5, 4}, 15);
  const DoseOptions axis{.depth = DepthMode::central_axis};
  DoseOptions exact = axis;
  exact.path = DosePath::exact;
  const Difference d = compare(compute_dose(beams, density, generic_data(), oblique_grid(), axis).dose,
                               compute_dose(beams, density, generic_data(), oblique_grid(), exact).dose, in_body);
  // The axis depth is sampled every 0.5 mm: off by at most 0.125 mm in depth at an edge, 3 % of a beam in the build-up.
  EXPECT_LE(double(d.above_0_2_pct), share_above_0_2_pct * double(d.voxels));
  EXPECT_LE(d.largest, largest_in_body);
}

TEST(FastPath, BeamsThatShareANodeAddUp) {
  const DensityMap density = thorax(3, 4);
  BeamSet beams = plan_of(6, 1, {70, 5, 4}, 40);  // one node
  const Grid grid = oblique_grid();
  const DoseGrid together = compute_dose(beams, density, generic_data(), grid).dose;
  std::vector<double> sum(grid.count(), 0.0);
  for (const Beam& b : beams) {
    const DoseGrid alone = compute_dose({b}, density, generic_data(), grid).dose;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += alone.values()[i];
  }
  const double maximum = *std::max_element(sum.begin(), sum.end());
  // The shared fan has other rays than each beam's own, so the depths differ within the path's error bound.
  for (std::size_t i = 0; i < sum.size(); ++i) ASSERT_NEAR(together.values()[i], sum[i], 2 * largest_in_body * maximum);
  double mean = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) mean += std::abs(together.values()[i] - sum[i]);
  EXPECT_LT(mean / double(sum.size()), 1e-4 * maximum);
}

// Planes of all three axes and both directions, through the same cube.
TEST(FastPath, EveryFaceOfTheGridGivesTheExactDose) {
  const DensityMap density = density_of(Grid({50, 51, 52}, {4, 4, 4}, {-98, -100, -102}), [](PatientPoint p) {
    return norm(p - PatientPoint{10, 20, -15}) < 40 ? 0.3 : 1.0;
  });
  const Grid grid({23, 29, 19}, {6.1, 4.9, 7.3}, {-66, -68, -65});
  for (const PatientVec from : {PatientVec{-1, 0.1, 0.2},
                                {1, 0.3, -0.1},
                                {0.2, -1, 0.1},
                                {-0.3, 1, 0.2},
                                {0.1, 0.3, -1},
                                {0.5, -0.4, 1},
                                {1, 1, 1},
                                {-1, -1, 1}}) {
    const BeamSet beams{beam(PatientPoint{3, 4, 5} + 800.0 / norm(from) * from, {3, 4, 5}, 35)};
    const DoseGrid fast = compute_dose(beams, density, generic_data(), grid).dose;
    const DoseGrid exact = compute_dose(beams, density, generic_data(), grid, {.path = DosePath::exact}).dose;
    const Difference d = compare(fast, exact, [](PatientPoint) { return true; });
    EXPECT_LE(double(d.above_0_2_pct), share_above_0_2_pct * double(d.voxels))
        << from.x << " " << from.y << " " << from.z;
    EXPECT_LE(d.largest, largest_in_body) << from.x << " " << from.y << " " << from.z;
    EXPECT_GT(*std::max_element(fast.values().begin(), fast.values().end()), 0.3);
  }
}

TEST(FastPath, ConesTooWideForPlanesAreRefusedByName) {
  const BeamCone wide{{0, 0, 1}, 6.0};
  const DensityMap water = testing::water_cube(100, 5);
  const Grid grid({5, 5, 5}, {5, 5, 5}, {-10, -10, -10});
  EXPECT_THROW(DepthFan::over(grid, {0, 0, -800}, {2, true}, {wide}, RayDensity(water), 3), InputError);
}

TEST(FastPath, SourceInsideTheDoseGridAndOppositeBeamsFromOneSource) {
  // The grid surrounds the source: rows in front, beside and behind it.
  const DensityMap density(Grid({40, 40, 40}, {5, 5, 5}, {100, -100, -100}), 1.0f);
  const Grid grid({70, 30, 30}, {9, 9, 9}, {-320, -130, -130});
  const BeamSet beams{beam({-100, 3, 4}, {200, 0, 0}, 20), beam({-100, 3, 4}, {150, 30, 10}, 20)};
  const DoseGrid fast = compute_dose(beams, density, generic_data(), grid).dose;
  const DoseGrid exact = compute_dose(beams, density, generic_data(), grid, {.path = DosePath::exact}).dose;
  for (int k = 0; k < 30; ++k)
    for (int j = 0; j < 30; ++j)
      for (int i = 0; i < 70; ++i) {
        const PatientPoint p = grid.voxel_centre(i, j, k);
        if (p.x < -100) {
          EXPECT_EQ(fast(i, j, k), 0.0f);
        }
        if (p.x > 100) {
          ASSERT_NEAR(fast(i, j, k), exact(i, j, k), 0.01 * exact(i, j, k) + 1e-3) << p.x << " " << p.y << " " << p.z;
        }
      }
}

}  // namespace
}  // namespace sbrt
