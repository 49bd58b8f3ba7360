/// Water-equivalent depth on a divergent grid seen from one source: exact rays, sampled on planes.
#pragma once

#include "dose/beam_groups.h"
#include "geometry/volume.h"

#include <vector>

namespace sbrt {

struct FanSpacing {
  double cell_mm = 3.0;   //!< between rays, at 800 mm from the source
  double plane_mm = 2.0;  //!< between planes
};

/// Tangents u/w, v/w and distances w that a fan must cover.
struct FanExtent {
  double u_low = 0, u_high = 0, v_low = 0, v_high = 0;  //!< tangents
  double w_low = 0, w_high = 0;                         //!< [mm]
  bool empty = true;
  void add_tangent(double u, double v);
};

/// depth_mm[(v * columns + u) * planes + plane]; between its nodes the depth is interpolated linearly in u, v and w.
/// Neglected: density edges finer than a cell across the rays.
class DepthFan {
 public:
  DepthFan(const SourceFrame& frame, const FanExtent& extent, FanSpacing spacing);

  int rows() const { return rows_; }
  std::size_t rays() const { return std::size_t(rows_) * columns_; }
  std::size_t bytes() const { return depth_mm_.size() * sizeof(float); }
  /// Traces the rays of one row; rows may be built side by side.
  void build_row(int row, const DensityMap& density);

  /// Plain data for kernels: index = coordinate * scale + shift.
  struct View {
    const float* depth_mm;
    int columns, rows, planes;
    float u_scale, u_shift, v_scale, v_shift, w_scale, w_shift;
  };
  View view() const;

 private:
  SourceFrame frame_;
  int columns_ = 0, rows_ = 0, planes_ = 0;
  double u_first_ = 0, v_first_ = 0, tangent_step_ = 0, w_first_ = 0, w_step_ = 0;
  std::vector<float> depth_mm_;
};

/// Water-equivalent depth [mm] where the ray source + t * along crosses t = first + i * step, i = 0 ... count - 1;
/// exact.
void sample_depths(const DensityMap& density, PatientPoint source, PatientVec along, double first, double step,
                   int count, float* depth_mm);

/// Extent that covers the cones (axis, largest tangent) of the group inside the box of a grid, in planes that meet
/// density.
FanExtent extent_of(const BeamGroup& group, const BeamSet& beams, const std::vector<double>& largest_tangent,
                    const Box& region, const DensityMap& density);

}  // namespace sbrt
