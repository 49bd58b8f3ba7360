// The dose on grids of 2, 1 and 0.5 mm: equal where voxels coincide, and statistics that converge.
#include "dose/dose_engine.h"
#include "plan_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace sbrt {
namespace {

using testing::generic_data;
using testing::plan_of;
using testing::thorax;

const PatientPoint target{70, 5, 4};

/// Voxel centres at target + spacing * (-n ... n).
Grid grid_of(double spacing_mm, double half_side_mm) {
  const int n = int(std::lround(half_side_mm / spacing_mm));
  return Grid({2 * n + 1, 2 * n + 1, 2 * n + 1}, {spacing_mm, spacing_mm, spacing_mm},
              target - PatientVec{half_side_mm, half_side_mm, half_side_mm});
}

/// Volume [cc] that gets at least `dose_gy`, each voxel counted whole.
double volume_cc(const DoseGrid& dose, double dose_gy) {
  const auto count = std::count_if(dose.values().begin(), dose.values().end(), [&](float d) { return d >= dose_gy; });
  return double(count) * dose.grid().voxel_volume_mm3() / 1000;
}

TEST(Convergence, DoseFrom2To1ToHalfAMillimetre) {
  const DensityMap density = thorax(2, 3);
  const BeamSet beams = plan_of(45, 45, target, 12);
  constexpr double half_side_mm = 30;
  std::vector<DoseGrid> doses;
  for (const double spacing : {2.0, 1.0, 0.5})
    doses.push_back(compute_dose(beams, density, generic_data(), grid_of(spacing, half_side_mm)).dose);
  const DoseGrid &coarse = doses[0], &finest = doses[2];
  const double maximum = *std::max_element(finest.values().begin(), finest.values().end());

  // Points of the coarse grid lie on the finer ones. Their dose is that of the point, so it may differ only by the
  // fast path's own error.
  constexpr double bound = 0.002;
  for (const int finer : {1, 2}) {
    const int step = finer == 1 ? 2 : 4;
    const GridSize n = coarse.grid().size();
    for (int k = 0; k < n.nz; ++k)
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i)
          ASSERT_NEAR(doses[finer](i * step, j * step, k * step), coarse(i, j, k), bound * maximum);
  }

  // A point between: trilinear interpolation errs with the square of the spacing, so from 2 to 1 mm it falls to a
  // quarter. Compared with the dose of the 0.5 mm grid at odd places of the coarser ones.
  const auto mean_error = [&](const DoseGrid& dose, int step) {
    double sum = 0;
    int count = 0;
    const GridSize n = dose.grid().size();
    for (int k = 0; k + 1 < n.nz; ++k)
      for (int j = 0; j + 1 < n.ny; ++j)
        for (int i = 0; i + 1 < n.nx; ++i, ++count) {
          double between = 0;
          for (int corner = 0; corner < 8; ++corner)
            between += dose(i + (corner & 1), j + (corner >> 1 & 1), k + (corner >> 2)) / 8.0;
          sum += std::abs(between - finest(i * step + step / 2, j * step + step / 2, k * step + step / 2));
        }
    return sum / count / maximum;
  };
  const double error_2 = mean_error(doses[0], 4), error_1 = mean_error(doses[1], 2);
  // Three axes of spacing^2 / 8 times the mean curvature; penumbrae of some 6 mm bend by about 0.2 % of the maximum per
  // mm^2.
  EXPECT_LT(error_2, 0.003);
  EXPECT_NEAR(error_2 / error_1, 4, 1);  // edges of the density map keep it from being exactly 4

  // Volumes above half of the maximum: counting whole voxels errs with the surface.
  const double v2 = volume_cc(doses[0], maximum / 2), v1 = volume_cc(doses[1], maximum / 2),
               v05 = volume_cc(doses[2], maximum / 2);
  EXPECT_NEAR(v1 / v05, 1, 0.005);
  EXPECT_NEAR(v2 / v05, 1, 0.02);
}

}  // namespace
}  // namespace sbrt
