/// The fast path's inner loops, once per instruction set.
#pragma once

#include "dose/dose_engine.h"
#include "dose/folded_tables.h"
#include "dose/ray_lanes.h"

#include <cstddef>
#include <cstdint>

namespace sbrt {

/// Points first + i * step, i = 0 ... count - 1, in a beam's frame (z along its axis) [mm], and their doses.
struct DoseRow {
  float x, y, z;  //!< of the first
  int count;
  const float* depth_mm;  //!< `padded(count)` can be read
  float* dose_gy;
  /// Doses from dose_gy on that nobody else touches meanwhile; those behind `count` keep their values.
  std::ptrdiff_t room;
};
struct Step {
  float x, y, z;
};

struct ScatteredPoints {
  const float *x, *y, *z;
};

/// Rows of the matrix that turns coordinates of one frame at the source into those of another.
struct Rotation {
  float x[3], y[3], z[3];
};

/// Where a line of voxels lies in one plane of a depth fan: between two lines of rays.
struct FanLine {
  const float *near, *far;  //!< depths along the two lines [mm]; at least 32 more values can be read behind them
  float across;             //!< fraction of the way from near to far
  float first, step;        //!< place of voxel 0, 1, ... along the lines, in rays
  int rays;                 //!< in a line
};

/// Voxels of a line whose depths are wanted.
struct DepthRow {
  FanLine line;
  int count;
  float* depth_mm;  //!< has room for `padded(count)`
  bool shallow;     //!< set: some depth lies above 0 and below the limit
};

struct DepthRange {
  float low, high;  //!< [mm]
};

/// Values of some points of the influence matrix: 64 per block, in multiples of the block's scale.
struct PackedBlocks {
  static constexpr int points = 64;
  const std::uint16_t* values;
  const float* scale;
  const std::uint32_t* place;  //!< the block's first point is 64 * place
  int count;                   //!< of blocks
};

/// The instruction set of the inner loops. All give the same bytes: each point's operations are the same IEEE
/// operations in the same order.
enum class SimdPath { portable, avx2, avx512 };
const char* to_string(SimdPath path);  ///< "portable", "avx2", "avx512"
SimdPath best_simd_path();             ///< widest that this processor has

/// Values that whole registers of the widest instruction set take.
constexpr int padded(int count) { return (count + 15) / 16 * 16; }

struct RowKernel {
  /// Walks the rays to the end of the map. At each of `planes` ascending places [ticks] their depths are stored:
  /// depth_mm[plane * stride + lane]. empty_planes[lane] counts the planes of depth 0.
  void (*trace_planes)(const std::uint16_t* density, RayLanes& rays, const std::int32_t* plane, int planes,
                       float* depth_mm, std::ptrdiff_t stride, std::int32_t* empty_planes);
  /// Depth [mm] of every ray at its own end.
  void (*trace)(const std::uint16_t* density, RayLanes& rays, float* depth_mm);
  /// Depths [mm] of rows of voxels, from the fan. @return their range
  DepthRange (*depth)(DepthRow* rows, int count, float shallow_mm);
  /// dose += weight * eq. (6). Many rows at a time hide what one of them waits for.
  /// @return number of points within the largest radius
  std::int64_t (*add_dose)(const FoldedTables::View& tables, const DoseRow* rows, int count, Step step,
                           float weight_mu);
  /// Dose per MU at scattered points given in any frame at the source; 0 beyond the largest radius and behind the
  /// source.
  void (*dose_at)(const FoldedTables::View& tables, const Rotation& to_beam, ScatteredPoints points, int count,
                  const float* depth_mm, float* gy_per_mu);
  /// sum[point] += weight * value
  void (*add_scaled)(const PackedBlocks& blocks, double weight, double* sum);
  /// lanes[point % 16] += value * factor[point]; points ascend, each block is summed before its scale is applied
  void (*add_products)(const PackedBlocks& blocks, const double* factor, double* lanes);
};
const RowKernel& row_kernel(SimdPath path);

/// @throws InputError when the processor lacks the chosen instructions
SimdPath resolve(SimdChoice choice);

namespace simd {  // one file each
RowKernel portable();
RowKernel avx2();
RowKernel avx512();
}  // namespace simd

}  // namespace sbrt
