#include "geometry/piece_cells.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr int points_of_cut_cell = 16;   // scattered freely, their variance is that of one point in each octant
constexpr double least_share = 1.0 / 8;  // of a cell: unsplit, such a piece scatters half as much as a split whole one

// The counters of the first points go up from 0, a cell after the other; those of further points come down from where
// scatter_tries of them fit into 64 bits.
std::uint64_t counter_of_more(std::uint64_t cell, std::uint64_t n) {
  return (std::uint64_t(1) << 57) - 1 - (32 * cell + n);
}

}  // namespace

PieceCells::PieceCells(const Shape& shape, double step_mm) : shape_(shape) {
  SBRT_EXPECT(std::isfinite(step_mm) && step_mm > 0);
  const Shape::State& s = shape.state();
  planar::Rect box;
  for (const Slab& slab : s.slabs)
    for (const planar::Loop& loop : slab.region)
      for (const planar::Uv& p : loop) box.add(turned(p));
  u0_ = box.u0;
  v0_ = box.v0;
  nu_ = std::max(1, int(std::ceil((box.u1 - box.u0) / step_mm)));
  nv_ = std::max(1, int(std::ceil((box.v1 - box.v0) / step_mm)));
  du_ = std::max(box.u1 - box.u0, 1e-9) / nu_;
  dv_ = std::max(box.v1 - box.v0, 1e-9) / nv_;
  low_ = s.low();
  layers_ = std::int64_t(std::max(1.0, std::ceil((s.high() - s.low()) / step_mm)));
  dz_ = (s.high() - s.low()) / double(fine_layers());
}

PieceCells::Cell PieceCells::cell(std::uint64_t number) const {
  const auto end = std::int64_t(number / (std::uint64_t(nu_) * std::uint64_t(nv_)));
  return {int(number % std::uint64_t(nu_)), int(number / std::uint64_t(nu_) % std::uint64_t(nv_)),
          low_ + double(std::max<std::int64_t>(end - phases, 0)) * dz_,
          low_ + double(std::min(end, fine_layers())) * dz_};
}

PatientPoint PieceCells::point(const Cell& c, UnitPoint share) const {
  return shape_.state().frame.point(to_plane(c.i + share.a, c.j + share.b), c.z0 + share.c * (c.z1 - c.z0));
}

std::optional<PatientPoint> PieceCells::one_point(std::uint64_t number, double volume_mm3) const {
  const bool whole = is_whole(volume_mm3);
  const Cell in = cell(number);
  return point_in_part(
      number, [&](UnitPoint x) { return point(in, x); }, [&](PatientPoint q) { return whole || shape_.contains(q); });
}

int PieceCells::points_of(double volume_mm3) const {
  if (is_whole(volume_mm3)) return 8;
  return volume_mm3 < least_share * cell_volume_mm3() ? 0 : points_of_cut_cell;
}

std::vector<PatientPoint> PieceCells::many_points(std::uint64_t number, double volume_mm3) const {
  std::vector<PatientPoint> points;
  const Cell in = cell(number);
  if (is_whole(volume_mm3)) {
    for (int octant = 0; octant < 8; ++octant) {
      const UnitPoint x = unit_point(scatter_tries * counter_of_more(number, std::uint64_t(octant)));
      points.push_back(point(in, {(x.a + (octant & 1)) / 2, (x.b + (octant >> 1 & 1)) / 2, (x.c + (octant >> 2)) / 2}));
    }
    return points;
  }
  const auto wanted = std::uint64_t(points_of(volume_mm3));
  for (std::uint64_t n = 0; n < wanted; ++n)
    if (const auto found = point_in_part(
            counter_of_more(number, n), [&](UnitPoint x) { return point(in, x); },
            [&](PatientPoint q) { return shape_.contains(q); }))
      points.push_back(*found);
  return points;
}

}  // namespace sbrt
