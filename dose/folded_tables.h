/// The tables of one collimator, resampled to even steps for the fast path.
#pragma once

#include "dose/beam_tables.h"

#include <cstdint>
#include <vector>

namespace sbrt {

/// Two tables: axis dose (distance x depth) = 0.01 Gy * OF(c, z) * TPR(c z / 800, d) * 800^2, to be divided by z^2, and
/// off-axis ratio (depth x radius). Steps are even, with one stretch of finer ones in the build-up and in the penumbra:
/// as few as keep each resampled table within `tolerance`, so that the tables stay in the processor's nearest caches.
/// Nodes beside all steps (the finest: 0.125 and 0.5 mm of depth, 0.05 mm of radius) err by what the finest leaves.
/// Values are 16-bit multiples of 1/65535 of the table's maximum. The four corners of a cell lie together, so that one
/// read of eight bytes brings all that a bilinear interpolation needs.
class FoldedTables {
 public:
  static constexpr double tolerance = 1e-4;  //!< of 1, in TPR and OCR

  /// @param z_low_mm,z_high_mm distances that occur
  FoldedTables(const BeamData::Tables& tables, std::size_t collimator, double z_low_mm, double z_high_mm);

  /// Corners of cell (row, column) from the lowest bits: (row, column), (row, column + 1), (row + 1, column),
  /// (row + 1, column + 1).
  using Cell = std::uint64_t;
  /// Place of a coordinate x >= 0 among the nodes: x * scale + clamp(x - fine_from, 0, fine_width) * fine_scale, at
  /// most `last`.
  struct Axis {
    float scale, fine_from, fine_width, fine_scale, last;
    int cells;  //!< as many as nodes: behind the last lies one of its value
  };
  struct View {
    const Cell* axis_dose;  //!< [distance][depth]
    const Cell* ocr;        //!< [depth][radius]
    Axis depth, ocr_depth;  //!< fine from 0 on
    Axis radius;
    float z_scale, z_shift, z_last;  //!< place = z * scale + shift, in 0 ... last
    float unit;                      //!< of the product of two 16-bit values: Gy mm^2 / MU
    float reach_mm;                  //!< largest radius at the reference distance
    float reference_distance_mm;
  };
  View view() const;

  double reach_mm() const { return double(view_.reach_mm); }
  /// Limits of the tables; outside them a value is clamped and counted.
  double depth_low_mm = 0, depth_high_mm = 0, z_low_of_field_mm = 0, z_high_of_field_mm = 0, z_low_of_distance_mm = 0,
         z_high_of_distance_mm = 0;

 private:
  std::vector<Cell> axis_dose_, ocr_;
  View view_{};  //!< but for its pointers
};

}  // namespace sbrt
