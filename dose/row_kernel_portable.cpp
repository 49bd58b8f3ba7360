// The inner loops in plain C++: what the other instruction sets must reproduce bit by bit.
#include "dose/row_kernel.h"

#include <algorithm>
#include <cmath>

namespace sbrt::simd {
namespace {

inline float mix(float a, float b, float f) { return a + f * (b - a); }

/// 0 for NaN, which a point beside the source can give.
inline float clamp_index(float x, float last) { return std::min(std::max(0.0f, x), last); }

/// Walks one lane until `stop`; eq. (5) in ticks.
inline void walk(const std::uint16_t* density, RayLanes& rays, int lane, std::int32_t stop, float& sum) {
  std::int32_t at = rays.at[lane], index = rays.index[lane];
  std::int32_t x = rays.next[0][lane], y = rays.next[1][lane], z = rays.next[2][lane];
  while (at < stop) {
    const std::int32_t reach = std::min(std::min(x, y), std::min(z, stop));
    sum += float(density[index]) * float(reach - at);
    at = reach;
    if (x == reach) x += rays.between[0][lane], index += rays.move[0][lane];
    if (y == reach) y += rays.between[1][lane], index += rays.move[1][lane];
    if (z == reach) z += rays.between[2][lane], index += rays.move[2][lane];
  }
  rays.at[lane] = at, rays.index[lane] = index;
  rays.next[0][lane] = x, rays.next[1][lane] = y, rays.next[2][lane] = z;
}

void trace_planes(const std::uint16_t* density, RayLanes& rays, const std::int32_t* plane, int planes, float* depth_mm,
                  std::ptrdiff_t stride, std::int32_t* empty_planes) {
  for (int lane = 0; lane < ray_lanes; ++lane) {
    float sum = 0;
    empty_planes[lane] = 0;
    for (int p = 0; p < planes; ++p) {
      walk(density, rays, lane, std::min(plane[p], rays.leave[lane]), sum);
      depth_mm[p * stride + lane] = sum * rays.to_mm[lane];
      empty_planes[lane] += sum == 0;
    }
  }
}

void trace(const std::uint16_t* density, RayLanes& rays, float* depth_mm) {
  for (int lane = 0; lane < ray_lanes; ++lane) {
    float sum = 0;
    walk(density, rays, lane, rays.leave[lane], sum);
    depth_mm[lane] = sum * rays.to_mm[lane];
  }
}

DepthRange depth(DepthRow* rows, int count, float shallow_mm) {
  DepthRange range{HUGE_VALF, 0};
  for (DepthRow* row = rows; row < rows + count; ++row) {
    const FanLine& line = row->line;
    const float last = float(line.rays - 1);
    row->shallow = false;
    for (int i = 0; i < row->count; ++i) {
      const float u = clamp_index(line.first + float(i) * line.step, last);
      const int iu = std::min(int(u), line.rays - 2);
      const float fu = u - float(iu);
      const float here = mix(line.near[iu], line.far[iu], line.across);
      const float there = mix(line.near[iu + 1], line.far[iu + 1], line.across);
      const float d = mix(here, there, fu);
      row->depth_mm[i] = d;
      range.low = std::min(range.low, d), range.high = std::max(range.high, d);
      row->shallow |= d > 0 && d < shallow_mm;
    }
  }
  return range;
}

/// Place among the nodes of a table of a coordinate that is not negative.
inline float place(const FoldedTables::Axis& axis, float x) {
  const float fine = std::min(axis.fine_width, std::max(0.0f, x - axis.fine_from));
  return std::min(axis.last, x * axis.scale + fine * axis.fine_scale);
}

/// Bilinear in a cell, in its own units.
inline float in_cell(FoldedTables::Cell cell, float along, float across) {
  const auto corner = [&](int i) { return float(std::int32_t(cell >> (16 * i) & 0xffff)); };
  return mix(mix(corner(0), corner(1), along), mix(corner(2), corner(3), along), across);
}

/// Eq. (6) per MU at one point of the beam's frame, in the tables' unit; `inside`: within the largest radius.
inline float dose_in_units(const FoldedTables::View& t, float x, float y, float z, float depth_mm, bool& inside) {
  const float inverse = 1.0f / z;
  const float r800 = std::sqrt(x * x + y * y) * (t.reference_distance_mm * inverse);  // (2), (3)
  inside = r800 <= t.reach_mm && z > 0.0f;

  const float depth = std::max(0.0f, depth_mm);
  const float d = place(t.depth, depth), q = clamp_index(z * t.z_scale + t.z_shift, t.z_last);
  const int id = int(d), iz = int(q);
  const float on_axis = in_cell(t.axis_dose[iz * t.depth.cells + id], d - float(id), q - float(iz));

  const float e = place(t.ocr_depth, depth), r = place(t.radius, std::max(0.0f, r800));
  const int ie = int(e), ir = int(r);
  const float off_axis = in_cell(t.ocr[ie * t.radius.cells + ir], r - float(ir), e - float(ie));
  return on_axis * off_axis * (inverse * inverse);  // (6)
}

std::int64_t add_dose(const FoldedTables::View& t, const DoseRow* rows, int count, Step step, float weight_mu) {
  const float weight = weight_mu * t.unit;
  std::int64_t inside_count = 0;
  for (const DoseRow* row = rows; row < rows + count; ++row)
    for (int i = 0; i < row->count; ++i) {
      const float n = float(i);
      bool inside;
      const float dose = weight * dose_in_units(t, row->x + n * step.x, row->y + n * step.y, row->z + n * step.z,
                                                row->depth_mm[i], inside);  // (1)
      row->dose_gy[i] += inside ? dose : 0.0f;
      inside_count += inside;
    }
  return inside_count;
}

void dose_at(const FoldedTables::View& t, const Rotation& m, ScatteredPoints points, int count, const float* depth_mm,
             float* gy_per_mu) {
  for (int i = 0; i < count; ++i) {
    const float x = points.x[i], y = points.y[i], z = points.z[i];
    bool inside;
    const float dose =
        t.unit * dose_in_units(t, m.x[0] * x + m.x[1] * y + m.x[2] * z, m.y[0] * x + m.y[1] * y + m.y[2] * z,
                               m.z[0] * x + m.z[1] * y + m.z[2] * z, depth_mm[i], inside);
    gy_per_mu[i] = inside ? dose : 0.0f;
  }
}

void add_scaled(const PackedBlocks& blocks, double weight, double* sum) {
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    double* at = sum + std::size_t(blocks.place[b]) * PackedBlocks::points;
    const double w = weight * double(blocks.scale[b]);
    for (int i = 0; i < PackedBlocks::points; ++i) at[i] += double(values[i]) * w;
  }
}

void add_products(const PackedBlocks& blocks, const double* factor, double* lanes) {
  for (int b = 0; b < blocks.count; ++b) {
    const std::uint16_t* values = blocks.values + std::ptrdiff_t(b) * PackedBlocks::points;
    const double* at = factor + std::size_t(blocks.place[b]) * PackedBlocks::points;
    double part[16] = {};
    for (int i = 0; i < PackedBlocks::points; i += 16)
      for (int lane = 0; lane < 16; ++lane) part[lane] += double(values[i + lane]) * at[i + lane];
    for (int lane = 0; lane < 16; ++lane) lanes[lane] += double(blocks.scale[b]) * part[lane];
  }
}

}  // namespace

RowKernel portable() { return {trace_planes, trace, depth, add_dose, dose_at, add_scaled, add_products}; }

}  // namespace sbrt::simd
