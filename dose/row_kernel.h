/// The fast path's inner loops: depth and dose of consecutive points on a straight line.
#pragma once

#include "dose/depth_fan.h"
#include "dose/dose_engine.h"
#include "dose/folded_tables.h"

#include <cstdint>

namespace sbrt {

/// start + i * step, i = 0, 1, ...; in the frame of a source or a beam [mm]
struct LineOfPoints {
  float x, y, z;
  float dx, dy, dz;
};

/// The instruction set of the inner loops. All give the same bytes: each point's operations are the same IEEE
/// operations in the same order.
enum class SimdPath { portable, avx2, avx512 };
const char* to_string(SimdPath path);  ///< "portable", "avx2", "avx512"
SimdPath best_simd_path();             ///< widest that this processor has

struct RowKernel {
  /// Depth [mm] from the fan at `count` points given in the fan's frame (x = u, y = v, z = w).
  void (*depth)(const DepthFan::View& fan, LineOfPoints line, int count, float* depth_mm);
  /// dose += weight * eq. (6) at `count` points given in the beam's frame (z along its axis).
  /// @return number of points within the largest radius
  std::int64_t (*add_dose)(const FoldedTables::View& tables, LineOfPoints line, int count, const float* depth_mm,
                           float weight_mu, float* dose_gy);
};
const RowKernel& row_kernel(SimdPath path);

/// @throws InputError when the processor lacks the chosen instructions
SimdPath resolve(SimdChoice choice);

}  // namespace sbrt
