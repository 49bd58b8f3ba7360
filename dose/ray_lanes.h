/// Sixteen rays from one source through a density map, walked side by side by the fast path; eq. (5).
///
/// Crossings of voxel faces are kept in fixed point ("ticks"), so that stepping from one to the next adds without
/// rounding and every instruction set walks through the same voxels. Over n crossings a position is off by at most
/// n / 2 ticks; 1000 crossings of a path of 1 m: 0.002 mm.
#pragma once

#include "dose/ray_density.h"
#include "geometry/volume.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace sbrt {

constexpr int ray_lanes = 16;

struct RayLanes {
  alignas(64) std::int32_t next[3][ray_lanes];               //!< where the next face of each axis is crossed [ticks]
  alignas(64) std::int32_t between[3][ray_lanes];            //!< from one crossing of an axis to the following [ticks]
  alignas(64) std::int32_t move[3][ray_lanes];               //!< what a crossing adds to the index
  alignas(64) std::int32_t index[ray_lanes];                 //!< of the voxel
  alignas(64) std::int32_t at[ray_lanes], leave[ray_lanes];  //!< present place and end of the walk [ticks]
  alignas(64) float to_mm[ray_lanes];                        //!< mm of depth per tick and step of density

  /// The lane walks nowhere; its depth is 0.
  void make_idle(int lane) {
    for (int d = 0; d < 3; ++d) next[d][lane] = between[d][lane] = move[d][lane] = 0;
    index[lane] = at[lane] = leave[lane] = 0;
    to_mm[lane] = 0;
  }
};

/// Ticks of a parameter that runs from `first` over at most `range`.
struct TickScale {
  static constexpr double largest = 1 << 29;  // twice it still fits, so that a face never reached can wait there
  double first, per_unit;

  TickScale(double first_value, double range)
      : first(first_value), per_unit(std::exp2(std::floor(std::log2(largest / range)))) {}
  std::int32_t operator()(double t) const { return ticks((t - first) * per_unit); }
  static std::int32_t ticks(double value) {
    const double inside = std::clamp(value, -2 * largest, 2 * largest - 1);
    return std::int32_t(inside < 0 ? inside - 0.5 : inside + 0.5);
  }
};

/// A density map seen from a source.
class RayMap {
 public:
  /// @param density must outlive this
  RayMap(const RayDensity& density, PatientPoint source)
      : values_(density.values()),
        size_(density.box().size),
        stride_{1, size_[0], size_[0] * size_[1]},
        density_step_(density.step()) {
    const VoxelPoint s = density.grid().to_voxel(source);
    const auto& low = density.box().low;
    source_ = {s.x + 0.5 - low[0], s.y + 0.5 - low[1], s.z + 0.5 - low[2]};  // voxel i fills [i, i + 1]
  }
  const std::uint16_t* values() const { return values_; }

  /// Lane along source + t * step, t_from <= t <= t_to, step in voxels per unit of t.
  void prepare(RayLanes& rays, int lane, VoxelVec step_per_t, double mm_per_t, double t_from, double t_to,
               const TickScale& scale) const {
    const std::array<double, 3> step{step_per_t.x, step_per_t.y, step_per_t.z};
    const std::array<double, 3> per_voxel{1 / step[0], 1 / step[1], 1 / step[2]};
    double enter = t_from, leave = t_to;
    for (int d = 0; d < 3; ++d) {
      if (step[d] == 0) {
        if (!(source_[d] >= 0 && source_[d] < size_[d])) return rays.make_idle(lane);
        continue;
      }
      const double t0 = -source_[d] * per_voxel[d], t1 = (size_[d] - source_[d]) * per_voxel[d];
      enter = std::max(enter, std::min(t0, t1));
      leave = std::min(leave, std::max(t0, t1));
    }
    if (!(enter < leave)) return rays.make_idle(lane);
    const std::int32_t start = scale(enter);
    std::int64_t end = scale(leave);
    std::int32_t index = 0;
    for (int d = 0; d < 3; ++d) {
      const double position = source_[d] + enter * step[d];
      int cell = std::clamp(int(position), 0, size_[d] - 1);
      if (step[d] < 0 && cell > 0 && double(cell) == position) --cell;
      index += cell * stride_[d];
      constexpr std::int32_t never = std::int32_t(TickScale::largest);
      if (step[d] == 0) {
        rays.next[d][lane] = 2 * (never - 1), rays.between[d][lane] = 0, rays.move[d][lane] = 0;
        continue;
      }
      const double face = (cell + (step[d] > 0) - source_[d]) * per_voxel[d];
      const std::int32_t next = std::max(scale(face), start);
      const std::int32_t between = TickScale::ticks(scale.per_unit * std::abs(per_voxel[d]));
      const int crossings = step[d] > 0 ? size_[d] - cell : cell + 1;  // until the ray leaves the map
      end = std::min(end, next + std::int64_t(crossings - 1) * between);
      rays.next[d][lane] = next, rays.between[d][lane] = between;
      rays.move[d][lane] = step[d] > 0 ? stride_[d] : -stride_[d];
    }
    rays.index[lane] = index;
    rays.at[lane] = start;
    rays.leave[lane] = std::int32_t(end);
    rays.to_mm[lane] = float(density_step_ * mm_per_t / scale.per_unit);
  }

 private:
  const std::uint16_t* values_;
  std::array<int, 3> size_, stride_;
  double density_step_;
  std::array<double, 3> source_;  //!< in voxels from the box's corner
};

}  // namespace sbrt
