/// Which voxels of a grid lie inside a beam's cone, row by row.
#pragma once

#include "dose/beam_groups.h"
#include "dose/row_kernel.h"
#include "geometry/grid.h"

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
  /// The row (j, k) from voxel i on.
  LineOfPoints row_from(int i, int j, int k) const {
    const V p = at(i, j, k);
    return {float(p[0]), float(p[1]), float(p[2]), float(step_i[0]), float(step_i[1]), float(step_i[2])};
  }
};

/// Cone x^2 + y^2 <= tangent^2 z^2, z > 0 about the z axis of a beam's frame. The ranges may hold a voxel too many,
/// never too few.
class ConeRows {
 public:
  ConeRows(const GridInFrame& grid, GridSize size, double tangent)
      : grid_(grid), size_(size), tangent2_(tangent * tangent), ii_(product(grid.step_i, grid.step_i)) {}

  /// Rows j of slice k that can meet the cone.
  IndexRange rows_of_slice(int k) const {
    if (ii_ <= 0) return {0, size_.ny};
    // A row meets the cone where its discriminant is not negative, and that is a quadratic in j.
    const auto c = grid_.at(0, 0, k);
    const double ij = product(grid_.step_i, grid_.step_j), jj = product(grid_.step_j, grid_.step_j);
    const double ci = product(c, grid_.step_i), cj = product(c, grid_.step_j), cc = product(c, c);
    return between_roots(ij * ij - ii_ * jj, ci * ij - ii_ * cj, ci * ci - ii_ * cc, size_.ny);
  }
  /// Voxels i of row (j, k) inside the cone.
  IndexRange voxels_of_row(int j, int k) const {
    const auto c = grid_.at(0, j, k);
    IndexRange range{0, size_.nx};
    if (ii_ > 0) range = between_roots(-ii_, -product(c, grid_.step_i), -product(c, c), size_.nx);
    // Only the half in front of the source.
    const double step = grid_.step_i[2];
    if (step == 0) return c[2] > nearest_mm ? range : IndexRange{};
    const double in_front = (nearest_mm - c[2]) / step;
    if (step > 0 && in_front > range.begin) range.begin = in_front >= range.end ? range.end : int(std::ceil(in_front));
    if (step < 0 && in_front < range.end - 1)
      range.end = in_front < range.begin ? range.begin : int(std::floor(in_front)) + 1;
    return range;
  }

 private:
  static constexpr double nearest_mm = 1;
  double product(const GridInFrame::V& p, const GridInFrame::V& q) const {
    return p[0] * q[0] + p[1] * q[1] - tangent2_ * p[2] * q[2];
  }
  static constexpr double spare = 0.1;  // voxels: the kernel decides in single precision
  /// Integers x in 0 ... n - 1 with a x^2 + 2 b x + c >= 0, or nearer to one that has than `spare`; all when a >= 0.
  static IndexRange between_roots(double a, double b, double c, int n) {
    if (a >= 0) return {0, n};
    const double discriminant = b * b - a * c;
    if (discriminant < 0) return {};
    const double root = std::sqrt(discriminant);
    const double low = (-b + root) / a - spare, high = (-b - root) / a + spare;
    if (high < 0 || low > n - 1) return {};
    return {low > 0 ? int(low) + (low > int(low)) : 0, high < n - 1 ? int(high) + 1 : n};
  }

  GridInFrame grid_;
  GridSize size_;
  double tangent2_, ii_;
};

}  // namespace sbrt
