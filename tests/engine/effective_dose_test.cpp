#include "engine/effective_dose.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

// Factors are stored in single precision.
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

Protractions factors(const BeamSet& beams, double half_time_min, const DoseOptions& options = {}) {
  return protraction_factors(beams, beam_times(beams, 5), half_time_min, patient(), data(), dose_grid, options);
}

TEST(ProtractionFactors, OfEqualBeamsAreTheCheckValueInEveryVoxel) {
  // Ten beams of equal dose, 0.5 min each, one every 1.5 min, half-time 30 min.
  constexpr double check = 0.8945198860;
  const BeamSet beams(10, beam("1", "a", {0, -800, 0}, 1500));
  std::vector<BeamTime> times;
  for (int b = 0; b < 10; ++b) times.push_back({1.5 * b, 0.5});
  const Protractions result = protraction_factors(beams, times, 30, patient(), data(), dose_grid);
  EXPECT_NEAR(result.factor_at_maximum, check, 1e-10);
  EXPECT_NEAR(result.lowest_factor, check, 1e-10);
  std::size_t with_dose = 0;
  for (const float g : result.factor.values()) {
    if (g == 1) continue;  // no dose
    ++with_dose;
    EXPECT_NEAR(double(g), check, single);
  }
  EXPECT_GT(with_dose, dose_grid.count() / 10);
}

TEST(ProtractionFactors, AgreeWithTheSingleBeamsVoxelByVoxel) {
  const BeamSet beams = some_beams();
  const DensityMap density = patient();
  const std::vector<BeamTime> times = beam_times(beams, 5);
  const DoseOptions exact{.path = DosePath::exact};
  const Protractions result = factors(beams, 20, exact);
  std::vector<DoseGrid> single_beams;
  for (const Beam& b : beams) single_beams.push_back(compute_dose({b}, density, data(), dose_grid, exact).dose);
  std::size_t several = 0;
  for (std::size_t v = 0; v < dose_grid.count(); ++v) {
    Protraction fraction(20);
    int reached = 0;
    for (std::size_t b = 0; b < beams.size(); ++b) {
      const double gap = b == 0 ? 0 : times[b].start_min - times[b - 1].start_min - times[b - 1].minutes;
      fraction.add_beam(double(single_beams[b].values()[v]) / 5, times[b].minutes, gap);
      reached += single_beams[b].values()[v] > 0;
    }
    several += reached > 3;
    ASSERT_NEAR(double(result.factor.values()[v]), fraction.factor(), single) << v;
  }
  EXPECT_GT(several, 50u);
}

TEST(ProtractionFactors, FastPathAgreesWithExactRays) {
  const Protractions fast = factors(some_beams(), 20), exact = factors(some_beams(), 20, {.path = DosePath::exact});
  // Beams on the fast path are off by up to 1 % of the maximum; their shares follow, and G varies by 0.2 with them.
  EXPECT_NEAR(fast.factor_at_maximum, exact.factor_at_maximum, 2e-3);
  EXPECT_NEAR(fast.lowest_factor, exact.lowest_factor, 2e-3);
}

TEST(ProtractionFactors, LieBetweenSeparateBeamsAndOneInstant) {
  const Protractions quick = factors(some_beams(), 1), slow = factors(some_beams(), 1e5);
  for (std::size_t v = 0; v < dose_grid.count(); ++v) {
    EXPECT_GT(quick.factor.values()[v], 0);
    EXPECT_LE(quick.factor.values()[v], slow.factor.values()[v]);
    // Five minutes against 1e5 min of half-time.
    EXPECT_NEAR(double(slow.factor.values()[v]), 1, 1e-4);
  }
  EXPECT_LT(quick.factor_at_maximum, 0.9);
}

TEST(ProtractionFactors, OrderOfBeamsCountsAndThreadsDoNot) {
  const BeamSet beams = some_beams(), reversed(beams.rbegin(), beams.rend());
  const int threads = thread_count();
  const auto run = [&](const BeamSet& ordered, int n) {
    set_thread_count(n);
    return factors(ordered, 5).factor.values();
  };
  const auto one = run(beams, 1), three = run(beams, 3), other = run(reversed, 2);
  set_thread_count(threads);
  EXPECT_EQ(one, three);
  EXPECT_NE(one, other);
}

TEST(ProtractionFactors, RefuseATimeThatNothingSurvives) {
  const BeamSet beams(2, beam("1", "a", {0, -800, 0}, 100));
  EXPECT_THROW(protraction_factors(beams, {{0, 1}, {1e5, 1}}, 1, patient(), data(), dose_grid), InputError);
}

TEST(FractionsOfBeams, AreStatedOrRefused) {
  EXPECT_EQ(fractions_of_beams("beams.csv", 7), 7);
  EXPECT_THROW(fractions_of_beams("beams.csv", 0), InputError);
}

}  // namespace
}  // namespace sbrt
