#include "dose/depth_fan.h"

#include "geometry/traverse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

constexpr double nominal_distance_mm = 800;
constexpr double nearest_mm = 1;  // planes nearer to the source than this are not needed by any patient

std::array<PatientPoint, 8> corners_of(const Box& box) {
  std::array<PatientPoint, 8> all;
  for (int i = 0; i < 8; ++i)
    all[i] = {i & 1 ? box.high.x : box.low.x, i & 2 ? box.high.y : box.low.y, i & 4 ? box.high.z : box.low.z};
  return all;
}

}  // namespace

void FanExtent::add_tangent(double u, double v) {
  if (empty) {
    u_low = u_high = u;
    v_low = v_high = v;
    empty = false;
  }
  u_low = std::min(u_low, u), u_high = std::max(u_high, u);
  v_low = std::min(v_low, v), v_high = std::max(v_high, v);
}

FanExtent extent_of(const BeamGroup& group, const BeamSet& beams, const std::vector<double>& largest_tangent,
                    const Box& region, const DensityMap& density) {
  const SourceFrame& f = group.frame;
  FanExtent extent;
  constexpr int rays = 32;
  const double outside_polygon = 1 / std::cos(std::numbers::pi / rays);
  for (const std::size_t b : group.beams) {
    const SourceFrame beam(f.source, beams[b].aim - beams[b].source);
    for (int i = 0; i < rays; ++i) {
      const double angle = 2 * std::numbers::pi * i / rays, t = largest_tangent[b] * outside_polygon;
      const PatientVec d = beam.w + t * (std::cos(angle) * beam.u + std::sin(angle) * beam.v);
      extent.add_tangent(dot(d, f.u) / dot(d, f.w), dot(d, f.v) / dot(d, f.w));
    }
  }
  // Less is enough where the region is smaller than the cones.
  FanExtent seen;
  double w_low = HUGE_VAL, w_high = -HUGE_VAL;
  bool in_front = true;
  for (const PatientPoint p : corners_of(region)) {
    const PatientVec d = p - f.source;
    const double w = dot(d, f.w);
    w_low = std::min(w_low, w), w_high = std::max(w_high, w);
    in_front = in_front && w > nearest_mm;
    if (in_front) seen.add_tangent(dot(d, f.u) / w, dot(d, f.v) / w);
  }
  if (in_front) {
    extent.u_low = std::max(extent.u_low, seen.u_low), extent.u_high = std::min(extent.u_high, seen.u_high);
    extent.v_low = std::max(extent.v_low, seen.v_low), extent.v_high = std::min(extent.v_high, seen.v_high);
    if (extent.u_low > extent.u_high || extent.v_low > extent.v_high) extent.empty = true;
  }
  // Before the map the depth is 0 and behind it constant, so that clamping to the end planes is exact.
  double map_low = HUGE_VAL, map_high = -HUGE_VAL;
  for (const PatientPoint p : corners_of(density.grid().bounding_box())) {
    const double w = dot(p - f.source, f.w);
    map_low = std::min(map_low, w), map_high = std::max(map_high, w);
  }
  extent.w_low = std::max({w_low, map_low, nearest_mm});
  extent.w_high = std::max(std::min(w_high, map_high), extent.w_low);
  if (w_high < nearest_mm) extent.empty = true;
  return extent;
}

DepthFan::DepthFan(const SourceFrame& frame, const FanExtent& extent, FanSpacing spacing) : frame_(frame) {
  SBRT_EXPECT(!extent.empty);
  tangent_step_ = spacing.cell_mm / nominal_distance_mm;
  u_first_ = extent.u_low - tangent_step_ / 2;
  v_first_ = extent.v_low - tangent_step_ / 2;
  columns_ = std::max(2, int(std::ceil((extent.u_high - u_first_) / tangent_step_ + 0.5)) + 1);
  rows_ = std::max(2, int(std::ceil((extent.v_high - v_first_) / tangent_step_ + 0.5)) + 1);
  w_step_ = spacing.plane_mm;
  w_first_ = extent.w_low;
  planes_ = std::max(2, int(std::ceil((extent.w_high - w_first_) / w_step_)) + 1);
  SBRT_EXPECT(std::size_t(columns_) * rows_ * planes_ < (std::size_t(1) << 31));  // kernels index with 32 bits
  depth_mm_.resize(std::size_t(columns_) * rows_ * planes_);
}

void sample_depths(const DensityMap& density, PatientPoint source, PatientVec along, double first, double step,
                   int count, float* depth_mm) {
  const float* values = density.values().data();
  const double last = first + (count - 1) * step, per_t = norm(along);
  const PatientPoint end = source + last * along;
  const double step_mm = step * per_t, whole_mm = last * per_t;
  double depth = 0, at = clip_to_grid(density.grid(), source, end).enter * whole_mm, next = first * per_t;
  int i = 0;
  for (; i < count && next < at; ++i, next += step_mm) depth_mm[i] = 0;
  traverse(density.grid(), source, end, [&](std::size_t voxel, double length_mm) {
    const double rho = values[voxel], until = at + length_mm;
    // At most one sample falls into most voxels; storing it always and keeping it sometimes avoids a branch.
    while (i < count) {
      depth_mm[i] = float(depth + rho * (next - at));
      const bool kept = next <= until;
      i += kept;
      next += kept ? step_mm : 0;
      if (!(next <= until)) break;
    }
    depth += rho * length_mm;
    at = until;
  });
  for (; i < count; ++i) depth_mm[i] = float(depth);
}

void DepthFan::build_row(int row, const DensityMap& density) {
  const double v = v_first_ + row * tangent_step_;
  for (int column = 0; column < columns_; ++column) {
    const double u = u_first_ + column * tangent_step_;
    const PatientVec along = frame_.w + u * frame_.u + v * frame_.v;  // w grows by 1 along it
    sample_depths(density, frame_.source, along, w_first_, w_step_, planes_,
                  &depth_mm_[(std::size_t(row) * columns_ + column) * planes_]);
  }
}

DepthFan::View DepthFan::view() const {
  const auto scale = [](double step) { return float(1 / step); };
  const auto shift = [](double first, double step) { return float(-first / step); };
  return {depth_mm_.data(),
          columns_,
          rows_,
          planes_,
          scale(tangent_step_),
          shift(u_first_, tangent_step_),
          scale(tangent_step_),
          shift(v_first_, tangent_step_),
          scale(w_step_),
          shift(w_first_, w_step_)};
}

}  // namespace sbrt
