#include "engine/evaluation/accumulation.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "phantoms/analytic_dose.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

// Doses are stored in single precision, interpolated by coefficients in single precision, and squared.
constexpr double single = 2e-6;

// Axis traps: unequal sizes and spacings, origins off zero.
const Grid first_grid{{12, 10, 9}, {2, 2.5, 3}, {-11, -12, -13}};
const Grid second_grid{{30, 28, 24}, {1.1, 1.3, 1.7}, {-17, -19, -21}};  // holds the first

DoseGrid linear(const Grid& grid, double at_origin_gy, PatientVec gradient) {
  return phantoms::sample(phantoms::LinearDose{at_origin_gy, gradient}, grid);
}

template <class Expected>
void expect_everywhere(const DoseGrid& dose, Expected&& expected) {
  const GridSize n = dose.grid().size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) {
        const double truth = expected(dose.grid().voxel_centre(i, j, k));
        ASSERT_NEAR(double(dose(i, j, k)), truth, single * truth) << i << ' ' << j << ' ' << k;
      }
}

TEST(ConvertedDose, ReproducesTheTableOfSchedules) {
  constexpr double relative = 1e-9;
  const Tissue ten;
  struct Row {
    int fractions;
    double per_fraction, bed, eqd2;
  };
  for (const Row& r : {Row{3, 18, 151.2, 126},
                       {3, 20, 180, 150},
                       {4, 12, 105.6, 88},
                       {5, 10, 100, 250.0 / 3},
                       {5, 9, 85.5, 71.25},
                       {5, 12, 132, 110},
                       {8, 7.5, 105, 87.5}}) {
    const double dose = r.fractions * r.per_fraction;
    EXPECT_NEAR(converted_gy(dose, r.fractions, DoseQuantity::bed, ten), r.bed, relative * r.bed);
    EXPECT_NEAR(converted_gy(dose, r.fractions, DoseQuantity::eqd2, ten), r.eqd2, relative * r.eqd2);
    EXPECT_EQ(converted_gy(dose, r.fractions, DoseQuantity::physical, ten), dose);
  }
}

TEST(Accumulation, OfLinearDosesWithUnequalFractionsIsTheClosedForm) {
  const PatientVec a{0.4, -0.3, 0.2}, b{-0.5, 0.1, 0.6};
  const DoseGrid first = linear(first_grid, 30, a), second = linear(second_grid, 24, b);
  const Tissue tissue = Tissue::linear_quadratic(3, "test");
  const auto eqd2 = [](double dose, int n) { return dose * (dose / n + 3) / 5; };
  const auto truth = [&](PatientPoint p) {
    const PatientVec from_origin = p - PatientPoint{0, 0, 0};
    return eqd2(30 + dot(a, from_origin), 5) + eqd2(24 + dot(b, from_origin), 3);
  };
  for (const Grid& grid : {first_grid, Grid({7, 8, 9}, {1.5, 1.2, 1}, {-5.2, -4.1, -3.3})}) {
    const Accumulation sum =
        accumulate({{"a", &first, 5}, {"b", &second, 3}}, grid, DoseQuantity::eqd2, tissue, OutsideRule::refuse);
    EXPECT_FALSE(sum.cropped);
    EXPECT_EQ(sum.sum.grid(), grid);
    expect_everywhere(sum.sum, truth);
  }
}

TEST(Accumulation, ConvertsAfterInterpolating) {
  // Half way between 50 and 70 Gy: BED of 60 Gy, not the mean of the BEDs.
  const DoseGrid ramp = linear(Grid({6, 2, 2}, {4, 4, 4}, {0, 0, 0}), 10, {5, 0, 0});
  const Grid between({1, 1, 1}, {1, 1, 1}, {10, 2, 2});
  const Accumulation sum =
      accumulate({{"a", &ramp, 4}}, between, DoseQuantity::bed, Tissue{}, OutsideRule::refuse, Interpolation::linear);
  EXPECT_NEAR(sum.sum(0, 0, 0), 60 * (1 + 15.0 / 10), single * 150);
}

TEST(Accumulation, AddsEffectiveDosesAsTheyAre) {
  const DoseGrid first = linear(first_grid, 30, {}), second = linear(first_grid, 50, {});
  const Accumulation sum =
      accumulate({{"a", &first, 5}, {"b", &second, 0}}, first_grid, DoseQuantity::bed, Tissue{}, OutsideRule::refuse);
  expect_everywhere(sum.sum, [](PatientPoint) { return 30 * 1.6 + 50; });
}

TEST(Accumulation, PhysicalSumIgnoresTheTissue) {
  const DoseGrid first = linear(first_grid, 30, {0.1, 0, 0}), second = linear(second_grid, 24, {});
  const Accumulation sum = accumulate({{"a", &first, 5}, {"b", &second, 3}}, first_grid, DoseQuantity::physical,
                                      Tissue{}, OutsideRule::refuse);
  expect_everywhere(sum.sum, [](PatientPoint p) { return 54 + 0.1 * p.x; });
}

TEST(Accumulation, OutsideIsOmittedCountedOrRefused) {
  const DoseGrid first = linear(first_grid, 30, {}), second = linear(second_grid, 20, {});
  const std::vector<AccumulationPart> parts{{"a", &first, 5}, {"b", &second, 3}};
  const auto run = [&](OutsideRule rule) {
    return accumulate(parts, second_grid, DoseQuantity::physical, Tissue{}, rule);
  };
  EXPECT_THROW(run(OutsideRule::refuse), InputError);

  const Accumulation omitted = run(OutsideRule::omit);
  EXPECT_TRUE(omitted.cropped);
  expect_everywhere(omitted.sum, [](PatientPoint) { return 50; });
  // Every voxel of the result lies in the first grid and its neighbours outside do not.
  const GridSize n = omitted.sum.grid().size();
  EXPECT_TRUE(first_grid.contains(omitted.sum.grid().voxel_centre(0, 0, 0)));
  EXPECT_TRUE(first_grid.contains(omitted.sum.grid().voxel_centre(n.nx - 1, n.ny - 1, n.nz - 1)));
  EXPECT_FALSE(first_grid.contains(omitted.sum.grid().voxel_centre(-1, 0, 0)));
  EXPECT_FALSE(first_grid.contains(omitted.sum.grid().voxel_centre(0, 0, n.nz)));
  EXPECT_EQ(omitted.parts[1].uncovered_cc, 0);
  EXPECT_GT(omitted.parts[0].uncovered_cc, 0);
  EXPECT_NEAR(omitted.parts[1].largest_lost_gy, 20, 1e-5);

  const Accumulation zeros = run(OutsideRule::zero);
  EXPECT_EQ(zeros.sum.grid(), second_grid);
  EXPECT_NEAR(zeros.sum(0, 0, 0), 20, 1e-5);
  EXPECT_NEAR(zeros.sum(15, 14, 12), 50, 1e-4);
  EXPECT_NEAR(zeros.parts[0].largest_on_faces_gy, 30, 1e-5);
  EXPECT_EQ(zeros.parts[1].largest_lost_gy, 0);
}

TEST(Accumulation, GridsThatOnlyTouchOrTurnAreRefused) {
  const DoseGrid first = linear(first_grid, 30, {});
  const DoseGrid far = linear(Grid({4, 4, 4}, {2, 2, 2}, {500, 0, 0}), 20, {});
  EXPECT_THROW(
      accumulate({{"a", &first, 5}, {"b", &far, 3}}, first_grid, DoseQuantity::bed, Tissue{}, OutsideRule::omit),
      InputError);
  const double c = std::cos(0.4), s = std::sin(0.4);
  const Grid turned({8, 8, 8}, {2, 2, 2}, {-3, -9, -6}, Axes{{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
  const DoseGrid oblique = linear(turned, 20, {0.1, 0.2, 0.3});
  EXPECT_THROW(
      accumulate({{"a", &first, 5}, {"b", &oblique, 3}}, first_grid, DoseQuantity::bed, Tissue{}, OutsideRule::omit),
      InputError);
  // On a grid inside both it can be summed.
  const Grid inside({3, 3, 3}, {1, 1, 1}, {-3.5, 1, -2});
  const Accumulation sum =
      accumulate({{"b", &oblique, 0}}, inside, DoseQuantity::physical, Tissue{}, OutsideRule::refuse);
  expect_everywhere(sum.sum, [](PatientPoint p) { return 20 + 0.1 * p.x + 0.2 * p.y + 0.3 * p.z; });
}

TEST(Accumulation, GridEdgesThatCoincideAreInside) {
  // Voxel centres of the fine grid lie exactly on the outer edge of the coarse one.
  const DoseGrid coarse = linear(Grid({3, 3, 3}, {2, 2, 2}, {0.1, 0.2, 0.3}), 30, {});
  const Grid fine({7, 7, 7}, {1, 1, 1}, {0.1 - 1, 0.2 - 1, 0.3 - 1});
  const Accumulation sum = accumulate({{"a", &coarse, 5}}, fine, DoseQuantity::physical, Tissue{}, OutsideRule::refuse);
  expect_everywhere(sum.sum, [](PatientPoint) { return 30; });
}

TEST(Accumulation, SameBytesForAnyThreadCount) {
  const DoseGrid first = linear(first_grid, 30, {0.4, 0.3, 0.2}), second = linear(second_grid, 24, {0.1, 0.2, 0.3});
  const int threads = thread_count();
  std::vector<std::vector<float>> results;
  for (const int n : {1, 3}) {
    set_thread_count(n);
    results.push_back(
        accumulate({{"a", &first, 5}, {"b", &second, 3}}, second_grid, DoseQuantity::eqd2, Tissue{}, OutsideRule::zero)
            .sum.values());
  }
  set_thread_count(threads);
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace sbrt
