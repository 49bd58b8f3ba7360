// The inner loops of every instruction set against the plain ones, bit by bit, and those against double precision.
#include "dose/point_dose.h"
#include "dose/row_kernel.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace sbrt {
namespace {

using testing::density_of;
using testing::generic_data;

std::vector<SimdPath> paths() {
  std::vector<SimdPath> all{SimdPath::portable};
  for (const SimdPath path : {SimdPath::avx2, SimdPath::avx512})
    if (path <= best_simd_path()) all.push_back(path);
  return all;
}

struct Uniform {
  std::mt19937 random{3};
  float operator()(double low, double high) { return float(low + (high - low) * (double(random()) / 4294967296.0)); }
};

template <class T>
void expect_same_bytes(const std::vector<T>& a, const std::vector<T>& b, SimdPath path) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(std::memcmp(&a[i], &b[i], sizeof(T)), 0)
        << to_string(path) << ", place " << i << ": " << a[i] << " " << b[i];
}

DensityMap lumpy_map() {
  Uniform uniform;
  return density_of(Grid({31, 37, 41}, {2.1, 1.7, 3.3}, {-31, -29, -66}),
                    [&](PatientPoint p) { return norm(p - PatientPoint{}) > 60 ? 0.0 : double(uniform(0, 2)); });
}

TEST(SimdPaths, RaysHaveTheSameBytesAndTheExactDepth) {
  const DensityMap map = lumpy_map();
  const PatientPoint source{40, -500, 130};
  const RayDensity density(map);
  const RayMap rays_map(density, source);
  Uniform uniform;
  std::vector<float> first;
  for (const SimdPath path : paths()) {
    uniform.random.seed(11);
    std::vector<float> all;
    for (int bundle = 0; bundle < 60; ++bundle) {
      RayLanes rays;
      double exact[ray_lanes];
      for (int lane = 0; lane < ray_lanes; ++lane) {
        // Ends inside, beside and beyond the map; some rays along a voxel axis.
        const PatientPoint end = bundle == 0 ? source + PatientVec{0, 480.0 + lane, 0}
                                             : PatientPoint{uniform(-60, 60), uniform(-60, 80), uniform(-90, 90)};
        const PatientVec whole = end - source;
        rays_map.prepare(rays, lane, map.grid().to_voxel(whole), norm(whole), 0, 1, TickScale(0, 1));
        exact[lane] = water_equivalent_depth_mm(map, source, end);
      }
      if (bundle == 1) {
        rays.make_idle(5);
        exact[5] = 0;
      }
      std::vector<float> depth(ray_lanes);
      row_kernel(path).trace(rays_map.values(), rays, depth.data());
      // 100 crossings of half a tick (1e-6 mm) and single-precision sums.
      constexpr double rounding_mm = 1e-3;
      for (int lane = 0; lane < ray_lanes; ++lane) ASSERT_NEAR(depth[lane], exact[lane], rounding_mm);
      all.insert(all.end(), depth.begin(), depth.end());
    }
    if (path == SimdPath::portable) first = all;
    expect_same_bytes(first, all, path);
  }
}

TEST(SimdPaths, PlanesHaveTheSameBytes) {
  const DensityMap map = lumpy_map();
  const PatientPoint source{40, -500, 130};
  const RayDensity density(map);
  const RayMap rays_map(density, source);
  const TickScale scale(400, 200);
  std::vector<std::int32_t> planes;
  for (int p = 0; p < 70; ++p) planes.push_back(scale(390 + 3.1 * p));
  std::vector<float> first;
  std::vector<std::int32_t> first_empty;
  for (const SimdPath path : paths()) {
    RayLanes rays;
    for (int lane = 0; lane < ray_lanes; ++lane) {
      const PatientVec per_mm{-0.08 + 0.003 * lane, 1, -0.26 + 0.004 * lane};
      rays_map.prepare(rays, lane, map.grid().to_voxel(per_mm), norm(per_mm), 0, HUGE_VAL, scale);
    }
    std::vector<float> depth(planes.size() * 20);
    std::vector<std::int32_t> empty(ray_lanes);
    row_kernel(path).trace_planes(rays_map.values(), rays, planes.data(), int(planes.size()), depth.data(), 20,
                                  empty.data());
    for (int lane = 0; lane < ray_lanes; ++lane)
      for (std::size_t p = 0; p < planes.size(); ++p) {
        const PatientVec per_mm{-0.08 + 0.003 * lane, 1, -0.26 + 0.004 * lane};
        ASSERT_NEAR(depth[p * 20 + std::size_t(lane)],
                    water_equivalent_depth_mm(map, source, source + (390 + 3.1 * double(p)) * per_mm), 1e-3);
        ASSERT_EQ(int(p) < empty[std::size_t(lane)], depth[p * 20 + std::size_t(lane)] == 0);
      }
    if (path == SimdPath::portable) first = depth, first_empty = empty;
    expect_same_bytes(first, depth, path);
    expect_same_bytes(first_empty, empty, path);
  }
}

TEST(SimdPaths, DepthsOfLinesHaveTheSameBytes) {
  Uniform uniform;
  std::vector<float> near(100), far(100);
  for (int i = 0; i < 100; ++i) near[i] = uniform(0, 300), far[i] = uniform(0, 300);
  for (const float step : {0.05f, 0.4f, 0.77f, 1.3f, 1.92f, 2.7f})
    for (const int count : {1, 7, 8, 15, 16, 17, 33, 90}) {
      const FanLine line{near.data(), far.data(), 0.3f, -0.7f, step, 60};
      const FanLine other{far.data(), near.data(), 0.9f, 20.7f, step, 60};
      std::vector<float> first;
      DepthRange range{};
      bool shallow[2];
      for (const SimdPath path : paths()) {
        const std::size_t each = std::size_t(padded(count));
        std::vector<float> depth(2 * each + 1, -1.0f);
        DepthRow rows[]{{line, count, depth.data(), false}, {other, count, depth.data() + each, false}};
        const DepthRange found = row_kernel(path).depth(rows, 2, 9);
        EXPECT_EQ(depth.back(), -1.0f) << "wrote behind the end";
        std::vector<float> wanted(depth.begin(), depth.begin() + count);  // behind them may stand anything
        wanted.insert(wanted.end(), depth.begin() + std::ptrdiff_t(each), depth.begin() + std::ptrdiff_t(each) + count);
        if (path == SimdPath::portable) {
          first = wanted, range = found;
          shallow[0] = rows[0].shallow, shallow[1] = rows[1].shallow;
        }
        expect_same_bytes(first, wanted, path);
        EXPECT_EQ(found.low, range.low);
        EXPECT_EQ(found.high, range.high);
        EXPECT_EQ(rows[0].shallow, shallow[0]);
        EXPECT_EQ(rows[1].shallow, shallow[1]);
      }
      EXPECT_EQ(range.high, *std::max_element(first.begin(), first.end()));
      EXPECT_EQ(range.low, *std::min_element(first.begin(), first.end()));
      for (int row = 0; row < 2; ++row)
        EXPECT_EQ(shallow[row], std::any_of(first.begin() + row * count, first.begin() + (row + 1) * count,
                                            [](float d) { return d > 0 && d < 9; }));
    }
}

TEST(SimdPaths, DoseHasTheSameBytesAndIsEquationSix) {
  const BeamData::Tables& tables = generic_data().tables();
  for (const double cone : {5.0, 20.0, 60.0}) {
    const std::size_t c = tables.find(cone);
    const FoldedTables folded(tables, c, 700, 1000);
    const Step step{1.5f, -0.1f, 0.9f};
    const std::vector<int> counts{1, 8, 13, 61, 16, 40, 300, 5};  // more than a kernel takes at a time
    Uniform uniform;
    std::vector<std::vector<float>> depths;
    for (const int count : counts) {
      std::vector<float>& depth = depths.emplace_back();
      for (int i = 0; i < count; ++i) depth.push_back(uniform(0, 460));
      depth.resize(std::size_t(padded(count)), std::nanf(""));  // whatever was there
    }
    std::vector<float> first;
    std::int64_t inside = 0;
    for (const SimdPath path : paths())
      for (const int spare : {0, 3, 15}) {  // behind a row's end
        std::vector<float> doses;
        std::vector<DoseRow> rows;
        std::vector<std::vector<float>> dose;
        for (std::size_t r = 0; r < counts.size(); ++r) {
          float* const to = dose.emplace_back(std::size_t(counts[r]) + 15, 0.25f).data();
          rows.push_back({-30, 4 - float(r), 760, counts[r], depths[r].data(), to, counts[r] + spare});
        }
        const std::int64_t found = row_kernel(path).add_dose(folded.view(), rows.data(), int(rows.size()), step, 80);
        for (std::size_t r = 0; r < counts.size(); ++r) {
          doses.insert(doses.end(), dose[r].begin(), dose[r].begin() + counts[r]);
          for (auto d = dose[r].begin() + counts[r]; d != dose[r].end(); ++d)
            EXPECT_EQ(*d, 0.25f) << "changed a dose behind the end";
        }
        if (first.empty()) first = doses, inside = found;
        expect_same_bytes(first, doses, path);
        EXPECT_EQ(found, inside);
      }
    const float* at = first.data();
    for (std::size_t r = 0; r < counts.size(); ++r)
      for (int i = 0; i < counts[r]; ++i) {
        const double x = -30 + double(i) * step.x, y = 4 - double(r) + double(i) * step.y, z = 760 + double(i) * step.z;
        const double expected = 80 * dose_factors(tables, c, {z, std::hypot(x, y) * 800 / z}, depths[r][i]).gy_per_mu;
        // Tables resampled within `tolerance` of 1 each, of at most 0.01 Gy / MU * 80 MU * (800 / 760)^2.
        ASSERT_NEAR(*at++ - 0.25, expected, 2.2 * FoldedTables::tolerance * 0.89 + 1e-6)
            << cone << " mm, row " << r << ", point " << i;
      }
  }
}

TEST(SimdPaths, ScatteredPointsHaveTheSameBytesAlsoBesideAndBehindTheSource) {
  const BeamData::Tables& tables = generic_data().tables();
  const FoldedTables folded(tables, tables.find(20), 700, 1000);
  Uniform uniform;
  constexpr int count = 203;
  std::vector<float> x, y, z, depth, first;
  for (int i = 0; i < count; ++i) {
    x.push_back(uniform(-60, 60)), y.push_back(uniform(-60, 60)), depth.push_back(uniform(0, 200));
    z.push_back(i % 17 == 0 ? 0.0f : i % 13 == 0 ? -800.0f : uniform(700, 1000));
  }
  x[0] = y[0] = 0;  // the source itself
  const Rotation same{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  for (const SimdPath path : paths()) {
    std::vector<float> dose(count + 1, -1.0f);
    row_kernel(path).dose_at(folded.view(), same, {x.data(), y.data(), z.data()}, count, depth.data(), dose.data());
    EXPECT_EQ(dose.back(), -1.0f);
    if (path == SimdPath::portable) first = dose;
    expect_same_bytes(first, dose, path);
  }
  for (int i = 0; i < count; ++i)
    if (z[i] <= 0) {
      EXPECT_EQ(first[i], 0.0f) << i;
    }
}

TEST(SimdPaths, ProductsHaveTheSameBytes) {
  std::mt19937 random(5);
  std::vector<std::uint16_t> values(3 * 64);
  for (auto& v : values) v = std::uint16_t(random());
  const std::vector<float> scale{0.5f, 2, 0.125f};
  const std::vector<std::uint32_t> place{0, 2, 3};
  const PackedBlocks blocks{values.data(), scale.data(), place.data(), 3};
  std::vector<double> factor(4 * 64), first_sum, first_lanes;
  for (double& f : factor) f = double(random()) * 1e-9;
  for (const SimdPath path : paths()) {
    std::vector<double> sum(4 * 64, 0.1), lanes(16, 0.0);
    row_kernel(path).add_scaled(blocks, 0.3, sum.data());
    row_kernel(path).add_products(blocks, factor.data(), lanes.data());
    if (path == SimdPath::portable) first_sum = sum, first_lanes = lanes;
    expect_same_bytes(first_sum, sum, path);
    expect_same_bytes(first_lanes, lanes, path);
  }
  EXPECT_EQ(first_sum[64], 0.1) << "block 1 is not stored";
  EXPECT_NEAR(first_sum[2 * 64 + 5], 0.1 + values[64 + 5] * 2 * 0.3, 1e-9);
}

}  // namespace
}  // namespace sbrt
