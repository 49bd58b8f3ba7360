#include "geometry/shape_state.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

/// Keeps points that are not closer than `spacing` to one kept before.
class SpacedPoints {
 public:
  explicit SpacedPoints(double spacing) : spacing_(spacing) {}

  void offer(PatientPoint p) {
    const Cell c = cell_of(p);
    if (near(c, p)) return;  // most often
    for (std::int64_t k = -1; k <= 1; ++k)
      for (std::int64_t j = -1; j <= 1; ++j)
        for (std::int64_t i = -1; i <= 1; ++i)
          if ((i != 0 || j != 0 || k != 0) && near({c.i + i, c.j + j, c.k + k}, p)) return;
    cells_[key(c)].push_back(std::uint32_t(points_.size()));
    points_.push_back(p);
  }

  std::vector<PatientPoint> take() { return std::move(points_); }

 private:
  struct Cell {
    std::int64_t i, j, k;
  };
  Cell cell_of(PatientPoint p) const {
    return {std::int64_t(std::floor(p.x / spacing_)), std::int64_t(std::floor(p.y / spacing_)),
            std::int64_t(std::floor(p.z / spacing_))};
  }
  bool near(Cell c, PatientPoint p) const {
    const auto found = cells_.find(key(c));
    if (found == cells_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](std::uint32_t n) { return distance(points_[n], p) < spacing_; });
  }
  static std::uint64_t key(Cell c) {
    constexpr std::uint64_t mask = (1u << 21) - 1;
    return (std::uint64_t(c.i) & mask) << 42 | (std::uint64_t(c.j) & mask) << 21 | (std::uint64_t(c.k) & mask);
  }

  double spacing_;
  std::vector<PatientPoint> points_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> cells_;
};

/// A slab at which columns of points are tested; those between two stops only where something changes.
struct Stop {
  std::size_t slab;
  bool after_gap;  // nothing of the shape lies right below it
};

/// The first and last slab of every stack and those between, no farther apart than they must be for `step_mm`.
std::vector<Stop> stops_along_normal(const Shape::State& s, double step_mm) {
  std::vector<Stop> stops;
  for (std::size_t k = 0; k < s.slabs.size(); ++k) {
    const bool first = k == 0 || s.slabs[k].low - s.slabs[k - 1].high > 1e-9;
    const bool last = k + 1 == s.slabs.size() || s.slabs[k + 1].low - s.slabs[k].high > 1e-9;
    if (first || last || s.slabs[k + 1].low - s.slabs[stops.back().slab].low > step_mm) stops.push_back({k, first});
  }
  return stops;
}

}  // namespace

std::vector<PatientPoint> surface_points(const Shape& shape, double spacing_mm) {
  SBRT_EXPECT(std::isfinite(spacing_mm) && spacing_mm > 0);
  const Shape::State& s = shape.state();
  // Candidates twice as dense as wanted leave holes of at most about the spacing.
  constexpr double nearest = 0.75;
  SpacedPoints points(nearest * spacing_mm);
  const double fine = 0.5 * spacing_mm;
  for (const Level& level : s.levels(fine))
    for (const Loop& loop : *level.region)
      for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
        const double length = std::hypot(loop[i].u - loop[j].u, loop[i].v - loop[j].v);
        const int n = std::max(1, int(std::ceil(length / fine)));
        for (int k = 0; k < n; ++k) {
          const double t = double(k) / n;
          points.offer(s.frame.point({loop[j].u + t * (loop[i].u - loop[j].u), loop[j].v + t * (loop[i].v - loop[j].v)},
                                     level.z));
        }
      }
  // Where the surface lies flat, section curves are far apart: columns of points fill in.
  const planar::Rect box = s.uv_box();
  const std::vector<Stop> stops = stops_along_normal(s, spacing_mm);
  for (double v = box.v0 + 0.5 * fine; v < box.v1; v += fine)
    for (double u = box.u0 + 0.5 * fine; u < box.u1; u += fine) {
      const auto inside = [&](std::size_t slab) { return s.tables[slab].contains({u, v}); };
      bool before = false;
      std::size_t last = 0;
      for (const Stop& stop : stops) {
        if (before && stop.after_gap) {
          points.offer(s.frame.point({u, v}, s.slabs[stop.slab - 1].high));
          before = false;
        }
        if (inside(stop.slab) != before) {
          std::size_t change = stop.after_gap ? stop.slab : last + 1;
          while (change < stop.slab && inside(change) == before) ++change;
          points.offer(s.frame.point({u, v}, s.slabs[change].low));
          before = !before;
        }
        last = stop.slab;
      }
      if (before) points.offer(s.frame.point({u, v}, s.slabs.back().high));
    }
  return points.take();
}

}  // namespace sbrt
