#include "engine/planning/full_grid_check.h"

#include "geometry/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>

namespace sbrt {
namespace {

// Of prescription / isodose; an isodose that nobody asked for may be missed a little (PlanPenalties::adapt).
constexpr double hot_tolerance = 0.01, unasked_hot_tolerance = 0.05;
constexpr double leak = 1.02, cold = 0.9;  // of the prescription
constexpr double apart_voxels = 2.5;
constexpr std::size_t most_points = 200, most_examined = 200000;

struct Voxel {
  double badness;
  std::int64_t index;
  PatientPoint centre;
};

/// The worst voxels that `accept` takes, none within a few voxels of another.
std::vector<PatientPoint> worst_apart(std::vector<Voxel> voxels, const Grid& grid,
                                      const std::function<bool(PatientPoint)>& accept) {
  std::sort(voxels.begin(), voxels.end(), [](const Voxel& a, const Voxel& b) {
    return a.badness != b.badness ? a.badness > b.badness : a.index < b.index;
  });
  const std::array<double, 3> spacing = grid.spacing_mm();
  const double apart = apart_voxels * std::max({spacing[0], spacing[1], spacing[2]});
  std::vector<PatientPoint> taken;
  std::size_t examined = 0;
  for (const Voxel& v : voxels) {
    if (taken.size() >= most_points || ++examined > most_examined) break;
    const bool near =
        std::any_of(taken.begin(), taken.end(), [&](PatientPoint p) { return distance(p, v.centre) < apart; });
    if (!near && accept(v.centre)) taken.push_back(v.centre);
  }
  return taken;
}

/// Voxels of a box with their badness where it is positive.
std::vector<Voxel> voxels_in(const Box& box, const DoseGrid& dose, const std::function<double(double)>& badness) {
  const Grid& grid = dose.grid();
  const GridSize n = grid.size();
  Box range;  // in voxel indices
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z}) {
        const VoxelPoint v = grid.to_voxel(PatientPoint{x, y, z});
        range.add(PatientPoint{v.x, v.y, v.z});
      }
  const auto first = [](double low) { return std::max(0, int(std::ceil(low))); };
  const auto last = [](double high, int count) { return std::min(count - 1, int(std::floor(high))); };
  std::vector<Voxel> found;
  for (int k = first(range.low.z); k <= last(range.high.z, n.nz); ++k)
    for (int j = first(range.low.y); j <= last(range.high.y, n.ny); ++j)
      for (int i = first(range.low.x); i <= last(range.high.x, n.nx); ++i) {
        const double bad = badness(double(dose(i, j, k)));
        if (bad > 0) found.push_back({bad, (std::int64_t(k) * n.ny + j) * n.nx + i, grid.voxel_centre(i, j, k)});
      }
  return found;
}

void add(GridFindings& out, const std::vector<PatientPoint>& points, PointRole role, int owner, double distance_mm) {
  for (const PatientPoint& p : points) out.points.push_back({p, role, owner, 0, distance_mm, true});
}

}  // namespace

GridFindings check_on_grid(const PlanningProblem& problem, const std::vector<double>& isodose,
                           const std::vector<GoalTerm>& terms, const DoseGrid& dose, double lift) {
  SBRT_EXPECT(isodose.size() == problem.targets.size() && lift > 0);
  const Grid& grid = dose.grid();
  GridFindings out;
  for (std::size_t t = 0; t < problem.targets.size(); ++t) {
    const Shape& shape = problem.targets[t].shape;
    const double rx = problem.targets[t].prescription.dose_gy / lift;
    const double high = rx / isodose[t];
    const double near = shell_edges(equal_volume_diameter_mm(shape)).near_mm;
    const DistanceToShape away(shape, 0.1);
    const auto inside = [&](PatientPoint p) { return shape.contains(p); };
    const auto is_nearest = [&](PatientPoint p) {
      for (std::size_t o = 0; o < problem.targets.size(); ++o)
        if (o != t && problem.targets[o].shape.contains(p)) return false;
      return true;
    };
    const Box box = shape.bounding_box();
    const double tolerance =
        problem.targets[t].prescription.isodose_pct.has_value() ? hot_tolerance : unasked_hot_tolerance;
    const std::vector<Voxel> hot = voxels_in(box.grown(near), dose, [&](double d) { return d / high - 1; });
    std::vector<Voxel> too_hot;
    for (const Voxel& v : hot) {
      if (v.badness > out.worst_excess && is_nearest(v.centre)) out.worst_excess = v.badness;
      if (v.badness > tolerance) too_hot.push_back(v);
    }
    add(out, worst_apart(std::move(too_hot), grid, inside), PointRole::target, int(t), 0);
    const auto leaks = voxels_in(box.grown(near), dose, [&](double d) { return d / rx - leak; });
    for (const PatientPoint& p : worst_apart(leaks, grid, [&](PatientPoint q) {
           return !shape.contains(q) && is_nearest(q) && away(q) > 1 && away(q) <= near;
         }))
      add(out, {p}, PointRole::shell, int(t), away(p));
    const auto cold_voxels = voxels_in(box, dose, [&](double d) { return cold - d / rx; });
    add(out, worst_apart(cold_voxels, grid, inside), PointRole::target, int(t), 0);
  }
  const double voxel_mm3 = grid.spacing_mm()[0] * grid.spacing_mm()[1] * grid.spacing_mm()[2];
  for (const GoalTerm& term : terms) {
    out.goal_value.push_back(0);
    if (term.kind != GoalTerm::Kind::upper || term.role != PointRole::organ) continue;
    const Shape& shape = problem.organs[term.owner];
    std::vector<Voxel> over;
    for (const Voxel& v :
         voxels_in(shape.bounding_box(), dose, [&](double d) { return lift * d - 0.9 * term.dose_gy; }))
      if (over.size() < most_examined && shape.contains(v.centre)) over.push_back(v);
    if (double(over.size()) * voxel_mm3 < std::max(term.free_mm3, 0.5 * voxel_mm3)) continue;
    std::sort(over.begin(), over.end(), [](const Voxel& a, const Voxel& b) {
      return a.badness != b.badness ? a.badness > b.badness : a.index < b.index;
    });
    const auto rank = std::min(over.size() - 1, std::size_t(term.free_mm3 / voxel_mm3));
    out.goal_value.back() = over[rank].badness + 0.9 * term.dose_gy;
    if (out.goal_value.back() <= term.dose_gy) continue;
    over.erase(over.begin(), over.begin() + std::ptrdiff_t(rank));  // what the goal leaves free
    std::erase_if(over, [&](const Voxel& v) { return v.badness <= 0.1 * term.dose_gy; });
    add(out, worst_apart(std::move(over), grid, [](PatientPoint) { return true; }), PointRole::organ, term.owner, 0);
  }
  return out;
}

}  // namespace sbrt
