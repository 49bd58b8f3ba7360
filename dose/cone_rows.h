/// Which voxels of a grid lie inside a beam's cone, row by row.
#pragma once

#include "dose/beam_groups.h"
#include "dose/row_kernel.h"
#include "geometry/grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sbrt {

/// Half-open range of indices.
struct IndexRange {
  int begin = 0, end = 0;
  bool empty() const { return begin >= end; }
};

/// Coordinates of voxel (i, j, k) in a frame at a source: origin + i step_i + j step_j + k step_k [mm].
struct GridInFrame {
  using V = std::array<double, 3>;
  V origin, step_i, step_j, step_k;

  /// @param swapped i and j change places, so that a row runs along the grid's j
  GridInFrame(const Grid& grid, const SourceFrame& frame, bool swapped = false) {
    const auto in_frame = [&](PatientVec d) { return V{dot(d, frame.u), dot(d, frame.v), dot(d, frame.w)}; };
    origin = in_frame(grid.origin() - frame.source);
    step_i = in_frame(grid.to_patient(VoxelVec{1, 0, 0}));
    step_j = in_frame(grid.to_patient(VoxelVec{0, 1, 0}));
    step_k = in_frame(grid.to_patient(VoxelVec{0, 0, 1}));
    if (swapped) std::swap(step_i, step_j);
  }
  V at(double i, double j, double k) const {
    V p;
    for (int d = 0; d < 3; ++d) p[d] = origin[d] + i * step_i[d] + j * step_j[d] + k * step_k[d];
    return p;
  }
  Step step() const { return {float(step_i[0]), float(step_i[1]), float(step_i[2])}; }  //!< along a row
};

/// Where the cone x^2 + y^2 <= tangent^2 z^2, z > 0 about the z axis of a beam's frame meets one slice of the grid. The
/// ranges may hold a voxel too many, never too few.
class ConeSlice {
 public:
  /// Rows j that can meet the cone.
  IndexRange rows() const {
    // A row meets the cone where its discriminant is not negative, and that is a quadratic in j.
    return ii_ <= 0 ? IndexRange{0, size_.ny} : between_roots(d2_, d1_, d0_, size_.ny);
  }
  /// Voxels i of row j inside the cone.
  IndexRange voxels(int j) const {
    IndexRange range{0, size_.nx};
    if (ii_ > 0) {
      const double half2 = (d0_ + j * (2 * d1_ + j * d2_)) * (per_ii_ * per_ii_);
      if (half2 < -spare * spare) return {};
      range = between(-(b0_ + j * b1_) * per_ii_, std::sqrt(std::max(half2, 0.0)), size_.nx);
    }
    // Only the half in front of the source.
    const double z = z0_ + j * z_per_row_;
    if (z_per_voxel_ == 0) return z > nearest_mm ? range : IndexRange{};
    const double in_front = (nearest_mm - z) / z_per_voxel_;
    if (z_per_voxel_ > 0 && in_front > range.begin)
      range.begin = in_front >= range.end ? range.end : int(std::ceil(in_front));
    if (z_per_voxel_ < 0 && in_front < range.end - 1)
      range.end = in_front < range.begin ? range.begin : int(std::floor(in_front)) + 1;
    return range;
  }

 private:
  friend class ConeRows;
  static constexpr double nearest_mm = 1;
  static constexpr double spare = 0.1;  // voxels: the kernel decides in single precision
  /// Integers in 0 ... n - 1 within `half` of `middle`, or nearer to one that is than `spare`.
  static IndexRange between(double middle, double half, int n) {
    const double low = middle - half - spare, high = middle + half + spare;
    if (high < 0 || low > n - 1) return {};
    return {low > 0 ? int(low) + (low > int(low)) : 0, high < n - 1 ? int(high) + 1 : n};
  }
  /// Integers x in 0 ... n - 1 with a x^2 + 2 b x + c >= 0, or nearly; all when a >= 0.
  static IndexRange between_roots(double a, double b, double c, int n) {
    if (a >= 0) return {0, n};
    const double discriminant = b * b - a * c;
    return discriminant < 0 ? IndexRange{} : between(-b / a, std::sqrt(discriminant) / -a, n);
  }

  GridSize size_;
  double ii_ = 0, per_ii_ = 0;                       //!< step_i with itself
  double b0_ = 0, b1_ = 0;                           //!< the row's start with step_i: b0 + b1 j
  double d0_ = 0, d1_ = 0, d2_ = 0;                  //!< discriminant: d0 + 2 d1 j + d2 j^2
  double z0_ = 0, z_per_row_ = 0, z_per_voxel_ = 0;  //!< [mm]
};

/// The same for any slice: what all slices share.
class ConeRows {
 public:
  /// @param size of the grid, i and j exchanged where the frame's are  @param tangent of the half opening
  ConeRows(const GridInFrame& grid, GridSize size, double tangent)
      : grid_(grid), size_(size), tangent2_(tangent * tangent) {}

  ConeSlice slice(int k) const {
    const auto c = grid_.at(0, 0, k);
    const double ii = product(grid_.step_i, grid_.step_i), ij = product(grid_.step_i, grid_.step_j),
                 jj = product(grid_.step_j, grid_.step_j);
    const double ci = product(c, grid_.step_i), cj = product(c, grid_.step_j), cc = product(c, c);
    ConeSlice slice;
    slice.size_ = size_;
    slice.ii_ = ii, slice.per_ii_ = 1 / ii;
    slice.b0_ = ci, slice.b1_ = ij;
    slice.d0_ = ci * ci - ii * cc, slice.d1_ = ci * ij - ii * cj, slice.d2_ = ij * ij - ii * jj;
    slice.z0_ = c[2], slice.z_per_row_ = grid_.step_j[2], slice.z_per_voxel_ = grid_.step_i[2];
    return slice;
  }

 private:
  double product(const GridInFrame::V& p, const GridInFrame::V& q) const {
    return p[0] * q[0] + p[1] * q[1] - tangent2_ * p[2] * q[2];
  }

  GridInFrame grid_;
  GridSize size_;
  double tangent2_;
};

}  // namespace sbrt
