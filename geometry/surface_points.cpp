#include "geometry/shape_state.h"

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
    for (std::int64_t k = -1; k <= 1; ++k)
      for (std::int64_t j = -1; j <= 1; ++j)
        for (std::int64_t i = -1; i <= 1; ++i) {
          const auto found = cells_.find(key({c.i + i, c.j + j, c.k + k}));
          if (found == cells_.end()) continue;
          for (const std::uint32_t n : found->second)
            if (distance(points_[n], p) < spacing_) return;
        }
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
  static std::uint64_t key(Cell c) {
    constexpr std::uint64_t mask = (1u << 21) - 1;
    return (std::uint64_t(c.i) & mask) << 42 | (std::uint64_t(c.j) & mask) << 21 | (std::uint64_t(c.k) & mask);
  }

  double spacing_;
  std::vector<PatientPoint> points_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> cells_;
};

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
  for (double v = box.v0 + 0.5 * fine; v < box.v1; v += fine)
    for (double u = box.u0 + 0.5 * fine; u < box.u1; u += fine) {
      bool before = false;
      double top = s.low();
      for (std::size_t k = 0; k < s.slabs.size(); ++k) {
        if (before && s.slabs[k].low - top > 1e-9) {
          points.offer(s.frame.point({u, v}, top));
          before = false;
        }
        const bool now = s.tables[k].contains({u, v});
        if (now != before) points.offer(s.frame.point({u, v}, s.slabs[k].low));
        before = now;
        top = s.slabs[k].high;
      }
      if (before) points.offer(s.frame.point({u, v}, top));
    }
  return points.take();
}

}  // namespace sbrt
