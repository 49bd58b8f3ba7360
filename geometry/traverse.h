/// Walk of a straight segment through the voxels of a grid (Siddon 1985; incremental form Amanatides & Woo 1987).
#pragma once

#include "geometry/grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace sbrt {

/// Part of a segment inside a grid, as fractions of the segment's length; enter < leave unless it misses.
struct SegmentPart {
  double enter = 0, leave = 0;
  bool empty() const { return !(enter < leave); }
};

namespace detail {

/// Segment in index space shifted by half a voxel: voxel i fills [i, i + 1].
struct IndexSegment {
  std::array<double, 3> start, step;
  std::array<int, 3> size;
};

inline IndexSegment index_segment(const Grid& grid, PatientPoint from, PatientPoint to) {
  const VoxelPoint a = grid.to_voxel(from), b = grid.to_voxel(to);
  return {{a.x + 0.5, a.y + 0.5, a.z + 0.5},
          {b.x - a.x, b.y - a.y, b.z - a.z},
          {grid.size().nx, grid.size().ny, grid.size().nz}};
}

inline SegmentPart clip(const IndexSegment& s) {
  if (s.step == std::array<double, 3>{0, 0, 0}) return {};
  SegmentPart part{0, 1};
  for (int d = 0; d < 3; ++d) {
    if (s.step[d] == 0) {
      if (!(s.start[d] >= 0 && s.start[d] < s.size[d])) return {};
      continue;
    }
    const double t0 = (0 - s.start[d]) / s.step[d], t1 = (s.size[d] - s.start[d]) / s.step[d];
    part.enter = std::max(part.enter, std::min(t0, t1));
    part.leave = std::min(part.leave, std::max(t0, t1));
  }
  return part.empty() ? SegmentPart{} : part;
}

/// Crossings are accumulated; after thousands of steps they are off by less than this fraction of the segment. Nearer
/// to the exit nothing is crossed any more, so the walk cannot leave the grid.
constexpr double crossing_drift = 1e-12;

}  // namespace detail

/// Part of the segment from -> to inside the grid's voxels.
inline SegmentPart clip_to_grid(const Grid& grid, PatientPoint from, PatientPoint to) {
  return detail::clip(detail::index_segment(grid, from, to));
}

/// Calls visit(index, length_mm) for every voxel that the segment from -> to crosses, in order along the segment; the
/// lengths sum to the segment's length inside the grid. A segment inside a face between two voxels belongs to the voxel
/// of higher index, hence one inside the grid's upper outer face misses.
/// @return the part of the segment inside the grid
template <class Visit>
SegmentPart traverse(const Grid& grid, PatientPoint from, PatientPoint to, Visit&& visit) {
  const auto [start, step, size] = detail::index_segment(grid, from, to);
  const std::array<std::ptrdiff_t, 3> stride{1, size[0], std::ptrdiff_t(size[0]) * size[1]};

  // Clip the segment to the grid.
  const SegmentPart part = detail::clip({start, step, size});
  if (part.empty()) return part;
  const auto [enter, leave] = part;

  // Find the first voxel, the next crossing of each axis and what a crossing changes.
  double next[3], between[3];
  std::ptrdiff_t move[3];
  std::ptrdiff_t index = 0;
  for (int d = 0; d < 3; ++d) {
    const double position = start[d] + enter * step[d];
    int cell = std::clamp(int(std::floor(position)), 0, size[d] - 1);
    if (step[d] < 0 && cell > 0 && double(cell) == position) --cell;
    index += cell * stride[d];
    next[d] = step[d] > 0 ? (cell + 1 - start[d]) / step[d] : step[d] < 0 ? (cell - start[d]) / step[d] : HUGE_VAL;
    between[d] = step[d] == 0 ? 0.0 : std::abs(1 / step[d]);
    move[d] = step[d] > 0 ? stride[d] : step[d] < 0 ? -stride[d] : 0;
  }

  // Step from crossing to crossing.
  const double length = distance(from, to);
  const double last = leave - detail::crossing_drift;
  double t = enter;
  const auto cross = [&](double& crossing, double to_next, std::ptrdiff_t to_voxel) {
    if (crossing >= last) return false;
    if (crossing > t) {  // else an edge or a corner: the voxel between is only touched
      visit(std::size_t(index), (crossing - t) * length);
      t = crossing;
    }
    crossing += to_next;
    index += to_voxel;
    return true;
  };
  auto [x, y, z] = next;
  while (x < y ? (x < z ? cross(x, between[0], move[0]) : cross(z, between[2], move[2]))
               : (y < z ? cross(y, between[1], move[1]) : cross(z, between[2], move[2]))) {
  }
  visit(std::size_t(index), (leave - t) * length);
  return part;
}

}  // namespace sbrt
