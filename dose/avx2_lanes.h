/// What the inner loops with AVX2 share. Eight lanes; multiplications and additions stay apart, so that the bytes are
/// those of row_kernel_portable.cpp.
#pragma once

#include "dose/row_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define SBRT_AVX2 __attribute__((target("avx2")))

namespace sbrt::simd {

/// Those of a RowKernel that walk rays and read fans.
struct RayKernel {
  decltype(RowKernel::trace_planes) trace_planes;
  decltype(RowKernel::trace) trace;
  decltype(RowKernel::depth) depth;
};
RayKernel avx2_rays();

/// a + f (b - a)
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

}  // namespace sbrt::simd
#endif
