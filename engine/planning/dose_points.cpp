#include "engine/planning/dose_points.h"

#include "engine/planning/low_discrepancy.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sbrt {
namespace {

constexpr double pi = 3.14159265358979323846;

bool inside(const Occupancy& body, PatientPoint p) {
  const VoxelPoint v = body.grid().to_voxel(p);
  const GridSize n = body.grid().size();
  const int i = int(std::lround(v.x)), j = int(std::lround(v.y)), k = int(std::lround(v.z));
  if (i < 0 || j < 0 || k < 0 || i >= n.nx || j >= n.ny || k >= n.nz) return false;
  return body(i, j, k) >= 0.5f;
}

struct Nearest {
  double distance_mm = HUGE_VAL;
  int owner = 0;
};

class NearestTarget {
 public:
  explicit NearestTarget(const std::vector<PlanningTarget>& targets) {
    for (const PlanningTarget& t : targets) {
      distances_.emplace_back(t.shape, 0.1);
      boxes_.push_back(t.shape.bounding_box());
    }
  }
  Nearest operator()(PatientPoint p) const {
    Nearest n;
    for (std::size_t t = 0; t < distances_.size(); ++t) {
      if (distances_.size() > 1 && !boxes_[t].grown(n.distance_mm).contains(p)) continue;
      const double d = distances_[t](p);
      if (d < n.distance_mm) n = {d, int(t)};
    }
    return n;
  }

 private:
  std::vector<DistanceToShape> distances_;
  std::vector<Box> boxes_;
};

/// Quasi-random points of about one per `piece_mm3` in the shell low < distance <= high around target `owner`.
void add_shell(std::vector<DosePoint>& out, const PlanningProblem& problem, const NearestTarget& nearest, int owner,
               double low_mm, double high_mm, double piece_mm3, std::uint64_t seed) {
  const Box box = problem.targets[owner].shape.bounding_box().grown(high_mm);
  const PatientVec size = box.high - box.low;
  const auto wanted = std::int64_t(std::ceil(size.x * size.y * size.z / piece_mm3));
  std::vector<DosePoint> made(wanted);
  std::vector<char> keep(wanted, 0);
  parallel_for_blocks(wanted, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto u = [&](int axis) { return quasi_random(std::uint64_t(i), axis, seed); };
      const PatientPoint p = box.low + PatientVec{u(0) * size.x, u(1) * size.y, u(2) * size.z};
      if (!inside(*problem.body, p)) continue;
      const Nearest n = nearest(p);
      if (n.owner != owner || n.distance_mm <= low_mm || n.distance_mm > high_mm) continue;
      made[i] = {p, PointRole::shell, owner, piece_mm3, n.distance_mm};
      keep[i] = 1;
    }
  });
  for (std::int64_t i = 0; i < wanted; ++i)
    if (keep[i]) out.push_back(made[i]);
}

/// Volume of the shell between two distances around a sphere of this diameter; sets how dense a shell's points lie.
double shell_volume(double diameter_mm, double low_mm, double high_mm) {
  const auto ball = [](double d) { return pi / 6 * d * d * d; };
  return ball(diameter_mm + 2 * high_mm) - ball(diameter_mm + 2 * low_mm);
}

/// About `points` quasi-random points inside the shape, each for the same volume, and about `surface` on its surface.
/// Pieces of a sampled shape would not do: their centroids keep away from the surface, where the coverage is decided.
void add_inside(std::vector<DosePoint>& out, const Shape& shape, PointRole role, int owner, int points, int surface,
                const Occupancy& body, std::uint64_t seed) {
  const Box box = shape.bounding_box();
  const PatientVec size = box.high - box.low;
  const auto wanted = std::int64_t(std::ceil(size.x * size.y * size.z / shape.volume_mm3() * points));
  std::vector<PatientPoint> made(wanted);
  std::vector<char> keep(wanted, 0);
  parallel_for_blocks(wanted, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto u = [&](int axis) { return quasi_random(std::uint64_t(i), axis, seed); };
      made[i] = box.low + PatientVec{u(0) * size.x, u(1) * size.y, u(2) * size.z};
      keep[i] = shape.contains(made[i]);
    }
  });
  const auto kept = std::count(keep.begin(), keep.end(), char(1));
  const double piece = kept > 0 ? shape.volume_mm3() / double(kept) : 0;
  for (std::int64_t i = 0; i < wanted; ++i)
    if (keep[i] && inside(body, made[i])) out.push_back({made[i], role, owner, piece, 0});
  // A sphere's surface in terms of its volume; other shapes have more surface and get more points.
  const double area = pi * std::pow(equal_volume_diameter_mm(shape), 2);
  for (const PatientPoint& p : surface_points(shape, std::sqrt(area / surface)))
    if (inside(body, p)) out.push_back({p, role, owner, 0, 0});
}

/// Neighbours in space become neighbours in the list (Morton order), which the influence matrix stores and multiplies
/// faster.
void sort_by_place(std::vector<DosePoint>& points) {
  Box box;
  for (const DosePoint& p : points) box.add(p.point);
  const auto spread = [](double share) {  // 10 bits, two zeros between each and the next
    std::uint64_t bits = 0;
    const auto cell = std::uint64_t(share * 1023);
    for (int b = 0; b < 10; ++b) bits |= (cell >> b & 1) << (3 * b);
    return bits;
  };
  const double side = std::max({box.high.x - box.low.x, box.high.y - box.low.y, box.high.z - box.low.z, 1e-9});
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const PatientVec v = (points[i].point - box.low) / side;
    order.emplace_back(spread(v.x) | spread(v.y) << 1 | spread(v.z) << 2, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<DosePoint> sorted;
  sorted.reserve(points.size());
  for (const auto& [key, i] : order) sorted.push_back(points[i]);
  points.swap(sorted);
}

}  // namespace

double equal_volume_diameter_mm(const Shape& shape) { return std::cbrt(6 * shape.volume_mm3() / pi); }

ShellEdges shell_edges(double diameter_mm) {
  return {3 + 0.1 * diameter_mm, 8 + 0.3 * diameter_mm, 35 + 0.5 * diameter_mm};
}

std::vector<DosePoint> make_dose_points(const PlanningProblem& problem, const PointDensity& density,
                                        std::uint64_t seed) {
  SBRT_EXPECT(problem.body != nullptr);
  std::vector<DosePoint> points;
  const NearestTarget nearest(problem.targets);
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const Shape& shape = problem.targets[t].shape;
    const int owner = int(t);
    add_inside(points, shape, PointRole::target, owner, density.target, density.surface, *problem.body,
               mixed(seed) + 8 * t);
    const double d = equal_volume_diameter_mm(shape);
    const ShellEdges edge = shell_edges(d);
    const auto shell = [&](double low, double high, int wanted, int tag) {
      add_shell(points, problem, nearest, owner, low, high, shell_volume(d, low, high) / wanted,
                mixed(seed) + 8 * t + std::uint64_t(tag));
    };
    shell(0, edge.near_mm, density.near_shell, 1);
    shell(edge.near_mm, edge.middle_mm, density.middle_shell, 2);
    shell(edge.middle_mm, edge.far_mm, density.far_shell, 3);
  }
  for (std::size_t o = 0; o < problem.organs.size(); ++o)
    add_inside(points, problem.organs[o], PointRole::organ, int(o), density.organ, density.organ / 3, *problem.body,
               mixed(seed + 1) + o);
  sort_by_place(points);
  return points;
}

}  // namespace sbrt
