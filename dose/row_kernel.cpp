#include "dose/row_kernel.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>
#include <string>

// Compiled without errno from sqrt and without trapping arithmetic so that the loops vectorise; no value changes.

namespace sbrt {
namespace {

#define SBRT_INLINE inline __attribute__((always_inline))

SBRT_INLINE float mix(float a, float b, float f) { return a + f * (b - a); }

SBRT_INLINE float clamp_index(float x, float last) { return std::min(std::max(x, 0.0f), last); }

SBRT_INLINE void depth_body(const DepthFan::View& fan, LineOfPoints line, int count, float* __restrict depth_mm) {
  const float* __restrict table = fan.depth_mm;
  const int column_stride = fan.planes, row_stride = fan.planes * fan.columns;
  const int last_column = fan.columns - 2, last_row = fan.rows - 2, last_plane = fan.planes - 2;
#pragma omp simd
  for (int i = 0; i < count; ++i) {
    const float n = float(i);
    const float w = line.z + n * line.dz;
    const float inverse = 1.0f / w;
    const float u = clamp_index((line.x + n * line.dx) * inverse * fan.u_scale + fan.u_shift, float(fan.columns - 1));
    const float v = clamp_index((line.y + n * line.dy) * inverse * fan.v_scale + fan.v_shift, float(fan.rows - 1));
    const float p = clamp_index(w * fan.w_scale + fan.w_shift, float(fan.planes - 1));
    const int iu = std::min(int(u), last_column), iv = std::min(int(v), last_row), ip = std::min(int(p), last_plane);
    const float fu = u - float(iu), fv = v - float(iv), fp = p - float(ip);
    const int at = iv * row_stride + iu * column_stride + ip;
    const float near_near = mix(table[at], table[at + 1], fp);
    const float near_far = mix(table[at + column_stride], table[at + column_stride + 1], fp);
    const float far_near = mix(table[at + row_stride], table[at + row_stride + 1], fp);
    const float far_far = mix(table[at + row_stride + column_stride], table[at + row_stride + column_stride + 1], fp);
    depth_mm[i] = mix(mix(near_near, near_far, fu), mix(far_near, far_far, fu), fv);
  }
}

SBRT_INLINE std::int64_t dose_body(const FoldedTables::View& t, LineOfPoints line, int count,
                                   const float* __restrict depth_mm, float weight_mu, float* __restrict dose_gy) {
  const float* __restrict axis_dose = t.axis_dose;
  const float* __restrict ocr = t.ocr;
  const int last_depth = t.depths - 2, last_z = t.distances - 2, last_ocr_depth = t.ocr_depths - 2,
            last_radius = t.radii - 2;
  int inside_count = 0;
#pragma omp simd reduction(+ : inside_count)
  for (int i = 0; i < count; ++i) {
    const float n = float(i);
    const float x = line.x + n * line.dx, y = line.y + n * line.dy, z = line.z + n * line.dz;  // (1)
    const float inverse = 1.0f / z;
    const float r800 = std::sqrt(x * x + y * y) * (t.reference_distance_mm * inverse);  // (2), (3)
    const bool inside = r800 <= t.reach_mm;

    const float d = clamp_index(depth_mm[i] * t.depth_scale, float(t.depths - 1));
    const float q = clamp_index(z * t.z_scale + t.z_shift, float(t.distances - 1));
    const int id = std::min(int(d), last_depth), iz = std::min(int(q), last_z);
    const float fd = d - float(id), fz = q - float(iz);
    const int a = iz * t.depths + id;
    const float on_axis =
        mix(mix(axis_dose[a], axis_dose[a + 1], fd), mix(axis_dose[a + t.depths], axis_dose[a + t.depths + 1], fd), fz);

    const float e = clamp_index(depth_mm[i] * t.ocr_depth_scale, float(t.ocr_depths - 1));
    const float r = clamp_index(r800 * t.radius_scale, float(t.radii - 1));
    const int ie = std::min(int(e), last_ocr_depth), ir = std::min(int(r), last_radius);
    const float fe = e - float(ie), fr = r - float(ir);
    const int o = ie * t.radii + ir;
    const float off_axis = mix(mix(ocr[o], ocr[o + 1], fr), mix(ocr[o + t.radii], ocr[o + t.radii + 1], fr), fe);

    const float dose = weight_mu * on_axis * off_axis * (inverse * inverse);  // (6)
    dose_gy[i] += inside ? dose : 0.0f;
    inside_count += inside ? 1 : 0;
  }
  return inside_count;
}

void depth_portable(const DepthFan::View& fan, LineOfPoints line, int count, float* depth_mm) {
  depth_body(fan, line, count, depth_mm);
}
std::int64_t dose_portable(const FoldedTables::View& t, LineOfPoints line, int count, const float* depth_mm,
                           float weight_mu, float* dose_gy) {
  return dose_body(t, line, count, depth_mm, weight_mu, dose_gy);
}

#if defined(__x86_64__)
#define SBRT_AVX2 __attribute__((target("avx2")))
#define SBRT_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")))

SBRT_AVX2 void depth_avx2(const DepthFan::View& fan, LineOfPoints line, int count, float* depth_mm) {
  depth_body(fan, line, count, depth_mm);
}
SBRT_AVX2 std::int64_t dose_avx2(const FoldedTables::View& t, LineOfPoints line, int count, const float* depth_mm,
                                 float weight_mu, float* dose_gy) {
  return dose_body(t, line, count, depth_mm, weight_mu, dose_gy);
}
SBRT_AVX512 void depth_avx512(const DepthFan::View& fan, LineOfPoints line, int count, float* depth_mm) {
  depth_body(fan, line, count, depth_mm);
}
SBRT_AVX512 std::int64_t dose_avx512(const FoldedTables::View& t, LineOfPoints line, int count, const float* depth_mm,
                                     float weight_mu, float* dose_gy) {
  return dose_body(t, line, count, depth_mm, weight_mu, dose_gy);
}
#endif

}  // namespace

const char* to_string(SimdPath path) {
  return path == SimdPath::avx512 ? "avx512" : path == SimdPath::avx2 ? "avx2" : "portable";
}

SimdPath best_simd_path() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw"))
    return SimdPath::avx512;
  if (__builtin_cpu_supports("avx2")) return SimdPath::avx2;
#endif
  return SimdPath::portable;
}

SimdPath resolve(SimdChoice choice) {
  const SimdPath best = best_simd_path();
  const SimdPath wanted = choice == SimdChoice::portable ? SimdPath::portable
                          : choice == SimdChoice::avx2   ? SimdPath::avx2
                          : choice == SimdChoice::avx512 ? SimdPath::avx512
                                                         : best;
  if (wanted > best)
    throw InputError(std::string("this processor has no ") + to_string(wanted) + " instructions", "",
                     std::string("the widest it has is ") + to_string(best), "leave the choice to the program");
  return wanted;
}

const RowKernel& row_kernel(SimdPath path) {
  static const RowKernel portable{depth_portable, dose_portable};
#if defined(__x86_64__)
  static const RowKernel avx2{depth_avx2, dose_avx2}, avx512{depth_avx512, dose_avx512};
  if (path == SimdPath::avx512) return avx512;
  if (path == SimdPath::avx2) return avx2;
#endif
  (void)path;
  return portable;
}

}  // namespace sbrt
