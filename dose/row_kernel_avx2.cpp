// The inner loops of row_kernel_portable.cpp with AVX2, eight points at once. Multiplications and additions stay apart
// so that the bytes are the same.
#include "dose/row_kernel.h"

#if defined(__x86_64__)
#include <algorithm>
#include <cmath>
#include <immintrin.h>

#define SBRT_AVX2 __attribute__((target("avx2")))

namespace sbrt::simd {
namespace {

SBRT_AVX2 inline __m256 mix(__m256 a, __m256 b, __m256 f) {
  return _mm256_add_ps(a, _mm256_mul_ps(f, _mm256_sub_ps(b, a)));
}

SBRT_AVX2 inline __m256 clamp_index(__m256 x, __m256 last) {
  return _mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), last);
}

SBRT_AVX2 inline __m256 numbers() { return _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7); }

/// All bits of the first `count` lanes.
SBRT_AVX2 inline __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

SBRT_AVX2 inline __m256i at_lane(const std::int32_t* values) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(values));
}

/// Eight rays in registers.
struct Walk {
  __m256i next[3], between[3], move[3], index, at, leave;
  __m256 sum;
};

SBRT_AVX2 inline Walk load(const RayLanes& rays, int lane) {
  Walk w;
  for (int d = 0; d < 3; ++d) {
    w.next[d] = at_lane(rays.next[d] + lane);
    w.between[d] = at_lane(rays.between[d] + lane);
    w.move[d] = at_lane(rays.move[d] + lane);
  }
  w.index = at_lane(rays.index + lane);
  w.at = at_lane(rays.at + lane);
  w.leave = at_lane(rays.leave + lane);
  w.sum = _mm256_setzero_ps();
  return w;
}

SBRT_AVX2 inline void walk(const float* density, Walk& w, __m256i stop) {
  for (;;) {
    const __m256i active = _mm256_cmpgt_epi32(stop, w.at);
    if (_mm256_testz_si256(active, active)) return;
    const __m256i reach = _mm256_min_epi32(_mm256_min_epi32(w.next[0], w.next[1]), _mm256_min_epi32(w.next[2], stop));
    const __m256 value =
        _mm256_mask_i32gather_ps(_mm256_setzero_ps(), density, w.index, _mm256_castsi256_ps(active), 4);
    const __m256 length = _mm256_cvtepi32_ps(_mm256_sub_epi32(reach, w.at));
    w.sum = _mm256_blendv_ps(w.sum, _mm256_add_ps(w.sum, _mm256_mul_ps(value, length)), _mm256_castsi256_ps(active));
    w.at = _mm256_blendv_epi8(w.at, reach, active);
    for (int d = 0; d < 3; ++d) {
      const __m256i crossed = _mm256_and_si256(active, _mm256_cmpeq_epi32(w.next[d], reach));
      w.index = _mm256_add_epi32(w.index, _mm256_and_si256(crossed, w.move[d]));
      w.next[d] = _mm256_add_epi32(w.next[d], _mm256_and_si256(crossed, w.between[d]));
    }
  }
}

SBRT_AVX2 void trace_planes(const float* density, RayLanes& rays, const std::int32_t* plane, int planes,
                            float* depth_mm, std::ptrdiff_t stride, std::int32_t* empty_planes) {
  for (int lane = 0; lane < ray_lanes; lane += 8) {
    Walk w = load(rays, lane);
    const __m256 to_mm = _mm256_load_ps(rays.to_mm + lane);
    __m256i empty = _mm256_setzero_si256();
    for (int p = 0; p < planes; ++p) {
      walk(density, w, _mm256_min_epi32(_mm256_set1_epi32(plane[p]), w.leave));
      _mm256_storeu_ps(depth_mm + p * stride + lane, _mm256_mul_ps(w.sum, to_mm));
      const __m256 none = _mm256_cmp_ps(w.sum, _mm256_setzero_ps(), _CMP_EQ_OQ);
      empty = _mm256_sub_epi32(empty, _mm256_castps_si256(none));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(empty_planes + lane), empty);
  }
}

SBRT_AVX2 void trace(const float* density, RayLanes& rays, float* depth_mm) {
  for (int lane = 0; lane < ray_lanes; lane += 8) {
    Walk w = load(rays, lane);
    walk(density, w, w.leave);
    _mm256_storeu_ps(depth_mm + lane, _mm256_mul_ps(w.sum, _mm256_load_ps(rays.to_mm + lane)));
  }
}

SBRT_AVX2 inline float smallest(__m256 v) {
  alignas(32) float x[8];
  _mm256_store_ps(x, v);
  return *std::min_element(x, x + 8);
}
SBRT_AVX2 inline float largest(__m256 v) {
  alignas(32) float x[8];
  _mm256_store_ps(x, v);
  return *std::max_element(x, x + 8);
}

SBRT_AVX2 DepthRange depth(const FanLine& line, int count, float shallow_mm, float* depth_mm) {
  __m256 low = _mm256_set1_ps(HUGE_VALF), high = _mm256_setzero_ps(), shallow = _mm256_setzero_ps();
  const __m256 first = _mm256_set1_ps(line.first), step = _mm256_set1_ps(line.step);
  const __m256 last = _mm256_set1_ps(float(line.rays - 1)), across = _mm256_set1_ps(line.across);
  const __m256i last_ray = _mm256_set1_epi32(line.rays - 2), one = _mm256_set1_epi32(1);
  const bool within_8_rays = 7 * line.step < 5.5f;
  __m256 n = numbers();
  for (int i = 0; i < count; i += 8, n = _mm256_add_ps(n, _mm256_set1_ps(8))) {
    const __m256i lanes = first_lanes(count - i);
    const __m256 u = clamp_index(_mm256_add_ps(first, _mm256_mul_ps(n, step)), last);
    const __m256i iu = _mm256_min_epi32(_mm256_cvttps_epi32(u), last_ray);
    const __m256 fu = _mm256_sub_ps(u, _mm256_cvtepi32_ps(iu));
    __m256 here, there;
    if (within_8_rays) {  // all rays of eight voxels fit into one register
      const int base = _mm_cvtsi128_si32(_mm256_castsi256_si128(iu));
      const __m256 rays = mix(_mm256_loadu_ps(line.near + base), _mm256_loadu_ps(line.far + base), across);
      const __m256i at = _mm256_sub_epi32(iu, _mm256_set1_epi32(base));
      here = _mm256_permutevar8x32_ps(rays, at);
      there = _mm256_permutevar8x32_ps(rays, _mm256_add_epi32(at, one));
    } else {
      here = mix(_mm256_i32gather_ps(line.near, iu, 4), _mm256_i32gather_ps(line.far, iu, 4), across);
      there = mix(_mm256_i32gather_ps(line.near + 1, iu, 4), _mm256_i32gather_ps(line.far + 1, iu, 4), across);
    }
    const __m256 d = mix(here, there, fu), counts = _mm256_castsi256_ps(lanes);
    _mm256_maskstore_ps(depth_mm + i, lanes, d);
    low = _mm256_min_ps(low, _mm256_blendv_ps(low, d, counts));
    high = _mm256_max_ps(high, _mm256_and_ps(d, counts));
    shallow = _mm256_or_ps(
        shallow, _mm256_and_ps(counts, _mm256_and_ps(_mm256_cmp_ps(d, _mm256_setzero_ps(), _CMP_GT_OQ),
                                                     _mm256_cmp_ps(d, _mm256_set1_ps(shallow_mm), _CMP_LT_OQ))));
  }
  return {smallest(low), largest(high), _mm256_movemask_ps(shallow) != 0};
}

/// Bilinear in eight cells. Cells are read one by one: a gather of eight bytes costs twice as much.
SBRT_AVX2 inline __m256 in_cell(const FoldedTables::Cell* table, __m256i cell, __m256 along, __m256 across) {
  alignas(32) std::int32_t at[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(at), cell);
// These two loads may read any type.
#define SBRT_TWO_CELLS(i)                                                                                        \
  _mm_castps_pd(_mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(table + at[i]))), \
                             reinterpret_cast<const __m64*>(table + at[i + 1])))
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
  return mix(mix(c0, c1, along), mix(c2, c3, along), across);
}

SBRT_AVX2 inline __m256i cell_below(__m256 x, int cells) {
  return _mm256_min_epi32(_mm256_cvttps_epi32(x), _mm256_set1_epi32(cells - 1));
}
SBRT_AVX2 inline __m256 fraction(__m256 x, __m256i cell) { return _mm256_sub_ps(x, _mm256_cvtepi32_ps(cell)); }

SBRT_AVX2 inline __m256 dose_in_units(const FoldedTables::View& t, __m256 x, __m256 y, __m256 z, __m256 depth_mm,
                                      __m256& inside) {
  const __m256 inverse = _mm256_div_ps(_mm256_set1_ps(1), z);
  const __m256 r = _mm256_sqrt_ps(_mm256_add_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(y, y)));
  const __m256 r800 = _mm256_mul_ps(r, _mm256_mul_ps(_mm256_set1_ps(t.reference_distance_mm), inverse));
  inside = _mm256_and_ps(_mm256_cmp_ps(r800, _mm256_set1_ps(t.reach_mm), _CMP_LE_OQ),
                         _mm256_cmp_ps(z, _mm256_setzero_ps(), _CMP_GT_OQ));

  const __m256 d = clamp_index(_mm256_mul_ps(depth_mm, _mm256_set1_ps(t.depth_scale)), _mm256_set1_ps(float(t.depths)));
  const __m256 q = clamp_index(_mm256_add_ps(_mm256_mul_ps(z, _mm256_set1_ps(t.z_scale)), _mm256_set1_ps(t.z_shift)),
                               _mm256_set1_ps(float(t.distances)));
  const __m256i id = cell_below(d, t.depths), iz = cell_below(q, t.distances);
  const __m256 on_axis = in_cell(t.axis_dose, _mm256_add_epi32(_mm256_mullo_epi32(iz, _mm256_set1_epi32(t.depths)), id),
                                 fraction(d, id), fraction(q, iz));

  const __m256 e =
      clamp_index(_mm256_mul_ps(depth_mm, _mm256_set1_ps(t.ocr_depth_scale)), _mm256_set1_ps(float(t.ocr_depths)));
  const __m256 k = clamp_index(_mm256_mul_ps(r800, _mm256_set1_ps(t.radius_scale)), _mm256_set1_ps(float(t.radii)));
  const __m256i ie = cell_below(e, t.ocr_depths), ik = cell_below(k, t.radii);
  const __m256 off_axis = in_cell(t.ocr, _mm256_add_epi32(_mm256_mullo_epi32(ie, _mm256_set1_epi32(t.radii)), ik),
                                  fraction(k, ik), fraction(e, ie));
  return _mm256_mul_ps(_mm256_mul_ps(on_axis, off_axis), _mm256_mul_ps(inverse, inverse));
}

SBRT_AVX2 std::int64_t add_dose(const FoldedTables::View& t, LineOfPoints line, int count, const float* depth_mm,
                                float weight_mu, float* dose_gy) {
  const __m256 weight = _mm256_set1_ps(weight_mu * t.unit);
  std::int64_t inside_count = 0;
  __m256 n = numbers();
  for (int i = 0; i < count; i += 8, n = _mm256_add_ps(n, _mm256_set1_ps(8))) {
    const __m256i lanes = first_lanes(count - i);
    const __m256 x = _mm256_add_ps(_mm256_set1_ps(line.x), _mm256_mul_ps(n, _mm256_set1_ps(line.dx)));
    const __m256 y = _mm256_add_ps(_mm256_set1_ps(line.y), _mm256_mul_ps(n, _mm256_set1_ps(line.dy)));
    const __m256 z = _mm256_add_ps(_mm256_set1_ps(line.z), _mm256_mul_ps(n, _mm256_set1_ps(line.dz)));
    __m256 inside;
    const __m256 dose =
        _mm256_mul_ps(weight, dose_in_units(t, x, y, z, _mm256_maskload_ps(depth_mm + i, lanes), inside));
    inside = _mm256_and_ps(inside, _mm256_castsi256_ps(lanes));
    inside_count += __builtin_popcount(unsigned(_mm256_movemask_ps(inside)));
    const __m256 before = _mm256_maskload_ps(dose_gy + i, lanes);
    _mm256_maskstore_ps(dose_gy + i, _mm256_castps_si256(inside), _mm256_add_ps(before, dose));
  }
  return inside_count;
}

SBRT_AVX2 inline __m256 turned(const float* row, __m256 x, __m256 y, __m256 z) {
  return _mm256_add_ps(
      _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(row[0]), x), _mm256_mul_ps(_mm256_set1_ps(row[1]), y)),
      _mm256_mul_ps(_mm256_set1_ps(row[2]), z));
}

SBRT_AVX2 void dose_at(const FoldedTables::View& t, const Rotation& m, ScatteredPoints points, int count,
                       const float* depth_mm, float* gy_per_mu) {
  for (int i = 0; i < count; i += 8) {
    const __m256i lanes = first_lanes(count - i);
    const __m256 x = _mm256_maskload_ps(points.x + i, lanes), y = _mm256_maskload_ps(points.y + i, lanes),
                 z = _mm256_maskload_ps(points.z + i, lanes);
    __m256 inside;
    const __m256 dose = dose_in_units(t, turned(m.x, x, y, z), turned(m.y, x, y, z), turned(m.z, x, y, z),
                                      _mm256_maskload_ps(depth_mm + i, lanes), inside);
    _mm256_maskstore_ps(gy_per_mu + i, lanes, _mm256_and_ps(inside, _mm256_mul_ps(_mm256_set1_ps(t.unit), dose)));
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

RowKernel avx2() { return {trace_planes, trace, depth, add_dose, dose_at, add_scaled, add_products}; }

}  // namespace sbrt::simd
#endif
