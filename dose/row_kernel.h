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

struct ScatteredPoints {
  const float *x, *y, *z;
};

/// Rows of the matrix that turns coordinates of one frame at the source into those of another.
struct Rotation {
  float x[3], y[3], z[3];
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
  /// As `depth`, at scattered points.
  void (*depth_at)(const DepthFan::View& fan, ScatteredPoints points, int count, float* depth_mm);
  /// Dose per MU at scattered points given in any frame at the source; 0 beyond the largest radius and behind the
  /// source.
  void (*dose_at)(const FoldedTables::View& tables, const Rotation& to_beam, ScatteredPoints points, int count,
                  const float* depth_mm, float* gy_per_mu);
};
const RowKernel& row_kernel(SimdPath path);

/// @throws InputError when the processor lacks the chosen instructions
SimdPath resolve(SimdChoice choice);

}  // namespace sbrt
