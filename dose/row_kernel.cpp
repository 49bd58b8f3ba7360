#include "dose/row_kernel.h"

#include "geometry/error.h"

#include <string>

namespace sbrt {

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
  static const RowKernel avx512 = simd::avx512(), avx2 = simd::avx2();
  if (path == SimdPath::avx512) return avx512;
  if (path == SimdPath::avx2) return avx2;
#endif
  (void)path;
  static const RowKernel portable = simd::portable();
  return portable;
}

}  // namespace sbrt
