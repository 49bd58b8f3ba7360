#include "dose/depth_fan.h"

#include "geometry/error.h"
#include "geometry/traverse.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

constexpr double nominal_distance_mm = 800;
constexpr double nearest_mm = 1;         // planes nearer to the source than this are not needed by any patient
constexpr double steepest_normal = 0.2;  // smallest cosine of a ray to the normal

PatientVec axis_of(const Grid& grid, int axis) {
  return axis == 0 ? grid.axes().i : axis == 1 ? grid.axes().j : grid.axes().k;
}

int size_of(const Grid& grid, int axis) {
  return axis == 0 ? grid.size().nx : axis == 1 ? grid.size().ny : grid.size().nz;
}

/// Ticks of distances along `normal`, over the box.
TickScale scale_over(const RayDensity& density, PatientPoint source, PatientVec normal) {
  const VoxelBox& box = density.box();
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (int corner = 0; corner < 8; ++corner) {
    const auto face = [&](int d) { return box.low[d] - 0.5 + (corner >> d & 1 ? box.size[d] : 0); };
    const double t = dot(density.grid().to_patient(VoxelPoint{face(0), face(1), face(2)}) - source, normal);
    low = std::min(low, t), high = std::max(high, t);
  }
  return {low, high - low};
}

}  // namespace

DepthFan::DepthFan(const Grid& grid, PatientPoint source, GridFace face, const RayDensity& density)
    : grid_(grid),
      face_(face),
      spacing_(grid.spacing_mm()),
      map_(density, source),
      scale_(scale_over(density, source, (face.forward ? 1.0 : -1.0) * axis_of(grid, face.normal))) {
  const VoxelPoint s = grid.to_voxel(source);
  source_ = {s.x, s.y, s.z};
  normal_step_ = density.grid().to_voxel((face.forward ? 1.0 : -1.0) * axis_of(grid, face.normal));
  along_step_ = density.grid().to_voxel(axis_of(grid, face.along()));
  across_step_ = density.grid().to_voxel(axis_of(grid, face.across()));
}

std::optional<DepthFan> DepthFan::over(const Grid& grid, PatientPoint source, GridFace face,
                                       const std::vector<BeamCone>& cones, const RayDensity& density, double cell_mm) {
  DepthFan fan(grid, source, face, density);
  const int n = size_of(grid, face.normal);
  std::vector<int> planes;
  for (int p = 0; p < n; ++p)
    if (fan.distance_of(p) >= nearest_mm) planes.push_back(p);
  if (planes.empty()) return {};
  if (!face.forward) std::reverse(planes.begin(), planes.end());
  fan.first_plane_ = planes.front();
  for (const int p : planes) {
    fan.planes_mm_.push_back(fan.distance_of(p));
    fan.planes_.push_back(fan.scale_(fan.planes_mm_.back()));
  }
  if (!fan.choose_lattice(cones, cell_mm)) return {};
  return fan;
}

double DepthFan::distance_of(int plane) const {
  const double d = (plane - source_[face_.normal]) * spacing_[face_.normal];
  return face_.forward ? d : -d;
}

/// Outline of the cone, a little outside, in tangents to the normal.
void DepthFan::add_cone(const BeamCone& cone, std::vector<std::array<double, 2>>& outline) const {
  constexpr int corners = 32;
  const double outside = cone.tangent / std::cos(std::numbers::pi / corners);
  const SourceFrame frame({}, cone.axis);
  const PatientVec normal = (face_.forward ? 1.0 : -1.0) * axis_of(grid_, face_.normal);
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * std::numbers::pi * i / corners;
    const PatientVec d = frame.w + outside * (std::cos(angle) * frame.u + std::sin(angle) * frame.v);
    const double steep = dot(d, normal);
    if (steep < steepest_normal * norm(d))
      throw InputError("a beam whose off-axis table reaches " + std::to_string(cone.tangent) + " of the distance", "",
                       "the fast dose path takes narrow cones only", "choose --dose-path exact");
    outline.push_back({dot(d, axis_of(grid_, face_.along())) / steep, dot(d, axis_of(grid_, face_.across())) / steep});
  }
}

bool DepthFan::choose_lattice(const std::vector<BeamCone>& cones, double cell_mm) {
  std::vector<std::vector<std::array<double, 2>>> outlines;
  PatientVec mean{};
  std::array<double, 2> low{HUGE_VAL, HUGE_VAL}, high{-HUGE_VAL, -HUGE_VAL};
  for (const BeamCone& cone : cones) {
    add_cone(cone, outlines.emplace_back());
    mean = mean + cone.axis;
    for (const auto& corner : outlines.back())
      for (int d = 0; d < 2; ++d) low[d] = std::min(low[d], corner[d]), high[d] = std::max(high[d], corner[d]);
  }
  // Neighbours are cell_mm apart at right angles to the mean ray.
  mean = Direction<Patient>(mean);
  const double normal = std::abs(dot(mean, axis_of(grid_, face_.normal)));
  const auto step = [&](int axis) {
    const double along = dot(mean, axis_of(grid_, axis));
    return cell_mm / (nominal_distance_mm * normal * std::sqrt(1 - along * along));
  };
  along_step_tangent_ = step(face_.along()), across_step_tangent_ = step(face_.across());
  // Less is enough where the grid is smaller than the cones.
  const int axes[2] = {face_.along(), face_.across()};
  for (int d = 0; d < 2; ++d) {
    const double first = -source_[axes[d]] * spacing_[axes[d]];
    const double last = (size_of(grid_, axes[d]) - 1 - source_[axes[d]]) * spacing_[axes[d]];
    low[d] = std::max(low[d], std::min(first / planes_mm_.front(), first / planes_mm_.back()));
    high[d] = std::min(high[d], std::max(last / planes_mm_.front(), last / planes_mm_.back()));
    if (low[d] > high[d]) return false;
  }
  const auto nodes = [](double from, double to, double by) {
    return std::max(2, int(std::ceil((to - from) / by)) + 2);
  };
  along_first_ = low[0] - along_step_tangent_ / 2, across_first_ = low[1] - across_step_tangent_ / 2;
  columns_ = nodes(along_first_, high[0], along_step_tangent_);
  rows_ = nodes(across_first_, high[1], across_step_tangent_);
  plane_stride_ = columns_ + ray_lanes;
  row_stride_ = plane_stride_ * std::ptrdiff_t(planes_.size());
  traced_.assign(rows_, {columns_, 0});
  for (const auto& outline : outlines) mark_rays(outline);
  empty_planes_.assign(std::size_t(plane_stride_ * rows_), 0);
  return true;
}

/// Every ray of a cell that the outline meets.
void DepthFan::mark_rays(const std::vector<std::array<double, 2>>& outline) {
  for (int row = 0; row < rows_; ++row) {
    // The strip of cells on either side of this row of rays.
    const double from = across_first_ + (row - 1) * across_step_tangent_, to = from + 2 * across_step_tangent_;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (std::size_t i = 0; i < outline.size(); ++i) {
      const auto &p = outline[i], &q = outline[(i + 1) % outline.size()];
      const double enter = std::max(std::min(p[1], q[1]), from), leave = std::min(std::max(p[1], q[1]), to);
      if (enter > leave) continue;
      const double rise = q[1] - p[1];
      for (const double f : {rise == 0 ? 0 : (enter - p[1]) / rise, rise == 0 ? 1 : (leave - p[1]) / rise}) {
        const double a = p[0] + f * (q[0] - p[0]);
        low = std::min(low, a), high = std::max(high, a);
      }
    }
    if (low > high) continue;
    const int begin = std::max(0, int(std::floor((low - along_first_) / along_step_tangent_)));
    const int end = std::min(columns_, int(std::ceil((high - along_first_) / along_step_tangent_)) + 1);
    traced_[row] = {std::min(traced_[row].begin, begin), std::max(traced_[row].end, end)};
  }
}

std::size_t DepthFan::rays() const {
  std::size_t sum = 0;
  for (const Interval& t : traced_) sum += std::size_t(std::max(0, t.end - t.begin));
  return sum;
}

void DepthFan::prepare(RayLanes& rays, int lane, double along, double across, double from_mm, double to_mm) const {
  const VoxelVec step{normal_step_.x + along * along_step_.x + across * across_step_.x,
                      normal_step_.y + along * along_step_.y + across * across_step_.y,
                      normal_step_.z + along * along_step_.z + across * across_step_.z};
  map_.prepare(rays, lane, step, std::sqrt(1 + along * along + across * across), from_mm, to_mm, scale_);
}

void DepthFan::build_row(int row, const RowKernel& kernel) {
  RayLanes rays;
  const double across = across_first_ + row * across_step_tangent_;
  for (int column = traced_[row].begin; column < traced_[row].end; column += ray_lanes) {
    for (int lane = 0; lane < ray_lanes; ++lane)
      if (column + lane < traced_[row].end)
        prepare(rays, lane, along_first_ + (column + lane) * along_step_tangent_, across, 0, HUGE_VAL);
      else
        rays.make_idle(lane);
    kernel.trace_planes(map_.values(), rays, planes_.data(), int(planes_.size()),
                        depth_mm_ + row * row_stride_ + column, plane_stride_,
                        &empty_planes_[std::size_t(row * plane_stride_ + column)]);
  }
}

FanLine DepthFan::line(int plane, int across, int begin) const {
  const int s = slot(plane);
  const double distance = planes_mm_[s];
  const double step = spacing_[face_.along()] / distance;
  const double tangent = (across - source_[face_.across()]) * spacing_[face_.across()] / distance;
  const double v = std::clamp((tangent - across_first_) / across_step_tangent_, 0.0, double(rows_ - 1));
  const int row = std::min(int(v), rows_ - 2);
  const float* near = depth_mm_ + row * row_stride_ + s * plane_stride_;
  return {near,
          near + row_stride_,
          float(v - row),
          float(((begin - source_[face_.along()]) * step - along_first_) / along_step_tangent_),
          float(step / along_step_tangent_),
          columns_};
}

/// Distance along the normal up to which none of the rays around these columns has met density.
double DepthFan::empty_until_mm(std::size_t near_row, const int* columns, int count) const {
  int empty = int(planes_.size());
  for (int n = 0; n < count; ++n)
    for (const std::size_t row : {near_row, near_row + 1})
      for (const int c : {columns[n], columns[n] + 1})
        empty = std::min(empty, int(empty_planes_[row * std::size_t(plane_stride_) + std::size_t(c)]));
  return empty > 0 ? planes_mm_[empty - 1] : 0;
}

void DepthFan::retrace(int plane, int across, int begin, int end, Retrace which, const RowKernel& kernel,
                       float* depth_mm) const {
  const FanLine rays_around = line(plane, across, begin);
  const float *near = rays_around.near, *far = rays_around.far;
  const std::size_t near_row = std::size_t((near - depth_mm_) / row_stride_);
  const double distance = planes_mm_[slot(plane)];
  const double across_tangent = (across - source_[face_.across()]) * spacing_[face_.across()] / distance;
  RayLanes rays;
  int voxels[ray_lanes], columns[ray_lanes], count = 0;
  alignas(64) float traced[ray_lanes];
  const auto trace = [&] {
    const double from = empty_until_mm(near_row, columns, count);
    for (int lane = 0; lane < ray_lanes; ++lane) {
      if (lane >= count) {
        rays.make_idle(lane);
        continue;
      }
      const double along = (begin + voxels[lane] - source_[face_.along()]) * spacing_[face_.along()] / distance;
      prepare(rays, lane, along, across_tangent, from, distance);
    }
    kernel.trace(map_.values(), rays, traced);
    for (int lane = 0; lane < count; ++lane) depth_mm[voxels[lane]] = traced[lane];
    count = 0;
  };
  for (int i = 0; i < end - begin; ++i) {
    const int c = std::clamp(int(rays_around.first + float(i) * rays_around.step), 0, columns_ - 2);
    const auto [low, high] = std::minmax({near[c], near[c + 1], far[c], far[c + 1]});
    if (!(depth_mm[i] > 0 && depth_mm[i] < which.shallow_mm) && !(high - low > which.spread_mm)) continue;
    voxels[count] = i, columns[count++] = c;
    if (count == ray_lanes) trace();
  }
  if (count > 0) trace();
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
    while (i < count && next <= until) {
      depth_mm[i++] = float(depth + rho * (next - at));
      next += step_mm;
    }
    depth += rho * length_mm;
    at = until;
  });
  for (; i < count; ++i) depth_mm[i] = float(depth);
}

}  // namespace sbrt
