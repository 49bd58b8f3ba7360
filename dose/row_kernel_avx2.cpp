// Doses and products of row_kernel_portable.cpp with AVX2; the rays are in ray_kernel_avx2.cpp.
#include "dose/avx2_lanes.h"

#if defined(__x86_64__)
#include <algorithm>
#include <numeric>

namespace sbrt::simd {
namespace {

/// Bilinear in eight cells. Cells are read one by one: a gather of eight bytes costs twice as much.
SBRT_AVX2 inline __m256 in_cell(const FoldedTables::Cell* table, const std::int32_t* cell, const float* along,
                                const float* across) {
// These two loads may read any type.
#define SBRT_TWO_CELLS(i)                                                                                          \
  _mm_castps_pd(_mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(table + cell[i]))), \
                             reinterpret_cast<const __m64*>(table + cell[i + 1])))
#define SBRT_FOUR_CELLS(i) _mm256_insertf128_pd(_mm256_castpd128_pd256(SBRT_TWO_CELLS(i)), SBRT_TWO_CELLS(i + 4), 1)
  const __m256 even = _mm256_castpd_ps(SBRT_FOUR_CELLS(0)), odd = _mm256_castpd_ps(SBRT_FOUR_CELLS(2));
#undef SBRT_FOUR_CELLS
#undef SBRT_TWO_CELLS
  const __m256i row = _mm256_castps_si256(_mm256_shuffle_ps(even, odd, 0x88));
  const __m256i next_row = _mm256_castps_si256(_mm256_shuffle_ps(even, odd, 0xdd));
  const __m256i low = _mm256_set1_epi32(0xffff);
  const __m256 c0 = _mm256_cvtepi32_ps(_mm256_and_si256(row, low)), c1 = _mm256_cvtepi32_ps(_mm256_srli_epi32(row, 16));
  const __m256 c2 = _mm256_cvtepi32_ps(_mm256_and_si256(next_row, low)),
               c3 = _mm256_cvtepi32_ps(_mm256_srli_epi32(next_row, 16));
  const __m256 f = _mm256_load_ps(along);
  return mix(mix(c0, c1, f), mix(c2, c3, f), _mm256_load_ps(across));
}

/// A table's constants in registers' width, in memory: there are more than registers.
struct Tables {
  const FoldedTables::Cell *axis_dose, *ocr;
  struct Axis {
    __m256 scale, fine_from, fine_width, fine_scale, last;
  } depth, ocr_depth, radius;
  __m256 z_scale, z_shift, z_last, reach, reference;
  __m256i depths, radii;
};

SBRT_AVX2 inline Tables::Axis spread(const FoldedTables::Axis& axis) {
  return {_mm256_set1_ps(axis.scale), _mm256_set1_ps(axis.fine_from), _mm256_set1_ps(axis.fine_width),
          _mm256_set1_ps(axis.fine_scale), _mm256_set1_ps(axis.last)};
}

SBRT_AVX2 inline Tables spread(const FoldedTables::View& t) {
  Tables all;
  all.axis_dose = t.axis_dose, all.ocr = t.ocr;
  all.depth = spread(t.depth), all.ocr_depth = spread(t.ocr_depth), all.radius = spread(t.radius);
  all.z_scale = _mm256_set1_ps(t.z_scale), all.z_shift = _mm256_set1_ps(t.z_shift);
  all.z_last = _mm256_set1_ps(t.z_last);
  all.reach = _mm256_set1_ps(t.reach_mm), all.reference = _mm256_set1_ps(t.reference_distance_mm);
  all.depths = _mm256_set1_epi32(t.depth.cells), all.radii = _mm256_set1_epi32(t.radius.cells);
  return all;
}

/// Place among the nodes of an axis whose fine steps begin at 0.
SBRT_AVX2 inline __m256 place_from_zero(const Tables::Axis& axis, __m256 x) {
  const __m256 fine = _mm256_min_ps(x, axis.fine_width);
  return _mm256_min_ps(_mm256_add_ps(_mm256_mul_ps(x, axis.scale), _mm256_mul_ps(fine, axis.fine_scale)), axis.last);
}
SBRT_AVX2 inline __m256 place(const Tables::Axis& axis, __m256 x) {
  const __m256 fine = clamp_index(_mm256_sub_ps(x, axis.fine_from), axis.fine_width);
  return _mm256_min_ps(_mm256_add_ps(_mm256_mul_ps(x, axis.scale), _mm256_mul_ps(fine, axis.fine_scale)), axis.last);
}

SBRT_AVX2 inline __m256 fraction(__m256 x, __m256i cell) { return _mm256_sub_ps(x, _mm256_cvtepi32_ps(cell)); }

/// Where points lie in the tables. Finding the places of many points and then reading the cells of all, instead of both
/// for eight points at a time, lets the processor begin the next eight before the last are done.
struct TablePlaces {
  static constexpr int most = 256;  // points
  alignas(32) std::int32_t axis_cell[most], ocr_cell[most];
  alignas(32) float depth[most], distance[most], ocr_depth[most], radius[most];  // fractions
  alignas(32) float inverse2[most];                                              // 1/z^2; 0 for points without dose
  float* dose_gy[most / 8];
  int count = 0;
};

/// @param lanes that are points
/// @return those in front of the source and inside the largest radius
SBRT_AVX2 inline __m256 locate(const Tables& t, __m256 x, __m256 y, __m256 z, __m256 depth_mm, __m256 lanes, int i,
                               TablePlaces& places) {
  const __m256 inverse = _mm256_div_ps(_mm256_set1_ps(1), z);
  const __m256 r = _mm256_sqrt_ps(_mm256_add_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(y, y)));
  const __m256 r800 = _mm256_mul_ps(r, _mm256_mul_ps(t.reference, inverse));
  const __m256 inside = _mm256_and_ps(
      _mm256_and_ps(_mm256_cmp_ps(r800, t.reach, _CMP_LE_OQ), _mm256_cmp_ps(z, _mm256_setzero_ps(), _CMP_GT_OQ)),
      lanes);
  _mm256_store_ps(places.inverse2 + i, _mm256_and_ps(inside, _mm256_mul_ps(inverse, inverse)));

  const __m256 depth = _mm256_max_ps(depth_mm, _mm256_setzero_ps());
  const __m256 d = place_from_zero(t.depth, depth);
  const __m256 q = clamp_index(_mm256_add_ps(_mm256_mul_ps(z, t.z_scale), t.z_shift), t.z_last);
  const __m256i id = _mm256_cvttps_epi32(d), iz = _mm256_cvttps_epi32(q);
  _mm256_store_ps(places.depth + i, fraction(d, id));
  _mm256_store_ps(places.distance + i, fraction(q, iz));
  _mm256_store_si256(reinterpret_cast<__m256i*>(places.axis_cell + i),
                     _mm256_add_epi32(_mm256_mullo_epi32(iz, t.depths), id));

  const __m256 e = place_from_zero(t.ocr_depth, depth);
  const __m256 k = place(t.radius, _mm256_max_ps(r800, _mm256_setzero_ps()));
  const __m256i ie = _mm256_cvttps_epi32(e), ik = _mm256_cvttps_epi32(k);
  _mm256_store_ps(places.ocr_depth + i, fraction(e, ie));
  _mm256_store_ps(places.radius + i, fraction(k, ik));
  _mm256_store_si256(reinterpret_cast<__m256i*>(places.ocr_cell + i),
                     _mm256_add_epi32(_mm256_mullo_epi32(ie, t.radii), ik));
  return inside;
}

/// In the tables' unit; 0 for points without dose.
SBRT_AVX2 inline __m256 dose_in_units(const Tables& t, const TablePlaces& places, int i) {
  const __m256 on_axis = in_cell(t.axis_dose, places.axis_cell + i, places.depth + i, places.distance + i);
  const __m256 off_axis = in_cell(t.ocr, places.ocr_cell + i, places.radius + i, places.ocr_depth + i);
  return _mm256_mul_ps(_mm256_mul_ps(on_axis, off_axis), _mm256_load_ps(places.inverse2 + i));
}

/// Adds the doses of all points whose places are known.
SBRT_AVX2 inline void add_known(const Tables& t, TablePlaces& places, __m256 weight) {
  for (int i = 0; i < places.count; i += 8) {
    float* dose = places.dose_gy[i / 8];
    _mm256_storeu_ps(dose, _mm256_add_ps(_mm256_loadu_ps(dose), _mm256_mul_ps(weight, dose_in_units(t, places, i))));
  }
  places.count = 0;
}

SBRT_AVX2 std::int64_t add_dose(const FoldedTables::View& view, const DoseRow* rows, int count, Step step,
                                float weight_mu) {
  const Tables t = spread(view);
  const __m256 weight = _mm256_set1_ps(weight_mu * view.unit);
  const __m256 dx = _mm256_set1_ps(step.x), dy = _mm256_set1_ps(step.y), dz = _mm256_set1_ps(step.z);
  __m256i inside_lanes = _mm256_setzero_si256();
  TablePlaces places;
  for (const DoseRow* row = rows; row < rows + count; ++row) {
    const __m256 x = _mm256_set1_ps(row->x), y = _mm256_set1_ps(row->y), z = _mm256_set1_ps(row->z);
    __m256 n = numbers();
    for (int i = 0; i < row->count; i += 8, n = _mm256_add_ps(n, _mm256_set1_ps(8))) {
      const __m256 inside = locate(t, _mm256_add_ps(x, _mm256_mul_ps(n, dx)), _mm256_add_ps(y, _mm256_mul_ps(n, dy)),
                                   _mm256_add_ps(z, _mm256_mul_ps(n, dz)), _mm256_loadu_ps(row->depth_mm + i),
                                   _mm256_castsi256_ps(first_lanes(row->count - i)), places.count, places);
      inside_lanes = _mm256_sub_epi32(inside_lanes, _mm256_castps_si256(inside));
      if (row->room < i + 8) {  // these voxels are not all ours
        alignas(32) float left[8];
        _mm256_store_ps(left, _mm256_mul_ps(weight, dose_in_units(t, places, places.count)));
        for (int k = i; k < row->count; ++k) row->dose_gy[k] += left[k - i];
        continue;
      }
      places.dose_gy[places.count / 8] = row->dose_gy + i;
      places.count += 8;
      if (places.count == TablePlaces::most) add_known(t, places, weight);
    }
  }
  add_known(t, places, weight);
  alignas(32) std::int32_t inside[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(inside), inside_lanes);
  return std::accumulate(inside, inside + 8, std::int64_t(0));
}

SBRT_AVX2 inline __m256 turned(const float* row, __m256 x, __m256 y, __m256 z) {
  return _mm256_add_ps(
      _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(row[0]), x), _mm256_mul_ps(_mm256_set1_ps(row[1]), y)),
      _mm256_mul_ps(_mm256_set1_ps(row[2]), z));
}

SBRT_AVX2 void dose_at(const FoldedTables::View& view, const Rotation& m, ScatteredPoints points, int count,
                       const float* depth_mm, float* gy_per_mu) {
  const Tables t = spread(view);
  TablePlaces places;
  for (int first = 0; first < count; first += TablePlaces::most) {
    const int end = std::min(count - first, TablePlaces::most);
    for (int i = 0; i < end; i += 8) {
      const __m256i lanes = first_lanes(end - i);
      const int at = first + i;
      const __m256 x = _mm256_maskload_ps(points.x + at, lanes), y = _mm256_maskload_ps(points.y + at, lanes),
                   z = _mm256_maskload_ps(points.z + at, lanes);
      locate(t, turned(m.x, x, y, z), turned(m.y, x, y, z), turned(m.z, x, y, z),
             _mm256_maskload_ps(depth_mm + at, lanes), _mm256_castsi256_ps(lanes), i, places);
    }
    for (int i = 0; i < end; i += 8) {
      const __m256 gy = _mm256_mul_ps(_mm256_set1_ps(view.unit), dose_in_units(t, places, i));
      if (i + 8 <= end)
        _mm256_storeu_ps(gy_per_mu + first + i, gy);
      else
        _mm256_maskstore_ps(gy_per_mu + first + i, first_lanes(end - i), gy);
    }
  }
}

SBRT_AVX2 inline __m256d four(const std::uint16_t* values) {
  return _mm256_cvtepi32_pd(_mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(values))));
}

SBRT_AVX2 void add_scaled(const PackedBlocks& blocks, double weight, double* sum) {
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    double* at = sum + std::size_t(blocks.place[b]) * PackedBlocks::points;
    const __m256d w = _mm256_set1_pd(weight * double(blocks.scale[b]));
    for (int i = 0; i < PackedBlocks::points; i += 4)
      _mm256_storeu_pd(at + i, _mm256_add_pd(_mm256_loadu_pd(at + i), _mm256_mul_pd(four(values + i), w)));
  }
}

SBRT_AVX2 void add_products(const PackedBlocks& blocks, const double* factor, double* lanes) {
  __m256d sum[4];
  for (int quarter = 0; quarter < 4; ++quarter) sum[quarter] = _mm256_loadu_pd(lanes + 4 * quarter);
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    const double* at = factor + std::size_t(blocks.place[b]) * PackedBlocks::points;
    __m256d part[4];
    for (__m256d& p : part) p = _mm256_setzero_pd();
    for (int i = 0; i < PackedBlocks::points; i += 16)
      for (int quarter = 0; quarter < 4; ++quarter)
        part[quarter] = _mm256_add_pd(
            part[quarter], _mm256_mul_pd(four(values + i + 4 * quarter), _mm256_loadu_pd(at + i + 4 * quarter)));
    const __m256d scale = _mm256_set1_pd(double(blocks.scale[b]));
    for (int quarter = 0; quarter < 4; ++quarter)
      sum[quarter] = _mm256_add_pd(sum[quarter], _mm256_mul_pd(scale, part[quarter]));
  }
  for (int quarter = 0; quarter < 4; ++quarter) _mm256_storeu_pd(lanes + 4 * quarter, sum[quarter]);
}

}  // namespace

RowKernel avx2() {
  const RayKernel rays = avx2_rays();
  return {rays.trace_planes, rays.trace, rays.depth, add_dose, dose_at, add_scaled, add_products};
}

}  // namespace sbrt::simd
#endif
