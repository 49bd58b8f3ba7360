// The inner loops of row_kernel_portable.cpp with AVX-512, sixteen points at once. Multiplications and additions stay
// apart so that the bytes are the same.
#include "dose/row_kernel.h"

#if defined(__x86_64__)
#include <cmath>
#include <immintrin.h>

#define SBRT_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw")))

namespace sbrt::simd {
namespace {

SBRT_AVX512 inline __m512 mix(__m512 a, __m512 b, __m512 f) {
  return _mm512_add_ps(a, _mm512_mul_ps(f, _mm512_sub_ps(b, a)));
}

SBRT_AVX512 inline __m512 clamp_index(__m512 x, __m512 last) {
  return _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), last);
}

SBRT_AVX512 inline __m512 numbers() { return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

SBRT_AVX512 inline __mmask16 first_lanes(int count) { return count >= 16 ? 0xffff : __mmask16((1u << count) - 1); }

/// Sixteen rays in registers.
struct Walk {
  __m512i next[3], between[3], move[3], index, at, leave;
  __m512 sum;
};

SBRT_AVX512 inline Walk load(const RayLanes& rays) {
  Walk w;
  for (int d = 0; d < 3; ++d) {
    w.next[d] = _mm512_load_si512(rays.next[d]);
    w.between[d] = _mm512_load_si512(rays.between[d]);
    w.move[d] = _mm512_load_si512(rays.move[d]);
  }
  w.index = _mm512_load_si512(rays.index);
  w.at = _mm512_load_si512(rays.at);
  w.leave = _mm512_load_si512(rays.leave);
  w.sum = _mm512_setzero_ps();
  return w;
}

SBRT_AVX512 inline void walk(const std::uint16_t* density, Walk& w, __m512i stop) {
  for (__mmask16 active = _mm512_cmplt_epi32_mask(w.at, stop); active;
       active = _mm512_mask_cmplt_epi32_mask(active, w.at, stop)) {
    const __m512i reach = _mm512_min_epi32(_mm512_min_epi32(w.next[0], w.next[1]), _mm512_min_epi32(w.next[2], stop));
    const __m512i pair = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), active, w.index, density, 2);
    const __m512 value = _mm512_cvtepi32_ps(_mm512_and_si512(pair, _mm512_set1_epi32(0xffff)));
    const __m512 length = _mm512_cvtepi32_ps(_mm512_sub_epi32(reach, w.at));
    w.sum = _mm512_mask_add_ps(w.sum, active, w.sum, _mm512_mul_ps(value, length));
    w.at = _mm512_mask_mov_epi32(w.at, active, reach);
    for (int d = 0; d < 3; ++d) {
      const __mmask16 crossed = _mm512_mask_cmpeq_epi32_mask(active, w.next[d], reach);
      w.index = _mm512_mask_add_epi32(w.index, crossed, w.index, w.move[d]);
      w.next[d] = _mm512_mask_add_epi32(w.next[d], crossed, w.next[d], w.between[d]);
    }
  }
}

SBRT_AVX512 void trace_planes(const std::uint16_t* density, RayLanes& rays, const std::int32_t* plane, int planes,
                              float* depth_mm, std::ptrdiff_t stride, std::int32_t* empty_planes) {
  Walk w = load(rays);
  const __m512 to_mm = _mm512_load_ps(rays.to_mm);
  __m512i empty = _mm512_setzero_si512();
  for (int p = 0; p < planes; ++p) {
    walk(density, w, _mm512_min_epi32(_mm512_set1_epi32(plane[p]), w.leave));
    _mm512_storeu_ps(depth_mm + p * stride, _mm512_mul_ps(w.sum, to_mm));
    const __mmask16 none = _mm512_cmp_ps_mask(w.sum, _mm512_setzero_ps(), _CMP_EQ_OQ);
    empty = _mm512_mask_add_epi32(empty, none, empty, _mm512_set1_epi32(1));
  }
  _mm512_storeu_si512(empty_planes, empty);
}

SBRT_AVX512 void trace(const std::uint16_t* density, RayLanes& rays, float* depth_mm) {
  Walk w = load(rays);
  walk(density, w, w.leave);
  _mm512_storeu_ps(depth_mm, _mm512_mul_ps(w.sum, _mm512_load_ps(rays.to_mm)));
}

SBRT_AVX512 inline __m512 values_at(const float* values, __m512i index) {
  alignas(64) std::int32_t at[16];
  alignas(64) float found[16];
  _mm512_store_si512(at, index);
  for (int lane = 0; lane < 16; ++lane) found[lane] = values[at[lane]];
  return _mm512_load_ps(found);
}

SBRT_AVX512 DepthRange depth(DepthRow* rows, int count, float shallow_mm) {
  __m512 low = _mm512_set1_ps(HUGE_VALF), high = _mm512_setzero_ps();
  for (DepthRow* row = rows; row < rows + count; ++row) {
    const FanLine& line = row->line;
    __mmask16 shallow = 0;
    const __m512 first = _mm512_set1_ps(line.first), step = _mm512_set1_ps(line.step);
    const __m512 last = _mm512_set1_ps(float(line.rays - 1)), across = _mm512_set1_ps(line.across);
    const __m512i last_ray = _mm512_set1_epi32(line.rays - 2), one = _mm512_set1_epi32(1);
    const bool within_32_rays = 15 * line.step < 29;
    __m512 n = numbers();
    for (int i = 0; i < row->count; i += 16, n = _mm512_add_ps(n, _mm512_set1_ps(16))) {
      const __mmask16 lanes = first_lanes(row->count - i);
      const __m512 u = clamp_index(_mm512_add_ps(first, _mm512_mul_ps(n, step)), last);
      const __m512i iu = _mm512_min_epi32(_mm512_cvttps_epi32(u), last_ray);
      const __m512 fu = _mm512_sub_ps(u, _mm512_cvtepi32_ps(iu));
      __m512 here, there;
      if (within_32_rays) {  // all rays of sixteen voxels fit into two registers
        const int base = _mm_cvtsi128_si32(_mm512_castsi512_si128(iu));
        const __m512 low_half = mix(_mm512_loadu_ps(line.near + base), _mm512_loadu_ps(line.far + base), across);
        const __m512 high_half =
            mix(_mm512_loadu_ps(line.near + base + 16), _mm512_loadu_ps(line.far + base + 16), across);
        const __m512i at = _mm512_sub_epi32(iu, _mm512_set1_epi32(base));
        here = _mm512_permutex2var_ps(low_half, at, high_half);
        there = _mm512_permutex2var_ps(low_half, _mm512_add_epi32(at, one), high_half);
      } else {
        here = mix(values_at(line.near, iu), values_at(line.far, iu), across);
        there = mix(values_at(line.near + 1, iu), values_at(line.far + 1, iu), across);
      }
      const __m512 d = mix(here, there, fu);
      _mm512_mask_storeu_ps(row->depth_mm + i, lanes, d);
      low = _mm512_mask_min_ps(low, lanes, low, d), high = _mm512_mask_max_ps(high, lanes, high, d);
      shallow |= _mm512_mask_cmp_ps_mask(_mm512_mask_cmp_ps_mask(lanes, d, _mm512_setzero_ps(), _CMP_GT_OQ), d,
                                         _mm512_set1_ps(shallow_mm), _CMP_LT_OQ);
    }
    row->shallow = shallow != 0;
  }
  return {_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high)};
}

/// Bilinear in sixteen cells. Cells are read one by one: a gather of eight bytes costs twice as much here.
SBRT_AVX512 inline __m512 in_cell(const FoldedTables::Cell* table, __m512i cell, __m512 along, __m512 across) {
  alignas(64) std::int32_t at[16];
  _mm512_store_si512(at, cell);
// These two loads may read any type.
#define SBRT_TWO_CELLS(i)                                                                                        \
  _mm_castps_pd(_mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(table + at[i]))), \
                             reinterpret_cast<const __m64*>(table + at[i + 1])))
#define SBRT_EIGHT_CELLS(i)                                                                                          \
  _mm512_insertf64x4(_mm512_castpd256_pd512(                                                                         \
                         _mm256_insertf128_pd(_mm256_castpd128_pd256(SBRT_TWO_CELLS(i)), SBRT_TWO_CELLS(i + 4), 1)), \
                     _mm256_insertf128_pd(_mm256_castpd128_pd256(SBRT_TWO_CELLS(i + 8)), SBRT_TWO_CELLS(i + 12), 1), \
                     1)
  const __m512 even = _mm512_castpd_ps(SBRT_EIGHT_CELLS(0)), odd = _mm512_castpd_ps(SBRT_EIGHT_CELLS(2));
#undef SBRT_EIGHT_CELLS
#undef SBRT_TWO_CELLS
  const __m512i row = _mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0x88));
  const __m512i next_row = _mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0xdd));
  const __m512i low = _mm512_set1_epi32(0xffff);
  const __m512 c0 = _mm512_cvtepi32_ps(_mm512_and_si512(row, low)), c1 = _mm512_cvtepi32_ps(_mm512_srli_epi32(row, 16));
  const __m512 c2 = _mm512_cvtepi32_ps(_mm512_and_si512(next_row, low)),
               c3 = _mm512_cvtepi32_ps(_mm512_srli_epi32(next_row, 16));
  return mix(mix(c0, c1, along), mix(c2, c3, along), across);
}

struct Tables {
  const FoldedTables::Cell *axis_dose, *ocr;
  struct Axis {
    __m512 scale, fine_from, fine_width, fine_scale, last;
  } depth, ocr_depth, radius;
  __m512 z_scale, z_shift, z_last, reach, reference;
  __m512i depths, radii;
};

SBRT_AVX512 inline Tables::Axis spread(const FoldedTables::Axis& axis) {
  return {_mm512_set1_ps(axis.scale), _mm512_set1_ps(axis.fine_from), _mm512_set1_ps(axis.fine_width),
          _mm512_set1_ps(axis.fine_scale), _mm512_set1_ps(axis.last)};
}

SBRT_AVX512 inline Tables spread(const FoldedTables::View& t) {
  Tables all;
  all.axis_dose = t.axis_dose, all.ocr = t.ocr;
  all.depth = spread(t.depth), all.ocr_depth = spread(t.ocr_depth), all.radius = spread(t.radius);
  all.z_scale = _mm512_set1_ps(t.z_scale), all.z_shift = _mm512_set1_ps(t.z_shift);
  all.z_last = _mm512_set1_ps(t.z_last);
  all.reach = _mm512_set1_ps(t.reach_mm), all.reference = _mm512_set1_ps(t.reference_distance_mm);
  all.depths = _mm512_set1_epi32(t.depth.cells), all.radii = _mm512_set1_epi32(t.radius.cells);
  return all;
}

/// Place among the nodes of an axis whose fine steps begin at 0.
SBRT_AVX512 inline __m512 place_from_zero(const Tables::Axis& axis, __m512 x) {
  const __m512 fine = _mm512_min_ps(x, axis.fine_width);
  return _mm512_min_ps(_mm512_add_ps(_mm512_mul_ps(x, axis.scale), _mm512_mul_ps(fine, axis.fine_scale)), axis.last);
}
SBRT_AVX512 inline __m512 place(const Tables::Axis& axis, __m512 x) {
  const __m512 fine = clamp_index(_mm512_sub_ps(x, axis.fine_from), axis.fine_width);
  return _mm512_min_ps(_mm512_add_ps(_mm512_mul_ps(x, axis.scale), _mm512_mul_ps(fine, axis.fine_scale)), axis.last);
}

SBRT_AVX512 inline __m512 fraction(__m512 x, __m512i cell) { return _mm512_sub_ps(x, _mm512_cvtepi32_ps(cell)); }

SBRT_AVX512 inline __m512 dose_in_units(const Tables& t, __m512 x, __m512 y, __m512 z, __m512 depth_mm,
                                        __mmask16& inside) {
  const __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1), z);
  const __m512 r = _mm512_sqrt_ps(_mm512_add_ps(_mm512_mul_ps(x, x), _mm512_mul_ps(y, y)));
  const __m512 r800 = _mm512_mul_ps(r, _mm512_mul_ps(t.reference, inverse));
  inside = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(r800, t.reach, _CMP_LE_OQ), z, _mm512_setzero_ps(), _CMP_GT_OQ);

  const __m512 depth = _mm512_max_ps(depth_mm, _mm512_setzero_ps());
  const __m512 d = place_from_zero(t.depth, depth);
  const __m512 q = clamp_index(_mm512_add_ps(_mm512_mul_ps(z, t.z_scale), t.z_shift), t.z_last);
  const __m512i id = _mm512_cvttps_epi32(d), iz = _mm512_cvttps_epi32(q);
  const __m512 on_axis =
      in_cell(t.axis_dose, _mm512_add_epi32(_mm512_mullo_epi32(iz, t.depths), id), fraction(d, id), fraction(q, iz));

  const __m512 e = place_from_zero(t.ocr_depth, depth);
  const __m512 k = place(t.radius, _mm512_max_ps(r800, _mm512_setzero_ps()));
  const __m512i ie = _mm512_cvttps_epi32(e), ik = _mm512_cvttps_epi32(k);
  const __m512 off_axis =
      in_cell(t.ocr, _mm512_add_epi32(_mm512_mullo_epi32(ie, t.radii), ik), fraction(k, ik), fraction(e, ie));
  return _mm512_mul_ps(_mm512_mul_ps(on_axis, off_axis), _mm512_mul_ps(inverse, inverse));
}

SBRT_AVX512 std::int64_t add_dose(const FoldedTables::View& view, const DoseRow* rows, int count, Step step,
                                  float weight_mu) {
  const Tables t = spread(view);
  const __m512 weight = _mm512_set1_ps(weight_mu * view.unit);
  const __m512 dx = _mm512_set1_ps(step.x), dy = _mm512_set1_ps(step.y), dz = _mm512_set1_ps(step.z);
  __m512i inside_lanes = _mm512_setzero_si512();
  for (const DoseRow* row = rows; row < rows + count; ++row) {
    __m512 n = numbers();
    for (int i = 0; i < row->count; i += 16, n = _mm512_add_ps(n, _mm512_set1_ps(16))) {
      const __mmask16 lanes = first_lanes(row->count - i);
      const __m512 x = _mm512_add_ps(_mm512_set1_ps(row->x), _mm512_mul_ps(n, dx));
      const __m512 y = _mm512_add_ps(_mm512_set1_ps(row->y), _mm512_mul_ps(n, dy));
      const __m512 z = _mm512_add_ps(_mm512_set1_ps(row->z), _mm512_mul_ps(n, dz));
      __mmask16 inside;
      const __m512 dose =
          _mm512_mul_ps(weight, dose_in_units(t, x, y, z, _mm512_maskz_loadu_ps(lanes, row->depth_mm + i), inside));
      inside &= lanes;
      inside_lanes = _mm512_mask_add_epi32(inside_lanes, inside, inside_lanes, _mm512_set1_epi32(1));
      const __m512 before = _mm512_maskz_loadu_ps(lanes, row->dose_gy + i);
      _mm512_mask_storeu_ps(row->dose_gy + i, inside, _mm512_add_ps(before, dose));
    }
  }
  return _mm512_reduce_add_epi32(inside_lanes);
}

SBRT_AVX512 inline __m512 turned(const float* row, __m512 x, __m512 y, __m512 z) {
  return _mm512_add_ps(
      _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(row[0]), x), _mm512_mul_ps(_mm512_set1_ps(row[1]), y)),
      _mm512_mul_ps(_mm512_set1_ps(row[2]), z));
}

SBRT_AVX512 void dose_at(const FoldedTables::View& view, const Rotation& m, ScatteredPoints points, int count,
                         const float* depth_mm, float* gy_per_mu) {
  const Tables t = spread(view);
  for (int i = 0; i < count; i += 16) {
    const __mmask16 lanes = first_lanes(count - i);
    const __m512 x = _mm512_maskz_loadu_ps(lanes, points.x + i), y = _mm512_maskz_loadu_ps(lanes, points.y + i),
                 z = _mm512_maskz_loadu_ps(lanes, points.z + i);
    __mmask16 inside;
    const __m512 dose = dose_in_units(t, turned(m.x, x, y, z), turned(m.y, x, y, z), turned(m.z, x, y, z),
                                      _mm512_maskz_loadu_ps(lanes, depth_mm + i), inside);
    _mm512_mask_storeu_ps(gy_per_mu + i, lanes, _mm512_maskz_mul_ps(inside, _mm512_set1_ps(view.unit), dose));
  }
}

SBRT_AVX512 inline __m512d eight(const std::uint16_t* values) {
  return _mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values))));
}

SBRT_AVX512 void add_scaled(const PackedBlocks& blocks, double weight, double* sum) {
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    double* at = sum + std::size_t(blocks.place[b]) * PackedBlocks::points;
    const __m512d w = _mm512_set1_pd(weight * double(blocks.scale[b]));
    for (int i = 0; i < PackedBlocks::points; i += 8)
      _mm512_storeu_pd(at + i, _mm512_add_pd(_mm512_loadu_pd(at + i), _mm512_mul_pd(eight(values + i), w)));
  }
}

SBRT_AVX512 void add_products(const PackedBlocks& blocks, const double* factor, double* lanes) {
  __m512d low = _mm512_loadu_pd(lanes), high = _mm512_loadu_pd(lanes + 8);
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    const double* at = factor + std::size_t(blocks.place[b]) * PackedBlocks::points;
    __m512d part_low = _mm512_setzero_pd(), part_high = _mm512_setzero_pd();
    for (int i = 0; i < PackedBlocks::points; i += 16) {
      part_low = _mm512_add_pd(part_low, _mm512_mul_pd(eight(values + i), _mm512_loadu_pd(at + i)));
      part_high = _mm512_add_pd(part_high, _mm512_mul_pd(eight(values + i + 8), _mm512_loadu_pd(at + i + 8)));
    }
    const __m512d scale = _mm512_set1_pd(double(blocks.scale[b]));
    low = _mm512_add_pd(low, _mm512_mul_pd(scale, part_low));
    high = _mm512_add_pd(high, _mm512_mul_pd(scale, part_high));
  }
  _mm512_storeu_pd(lanes, low);
  _mm512_storeu_pd(lanes + 8, high);
}

}  // namespace

RowKernel avx512() { return {trace_planes, trace, depth, add_dose, dose_at, add_scaled, add_products}; }

}  // namespace sbrt::simd
#endif
