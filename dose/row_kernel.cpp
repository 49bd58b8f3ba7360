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

/// Trilinear depth at one point of the fan's frame.
SBRT_INLINE float fan_depth(const DepthFan::View& fan, const float* __restrict table, float x, float y, float w) {
  const int column_stride = fan.planes, row_stride = fan.planes * fan.columns;
  const float inverse = 1.0f / w;
  const float u = clamp_index(x * inverse * fan.u_scale + fan.u_shift, float(fan.columns - 1));
  const float v = clamp_index(y * inverse * fan.v_scale + fan.v_shift, float(fan.rows - 1));
  const float p = clamp_index(w * fan.w_scale + fan.w_shift, float(fan.planes - 1));
  const int iu = std::min(int(u), fan.columns - 2), iv = std::min(int(v), fan.rows - 2),
            ip = std::min(int(p), fan.planes - 2);
  const float fu = u - float(iu), fv = v - float(iv), fp = p - float(ip);
  const int at = iv * row_stride + iu * column_stride + ip;
  const float near_near = mix(table[at], table[at + 1], fp);
  const float near_far = mix(table[at + column_stride], table[at + column_stride + 1], fp);
  const float far_near = mix(table[at + row_stride], table[at + row_stride + 1], fp);
  const float far_far = mix(table[at + row_stride + column_stride], table[at + row_stride + column_stride + 1], fp);
  return mix(mix(near_near, near_far, fu), mix(far_near, far_far, fu), fv);
}

/// Eq. (6) per MU at one point of the beam's frame; `inside` says whether it lies within the largest radius.
SBRT_INLINE float dose_per_mu(const FoldedTables::View& t, const float* __restrict axis_dose,
                              const float* __restrict ocr, float x, float y, float z, float depth_mm, bool& inside) {
  const float inverse = 1.0f / z;
  const float r800 = std::sqrt(x * x + y * y) * (t.reference_distance_mm * inverse);  // (2), (3)
  inside = r800 <= t.reach_mm && z > 0.0f;

  const float d = clamp_index(depth_mm * t.depth_scale, float(t.depths - 1));
  const float q = clamp_index(z * t.z_scale + t.z_shift, float(t.distances - 1));
  const int id = std::min(int(d), t.depths - 2), iz = std::min(int(q), t.distances - 2);
  const float fd = d - float(id), fz = q - float(iz);
  const int a = iz * t.depths + id;
  const float on_axis =
      mix(mix(axis_dose[a], axis_dose[a + 1], fd), mix(axis_dose[a + t.depths], axis_dose[a + t.depths + 1], fd), fz);

  const float e = clamp_index(depth_mm * t.ocr_depth_scale, float(t.ocr_depths - 1));
  const float r = clamp_index(r800 * t.radius_scale, float(t.radii - 1));
  const int ie = std::min(int(e), t.ocr_depths - 2), ir = std::min(int(r), t.radii - 2);
  const float fe = e - float(ie), fr = r - float(ir);
  const int o = ie * t.radii + ir;
  const float off_axis = mix(mix(ocr[o], ocr[o + 1], fr), mix(ocr[o + t.radii], ocr[o + t.radii + 1], fr), fe);
  return on_axis * off_axis * (inverse * inverse);  // (6)
}

SBRT_INLINE void depth_body(const DepthFan::View& fan, LineOfPoints line, int count, float* __restrict depth_mm) {
  const float* __restrict table = fan.depth_mm;
#pragma omp simd
  for (int i = 0; i < count; ++i) {
    const float n = float(i);
    depth_mm[i] = fan_depth(fan, table, line.x + n * line.dx, line.y + n * line.dy, line.z + n * line.dz);
  }
}

SBRT_INLINE std::int64_t dose_body(const FoldedTables::View& t, LineOfPoints line, int count,
                                   const float* __restrict depth_mm, float weight_mu, float* __restrict dose_gy) {
  const float* __restrict axis_dose = t.axis_dose;
  const float* __restrict ocr = t.ocr;
  int inside_count = 0;
#pragma omp simd reduction(+ : inside_count)
  for (int i = 0; i < count; ++i) {
    const float n = float(i);
    bool inside;
    const float dose = weight_mu * dose_per_mu(t, axis_dose, ocr, line.x + n * line.dx, line.y + n * line.dy,
                                               line.z + n * line.dz, depth_mm[i], inside);  // (1)
    dose_gy[i] += inside ? dose : 0.0f;
    inside_count += inside ? 1 : 0;
  }
  return inside_count;
}

SBRT_INLINE void depth_at_body(const DepthFan::View& fan, ScatteredPoints points, int count,
                               float* __restrict depth_mm) {
  const float* __restrict table = fan.depth_mm;
#pragma omp simd
  for (int i = 0; i < count; ++i) depth_mm[i] = fan_depth(fan, table, points.x[i], points.y[i], points.z[i]);
}

SBRT_INLINE void dose_at_body(const FoldedTables::View& t, const Rotation& m, ScatteredPoints points, int count,
                              const float* __restrict depth_mm, float* __restrict gy_per_mu) {
  const float* __restrict axis_dose = t.axis_dose;
  const float* __restrict ocr = t.ocr;
#pragma omp simd
  for (int i = 0; i < count; ++i) {
    const float x = points.x[i], y = points.y[i], z = points.z[i];
    bool inside;
    const float dose =
        dose_per_mu(t, axis_dose, ocr, m.x[0] * x + m.x[1] * y + m.x[2] * z, m.y[0] * x + m.y[1] * y + m.y[2] * z,
                    m.z[0] * x + m.z[1] * y + m.z[2] * z, depth_mm[i], inside);
    gy_per_mu[i] = inside ? dose : 0.0f;
  }
}

// The same bodies, compiled once per instruction set.
#define SBRT_KERNELS(suffix, target)                                                                                  \
  target void depth_##suffix(const DepthFan::View& fan, LineOfPoints line, int count, float* depth_mm) {              \
    depth_body(fan, line, count, depth_mm);                                                                           \
  }                                                                                                                   \
  target std::int64_t dose_##suffix(const FoldedTables::View& t, LineOfPoints line, int count, const float* depth_mm, \
                                    float weight_mu, float* dose_gy) {                                                \
    return dose_body(t, line, count, depth_mm, weight_mu, dose_gy);                                                   \
  }                                                                                                                   \
  target void depth_at_##suffix(const DepthFan::View& fan, ScatteredPoints points, int count, float* depth_mm) {      \
    depth_at_body(fan, points, count, depth_mm);                                                                      \
  }                                                                                                                   \
  target void dose_at_##suffix(const FoldedTables::View& t, const Rotation& to_beam, ScatteredPoints points,          \
                               int count, const float* depth_mm, float* gy_per_mu) {                                  \
    dose_at_body(t, to_beam, points, count, depth_mm, gy_per_mu);                                                     \
  }                                                                                                                   \
  constexpr RowKernel kernel_##suffix{depth_##suffix, dose_##suffix, depth_at_##suffix, dose_at_##suffix};

SBRT_KERNELS(portable, )
#if defined(__x86_64__)
SBRT_KERNELS(avx2, __attribute__((target("avx2"))))
SBRT_KERNELS(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512"))))
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
#if defined(__x86_64__)
  if (path == SimdPath::avx512) return kernel_avx512;
  if (path == SimdPath::avx2) return kernel_avx2;
#endif
  (void)path;
  return kernel_portable;
}

}  // namespace sbrt
