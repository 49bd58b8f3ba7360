#include "dose/influence.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "plan_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sbrt {
namespace {

using testing::beam;
using testing::generic_data;
using testing::plan_of;
using testing::thorax;

/// Random sparse columns with long runs, gaps and an empty column; more points than one storage block.
std::vector<DoseInfluence::Column> random_columns(std::size_t points, std::size_t beams) {
  std::mt19937 random(7);
  std::vector<DoseInfluence::Column> columns(beams);
  for (std::size_t b = 1; b < beams; ++b)
    for (std::uint32_t p = 0; p < points; ++p)
      if ((p / (b + 3)) % 3 == b % 3 || random() % 10 == 0) {
        columns[b].rows.push_back(p);
        columns[b].gy_per_mu.push_back(float(random() % 1000 + 1) * 1e-5f);
      }
  return columns;
}

std::vector<double> random_values(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values(n);
  for (double& v : values) v = double(random() % 100000) * 1e-5;
  return values;
}

constexpr std::size_t points = 2 * 512 + 97, beams = 31;

TEST(DoseInfluence, ProductsEqualThoseOfTheFullMatrix) {
  const DoseInfluence a(points, random_columns(points, beams));
  const auto x = random_values(beams, 1), y = random_values(points, 2);
  std::vector<double> ax(points, 0.0), aty(beams, 0.0);
  for (std::size_t b = 0; b < beams; ++b) {
    const DoseInfluence::Column column = a.column(b);
    for (std::size_t e = 0; e < column.rows.size(); ++e) {
      ax[column.rows[e]] += double(column.gy_per_mu[e]) * x[b];
      aty[b] += double(column.gy_per_mu[e]) * y[column.rows[e]];
    }
  }
  // The order of about 500 positive terms in double precision.
  constexpr double rounding = 1e-12;
  const auto d = a.dose(x), g = a.transposed_product(y);
  for (std::size_t p = 0; p < points; ++p) EXPECT_NEAR(d[p], ax[p], rounding * ax[p]);
  for (std::size_t b = 0; b < beams; ++b) EXPECT_NEAR(g[b], aty[b], rounding * aty[b]);
}

TEST(DoseInfluence, TransposedProductIsTheAdjoint) {
  const DoseInfluence a(points, random_columns(points, beams));
  const auto x = random_values(beams, 3), y = random_values(points, 4);
  const auto ax = a.dose(x), aty = a.transposed_product(y);
  double left = 0, right = 0;
  for (std::size_t i = 0; i < points; ++i) left += ax[i] * y[i];
  for (std::size_t j = 0; j < beams; ++j) right += x[j] * aty[j];
  // Asked for: 1e-6. Double sums of about 10 000 positive terms: rounding stays below 1e-12 relative.
  EXPECT_NEAR(left, right, 1e-12 * left);
}

// Entries are 16-bit multiples of a power of two chosen per block of 64 points and beam.
constexpr double entry_rounding = 1.0 / 65536;  // of the largest entry in the block

TEST(DoseInfluence, ColumnsComeBackWithinTheRoundingOfTheirBlock) {
  auto columns = random_columns(points, beams);
  columns[7].gy_per_mu[0] = 10;      // dwarfs the others of its block
  columns[8].gy_per_mu[0] = 1e-30f;  // too small to be kept beside them
  columns[9].gy_per_mu.back() = 0;
  const DoseInfluence a(points, columns);
  std::size_t entries = 0;
  for (std::size_t b = 0; b < beams; ++b) {
    std::vector<double> largest(points / 64 + 1, 0.0), difference(points, 0.0);
    for (std::size_t e = 0; e < columns[b].rows.size(); ++e) {
      const double value = columns[b].gy_per_mu[e];
      largest[columns[b].rows[e] / 64] = std::max(largest[columns[b].rows[e] / 64], value);
      difference[columns[b].rows[e]] = value;
    }
    const DoseInfluence::Column kept = a.column(b);
    EXPECT_TRUE(std::is_sorted(kept.rows.begin(), kept.rows.end()));
    for (std::size_t e = 0; e < kept.rows.size(); ++e) {
      EXPECT_GT(kept.gy_per_mu[e], 0);
      difference[kept.rows[e]] -= double(kept.gy_per_mu[e]);
    }
    for (std::size_t p = 0; p < points; ++p)
      ASSERT_LE(std::abs(difference[p]), entry_rounding * largest[p / 64]) << "beam " << b << ", point " << p;
    entries += kept.rows.size();
  }
  EXPECT_EQ(a.entries(), entries);
  EXPECT_TRUE(a.column(0).rows.empty());
}

TEST(DoseInfluence, EntriesNextToAPowerOfTwoDoNotOverflow) {
  for (const float value : {1.0f, std::nextafter(1.0f, 0.0f), 65535.4f / 65536, 65535.6f / 65536, 1e-20f, 3e38f}) {
    const DoseInfluence a(3, {{{1}, {value}}});
    EXPECT_NEAR(a.column(0).gy_per_mu.at(0), value, entry_rounding * value);
  }
}

TEST(DoseInfluence, SubsetAndJoinedShareColumns) {
  const DoseInfluence a(points, random_columns(points, beams));
  const DoseInfluence part = a.subset({7, 2, 30}), both = part.joined(a.subset({5}));
  ASSERT_EQ(both.beams(), 4u);
  EXPECT_EQ(both.column(0).rows, a.column(7).rows);
  EXPECT_EQ(both.column(3).gy_per_mu, a.column(5).gy_per_mu);
  EXPECT_THROW(a.subset({31}), ContractViolation);
  EXPECT_THROW(a.joined(DoseInfluence(points + 1, {})), ContractViolation);
}

TEST(DoseInfluence, RefusesRowsThatDoNotAscendOrDoNotExist) {
  EXPECT_THROW(DoseInfluence(5, {{{3, 2}, {1, 1}}}), ContractViolation);
  EXPECT_THROW(DoseInfluence(5, {{{2, 2}, {1, 1}}}), ContractViolation);
  EXPECT_THROW(DoseInfluence(5, {{{5}, {1}}}), ContractViolation);
  EXPECT_THROW(DoseInfluence(5, {{{1}, {}}}), ContractViolation);
}

/// Voxel centres of a grid in storage order.
std::vector<PatientPoint> centres(const Grid& grid) {
  std::vector<PatientPoint> all;
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) all.push_back(grid.voxel_centre(i, j, k));
  return all;
}

std::vector<double> weights_of(const BeamSet& set) {
  std::vector<double> w;
  for (const Beam& b : set) w.push_back(b.weight_mu);
  return w;
}

const Grid& grid_about_target() {
  static const Grid grid({23, 21, 19}, {4.1, 4.3, 4.7}, {25, -45, -40});
  return grid;
}

TEST(ComputeInfluence, ExactProductWithTheWeightsIsTheExactForwardDose) {
  const DensityMap density = thorax(3, 4);
  const BeamSet set = plan_of(12, 5, {70, 5, 4}, 15);
  for (const DepthMode depth : {DepthMode::per_point_ray, DepthMode::central_axis}) {
    const DoseOptions exact{.depth = depth, .path = DosePath::exact};
    const DoseInfluence a = compute_influence(set, density, generic_data(), centres(grid_about_target()), exact);
    const auto d = a.dose(weights_of(set));
    const DoseGrid forward = compute_dose(set, density, generic_data(), grid_about_target(), exact).dose;
    double rounding = 0;  // of the entries: each beam's largest times its weight
    for (std::size_t b = 0; b < set.size(); ++b) {
      const auto column = a.column(b).gy_per_mu;
      rounding += entry_rounding * set[b].weight_mu * *std::max_element(column.begin(), column.end());
    }
    ASSERT_LT(rounding, 1e-4 * *std::max_element(d.begin(), d.end()));
    for (std::size_t p = 0; p < d.size(); ++p) ASSERT_NEAR(d[p], forward.values()[p], 2e-7 * d[p] + rounding);
  }
}

TEST(ComputeInfluence, FastStaysWithinTheBoundOfTheExactPath) {
  const DensityMap density = thorax(2, 3);
  const BeamSet set = plan_of(60, 30, {70, 5, 4}, 15);
  const auto fast = compute_influence(set, density, generic_data(), centres(grid_about_target())).dose(weights_of(set));
  const DoseGrid exact =
      compute_dose(set, density, generic_data(), grid_about_target(), {.path = DosePath::exact}).dose;
  const double maximum = *std::max_element(exact.values().begin(), exact.values().end());
  std::size_t above = 0;
  for (std::size_t p = 0; p < fast.size(); ++p) {
    const double difference = std::abs(fast[p] - exact.values()[p]) / maximum;
    above += difference > 0.002;
    ASSERT_LE(difference, 0.01);
  }
  EXPECT_LE(double(above), 1e-3 * double(fast.size()));
}

TEST(ComputeInfluence, FastCentralAxisEqualsExactCentralAxis) {
  const DensityMap density = thorax(3, 4);
  const BeamSet set = plan_of(6, 3, {70, 5, 4}, 15);
  DoseOptions options{.depth = DepthMode::central_axis};
  const auto where = centres(grid_about_target());
  const auto fast = compute_influence(set, density, generic_data(), where, options).dose(weights_of(set));
  options.path = DosePath::exact;
  const auto exact = compute_influence(set, density, generic_data(), where, options).dose(weights_of(set));
  // Tables resampled to 2e-4, each of few beams.
  for (std::size_t p = 0; p < fast.size(); ++p) ASSERT_NEAR(fast[p], exact[p], 1e-3 * exact[p] + 1e-4);
}

TEST(ComputeInfluence, SameBytesForAnyThreadCount) {
  const DensityMap density = thorax(4, 5);
  const BeamSet set = plan_of(40, 13, {70, 5, 4}, 15);
  const auto where = centres(grid_about_target());
  const int before = thread_count();
  std::vector<std::vector<double>> doses, products;
  for (const int threads : {1, 2, 3, 16}) {
    set_thread_count(threads);
    const DoseInfluence a = compute_influence(set, density, generic_data(), where);
    doses.push_back(a.dose(weights_of(set)));
    products.push_back(a.transposed_product(random_values(where.size(), 5)));
  }
  set_thread_count(before);
  for (std::size_t i = 1; i < doses.size(); ++i) {
    EXPECT_EQ(doses[i], doses[0]);
    EXPECT_EQ(products[i], products[0]);
  }
}

TEST(ComputeInfluence, SameBytesForAnyInstructionSet) {
  const DensityMap density = thorax(4, 5);
  const BeamSet set = plan_of(20, 7, {70, 5, 4}, 15);
  const auto where = centres(grid_about_target());
  const DoseInfluence portable = compute_influence(set, density, generic_data(), where, {.simd = SimdChoice::portable});
  for (const SimdChoice simd : {SimdChoice::avx2, SimdChoice::avx512}) try {
      const DoseInfluence a = compute_influence(set, density, generic_data(), where, {.simd = simd});
      for (std::size_t b = 0; b < set.size(); ++b) {
        EXPECT_EQ(a.column(b).rows, portable.column(b).rows);
        EXPECT_EQ(a.column(b).gy_per_mu, portable.column(b).gy_per_mu);
      }
    } catch (const InputError&) {  // the processor lacks it
    }
}

TEST(ComputeInfluence, ProductWithTheWeightsIsTheForwardDoseOfTheSamePath) {
  const DensityMap density = thorax(2, 3);
  const BeamSet set = plan_of(60, 50, {70, 5, 4}, 15);
  const auto d = compute_influence(set, density, generic_data(), centres(grid_about_target())).dose(weights_of(set));
  const DoseGrid forward = compute_dose(set, density, generic_data(), grid_about_target()).dose;
  const double maximum = *std::max_element(d.begin(), d.end());
  // The matrix has exact depths, the forward dose those of fans: within the forward dose's bound.
  std::size_t above = 0;
  for (std::size_t p = 0; p < d.size(); ++p) {
    ASSERT_NEAR(d[p], forward.values()[p], 0.01 * maximum);
    above += std::abs(d[p] - forward.values()[p]) > 0.002 * maximum;
  }
  EXPECT_LE(double(above), 1e-3 * double(d.size()));
}

TEST(ComputeInfluence, AtMostFourBytesPerEntry) {
  const DensityMap density = thorax(4, 5);
  const BeamSet set = plan_of(40, 20, {70, 5, 4}, 15);
  // Cubes of 4 x 4 x 4 points one after the other, as the planner's order has them.
  std::vector<PatientPoint> where;
  for (int block = 0; block < 8 * 8 * 8; ++block)
    for (int i = 0; i < 64; ++i)
      where.push_back(PatientPoint{20, -45, -46} + 3.1 * PatientVec{double(block % 8 * 4 + i % 4),
                                                                    double(block / 8 % 8 * 4 + i / 4 % 4),
                                                                    double(block / 64 * 4 + i / 16)});
  const DoseInfluence a = compute_influence(set, density, generic_data(), where);
  ASSERT_GT(a.entries(), 100'000u);
  EXPECT_LE(double(a.bytes()), 4.0 * double(a.entries()));
}

TEST(ComputeInfluence, FewPointsNoPointsAndBeamsThatMiss) {
  const DensityMap density = thorax(4, 5);
  const BeamSet set{beam({70, -800, 4}, {70, 5, 4}, 20), beam({70, -800, 4}, {70, -800, 900}, 20)};
  const DoseInfluence one = compute_influence(set, density, generic_data(), {{70, 5, 4}});
  EXPECT_EQ(one.entries(), 1u);
  const auto parts = trace_point({set[0]}, density, generic_data(), {70, 5, 4});
  EXPECT_NEAR(one.column(0).gy_per_mu[0] * 100, parts[0].dose_gy, 2e-4 * parts[0].dose_gy);
  EXPECT_TRUE(one.column(1).rows.empty());
  EXPECT_EQ(compute_influence(set, density, generic_data(), {}).entries(), 0u);
  EXPECT_EQ(compute_influence({}, density, generic_data(), {{0, 0, 0}}).beams(), 0u);
}

}  // namespace
}  // namespace sbrt
