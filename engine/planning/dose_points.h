/// The points the optimiser judges a plan on.
#pragma once

#include "engine/planning/planner.h"

#include <cstdint>
#include <vector>

namespace sbrt {

enum class PointRole {
  target,  ///< inside target `owner`
  shell,   ///< outside all targets; `owner` is the nearest one
  organ,   ///< inside organ `owner`
};

struct DosePoint {
  PatientPoint point;
  PointRole role = PointRole::target;
  int owner = 0;
  double volume_mm3 = 0;   //!< the piece of space it stands for; 0: an extra point on a surface
  double distance_mm = 0;  //!< shell: from the owner's surface
  bool added = false;      //!< found by a check on the full grid (full_grid_check.h): counts as one of the others
};

/// How many points, about.
struct PointDensity {
  int target = 1500;                                           //!< per target, inside
  int surface = 600;                                           //!< per target, on its surface
  int near_shell = 1500, middle_shell = 800, far_shell = 800;  //!< per target
  int organ = 1500;                                            //!< per organ
};

/// Outer edges of the three shells about a target of equal-volume diameter `diameter_mm` [mm].
struct ShellEdges {
  double near_mm, middle_mm, far_mm;
};
ShellEdges shell_edges(double diameter_mm);
double equal_volume_diameter_mm(const Shape& shape);

/// Points inside targets and organs and in shells around the targets; shells get thinner with distance. Points outside
/// the body are left out. Deterministic.
std::vector<DosePoint> make_dose_points(const PlanningProblem& problem, const PointDensity& density,
                                        std::uint64_t seed);

}  // namespace sbrt
