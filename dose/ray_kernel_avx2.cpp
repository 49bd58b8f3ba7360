// Rays and fans of row_kernel_portable.cpp with AVX2.
#include "dose/avx2_lanes.h"

#if defined(__x86_64__)
#include <algorithm>
#include <cmath>

namespace sbrt::simd {
namespace {

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

/// Eight indices in memory: the compiler would else take each out of the register, which costs twice as much.
struct Indices {
  alignas(32) std::int32_t at[8];
  SBRT_AVX2 explicit Indices(__m256i index) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), index);
    asm volatile("" : "+m"(at));
  }
  SBRT_AVX2 std::int32_t operator[](int lane) const { return at[lane]; }
};

/// Loads one by one: AMD's gathers cost more.
SBRT_AVX2 inline __m256 values_at(const float* values, __m256i index) {
  const Indices at(index);
  return _mm256_setr_ps(values[at[0]], values[at[1]], values[at[2]], values[at[3]], values[at[4]], values[at[5]],
                        values[at[6]], values[at[7]]);
}

/// @pre one value more can be read behind each
SBRT_AVX2 inline __m256 densities_at(const std::uint16_t* density, __m256i index) {
  const Indices at(index);
  const auto pair = [&](int i) __attribute__((target("avx2"), always_inline)) {
    return _mm_loadu_si32(density + at[i]);
  };
  const auto four = [&](int i) __attribute__((target("avx2"), always_inline)) {
    return _mm_unpacklo_epi64(_mm_unpacklo_epi32(pair(i), pair(i + 1)), _mm_unpacklo_epi32(pair(i + 2), pair(i + 3)));
  };
  const __m256i pairs = _mm256_inserti128_si256(_mm256_castsi128_si256(four(0)), four(4), 1);
  return _mm256_cvtepi32_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(0xffff)));
}

/// Lanes that have reached `end`, or began behind it, go on in steps of length 0.
SBRT_AVX2 inline void walk(const std::uint16_t* density, Walk& w, __m256i end) {
  const __m256i stop = _mm256_max_epi32(end, w.at);
  for (;;) {
    const __m256i active = _mm256_cmpgt_epi32(stop, w.at);
    if (_mm256_testz_si256(active, active)) return;
    const __m256i reach = _mm256_min_epi32(_mm256_min_epi32(w.next[0], w.next[1]), _mm256_min_epi32(w.next[2], stop));
    const __m256 value = densities_at(density, _mm256_and_si256(w.index, active));
    const __m256 length = _mm256_cvtepi32_ps(_mm256_sub_epi32(reach, w.at));
    w.sum = _mm256_add_ps(w.sum, _mm256_mul_ps(value, length));
    w.at = reach;
    for (int d = 0; d < 3; ++d) {
      const __m256i crossed = _mm256_cmpeq_epi32(w.next[d], reach);
      w.index = _mm256_add_epi32(w.index, _mm256_and_si256(crossed, w.move[d]));
      w.next[d] = _mm256_add_epi32(w.next[d], _mm256_and_si256(crossed, w.between[d]));
    }
  }
}

SBRT_AVX2 void trace_planes(const std::uint16_t* density, RayLanes& rays, const std::int32_t* plane, int planes,
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

SBRT_AVX2 void trace(const std::uint16_t* density, RayLanes& rays, float* depth_mm) {
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

/// Interpolates eight voxels of a line of a fan.
class FanReader {
 public:
  SBRT_AVX2 explicit FanReader(const FanLine& line)
      : line_(line),
        first_(_mm256_set1_ps(line.first)),
        step_(_mm256_set1_ps(line.step)),
        last_(_mm256_set1_ps(float(line.rays - 1))),
        across_(_mm256_set1_ps(line.across)),
        last_ray_(_mm256_set1_epi32(line.rays - 2)),
        within_8_rays_(7 * line.step < 5.5f) {}

  SBRT_AVX2 __m256 at(__m256 n) const {
    const __m256 u = clamp_index(_mm256_add_ps(first_, _mm256_mul_ps(n, step_)), last_);
    const __m256i iu = _mm256_min_epi32(_mm256_cvttps_epi32(u), last_ray_);
    const __m256 fu = _mm256_sub_ps(u, _mm256_cvtepi32_ps(iu));
    if (within_8_rays_) {  // all rays of eight voxels fit into one register
      const int base = _mm_cvtsi128_si32(_mm256_castsi256_si128(iu));
      const __m256 rays = mix(_mm256_loadu_ps(line_.near + base), _mm256_loadu_ps(line_.far + base), across_);
      const __m256i at = _mm256_sub_epi32(iu, _mm256_set1_epi32(base));
      return mix(_mm256_permutevar8x32_ps(rays, at),
                 _mm256_permutevar8x32_ps(rays, _mm256_add_epi32(at, _mm256_set1_epi32(1))), fu);
    }
    return mix(mix(values_at(line_.near, iu), values_at(line_.far, iu), across_),
               mix(values_at(line_.near + 1, iu), values_at(line_.far + 1, iu), across_), fu);
  }

 private:
  const FanLine& line_;
  __m256 first_, step_, last_, across_;
  __m256i last_ray_;
  bool within_8_rays_;
};

SBRT_AVX2 inline __m256 is_shallow(__m256 depth_mm, float shallow_mm) {
  return _mm256_and_ps(_mm256_cmp_ps(depth_mm, _mm256_setzero_ps(), _CMP_GT_OQ),
                       _mm256_cmp_ps(depth_mm, _mm256_set1_ps(shallow_mm), _CMP_LT_OQ));
}

SBRT_AVX2 DepthRange depth(DepthRow* rows, int count, float shallow_mm) {
  __m256 low = _mm256_set1_ps(HUGE_VALF), high = _mm256_setzero_ps();
  for (DepthRow* row = rows; row < rows + count; ++row) {
    const FanReader fan(row->line);
    __m256 n = numbers(), shallow = _mm256_setzero_ps();
    for (int i = 0; i < row->count; i += 8, n = _mm256_add_ps(n, _mm256_set1_ps(8))) {
      const __m256 d = fan.at(n), lanes = _mm256_castsi256_ps(first_lanes(row->count - i));
      _mm256_storeu_ps(row->depth_mm + i, d);
      low = _mm256_min_ps(low, _mm256_blendv_ps(low, d, lanes));
      high = _mm256_max_ps(high, _mm256_and_ps(d, lanes));
      shallow = _mm256_or_ps(shallow, _mm256_and_ps(lanes, is_shallow(d, shallow_mm)));
    }
    row->shallow = _mm256_movemask_ps(shallow) != 0;
  }
  return {smallest(low), largest(high)};
}

}  // namespace

RayKernel avx2_rays() { return {trace_planes, trace, depth}; }

}  // namespace sbrt::simd
#endif
