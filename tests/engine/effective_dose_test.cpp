#include "engine/effective_dose.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

// Doses per MU and results are stored in single precision; BED squares them.
constexpr double single = 1e-6;

/// Water with a lung-like slab, 120 mm wide, unequal voxels.
DensityMap patient() {
  DensityMap density(Grid({30, 40, 24}, {4, 3, 5}, {-58, -58.5, -57.5}), 1.0f);
  for (int k = 0; k < 24; ++k)
    for (int j = 5; j < 15; ++j)
      for (int i = 0; i < 30; ++i) density(i, j, k) = 0.3f;
  return density;
}

const BeamData& data() {
  static const BeamData generic = BeamData::named_or_folder("generic-6mv-fff");
  return generic;
}

const Grid dose_grid{{14, 11, 9}, {4, 5, 6}, {-24.5, -26, -25}};

Beam beam(const std::string& id, const std::string& node, PatientPoint source, double mu) {
  return {id, node, source, {2, 1, -3}, 20, mu};
}

BeamSet some_beams() {
  return {
      beam("1", "a", {0, -800, 0}, 900),    beam("2", "a", {0, -800, 0}, 300),  beam("3", "b", {500, -600, 80}, 700),
      beam("4", "c", {-560, -560, 0}, 400), beam("5", "d", {790, 40, 0}, 1200), beam("6", "d", {790, 40, 0}, 100),
      beam("7", "e", {-790, 40, 30}, 600),  beam("8", "f", {0, 0, 810}, 500),   beam("9", "g", {5, 0, -810}, 500)};
}

TEST(ProtractedBed, OfEqualBeamsHasTheCheckValueInEveryVoxel) {
  // Ten beams of equal dose, 0.5 min each, one every 1.5 min, half-time 30 min.
  constexpr double factor = 0.8945198860;
  const BeamSet beams(10, beam("1", "a", {0, -800, 0}, 1500));
  std::vector<BeamTime> times;
  for (int b = 0; b < 10; ++b) times.push_back({1.5 * b, 0.5});
  const ProtractedDose result = protracted_bed(beams, times, 3, 10, 30, patient(), data(), dose_grid);
  EXPECT_NEAR(result.factor_at_maximum, factor, 1e-10);
  EXPECT_NEAR(result.lowest_factor, factor, 1e-10);
  std::size_t with_dose = 0;
  for (std::size_t v = 0; v < dose_grid.count(); ++v) {
    const double d = double(result.physical.values()[v]) / 3;
    with_dose += d > 1;
    EXPECT_NEAR(double(result.bed.values()[v]), 3 * (d + factor * d * d / 10), single * 3 * (d + d * d));
  }
  EXPECT_GT(with_dose, 50u);
}

TEST(ProtractedBed, AgreesWithTheSingleBeamsVoxelByVoxel) {
  const BeamSet beams = some_beams();
  const DensityMap density = patient();
  const std::vector<BeamTime> times = beam_times(beams, 5);
  const DoseOptions exact{.path = DosePath::exact};
  const ProtractedDose result = protracted_bed(beams, times, 5, 3, 20, density, data(), dose_grid, exact);
  const DoseGrid all = compute_dose(beams, density, data(), dose_grid, exact).dose;
  std::vector<DoseGrid> single_beams;
  for (const Beam& b : beams) single_beams.push_back(compute_dose({b}, density, data(), dose_grid, exact).dose);
  for (std::size_t v = 0; v < dose_grid.count(); ++v) {
    Protraction fraction(20);
    for (std::size_t b = 0; b < beams.size(); ++b) {
      const double gap = b == 0 ? 0 : times[b].start_min - times[b - 1].start_min - times[b - 1].minutes;
      fraction.add_beam(double(single_beams[b].values()[v]) / 5, times[b].minutes, gap);
    }
    const double truth = 5 * fraction.bed_gy(3);
    ASSERT_NEAR(double(result.bed.values()[v]), truth, 10 * single * truth) << v;
    ASSERT_NEAR(double(result.physical.values()[v]), double(all.values()[v]), 10 * single * double(all.values()[v]));
  }
}

TEST(ProtractedBed, LiesBetweenSeparateBeamsAndOneInstant) {
  const BeamSet beams = some_beams();
  const DensityMap density = patient();
  const auto bed = [&](double half_time) {
    return protracted_bed(beams, beam_times(beams, 5), 5, 3, half_time, density, data(), dose_grid);
  };
  const ProtractedDose quick = bed(1), slow = bed(1e5);
  for (std::size_t v = 0; v < dose_grid.count(); ++v) {
    const double d = double(slow.physical.values()[v]);
    EXPECT_LE(quick.bed.values()[v], slow.bed.values()[v]);
    EXPECT_GE(double(quick.bed.values()[v]), d * (1 - single));
    // 5 min against 1e5 min of half-time leave the quadratic term within 1e-4.
    EXPECT_NEAR(double(slow.bed.values()[v]), d * (1 + d / 15), 1e-4 * d * (1 + d / 15));
  }
  EXPECT_LT(quick.factor_at_maximum, slow.factor_at_maximum);
}

TEST(ProtractedBed, OrderOfBeamsCountsAndThreadsDoNot) {
  const BeamSet beams = some_beams();
  BeamSet reversed(beams.rbegin(), beams.rend());
  const DensityMap density = patient();
  const int threads = thread_count();
  const auto bed = [&](const BeamSet& ordered, int n) {
    set_thread_count(n);
    return protracted_bed(ordered, beam_times(ordered, 5), 5, 3, 5, density, data(), dose_grid).bed.values();
  };
  const auto one = bed(beams, 1), three = bed(beams, 3), other = bed(reversed, 2);
  set_thread_count(threads);
  EXPECT_EQ(one, three);
  EXPECT_NE(one, other);
}

TEST(ProtractedBed, RefusesATimeThatNothingSurvives) {
  const BeamSet beams(2, beam("1", "a", {0, -800, 0}, 100));
  EXPECT_THROW(protracted_bed(beams, {{0, 1}, {1e5, 1}}, 1, 3, 1, patient(), data(), dose_grid), InputError);
}

}  // namespace
}  // namespace sbrt
