/// A ball target in a water ellipse: the case most planning tests share.
#pragma once

#include "engine/planning/planner.h"

#include <cmath>
#include <string>

namespace sbrt {

/// Contours of a ball on planes 1 mm apart, polygons with sides of about 0.5 mm.
inline Structure ball(const std::string& name, PatientPoint centre, double radius_mm) {
  Structure s;
  s.name = name;
  const int planes = int(std::floor(radius_mm));
  for (int k = -planes; k <= planes; ++k) {
    const double r2 = radius_mm * radius_mm - double(k) * k;
    if (r2 < 0.01) continue;
    const double r = std::sqrt(r2);
    const int corners = std::max(24, int(12 * r));
    Contour c;
    for (int i = 0; i < corners; ++i) {
      const double a = 2 * 3.14159265358979323846 * i / corners;
      c.points.push_back(centre + PatientVec{r * std::cos(a), r * std::sin(a), double(k)});
    }
    s.contours.push_back(c);
  }
  return s;
}

inline Shape ball_shape(const std::string& name, PatientPoint centre, double radius_mm) {
  return Shape::from_structure(ball(name, centre, radius_mm));
}

/// Water ellipse 280 x 184 mm along z, 160 mm long, with air around it; unequal spacings, origin off zero.
struct WaterCase {
  static constexpr PatientPoint centre{3, -4, 6};
  Grid grid{{78, 66, 41}, {4, 3, 5}, {-150, -100, -94}};
  DensityMap density{grid, 0.0f};
  Occupancy body{grid, 0.0f};
  BeamData beam_data = BeamData::named_or_folder("generic-6mv-fff");
  PlanningProblem problem;
  PlanningOptions options;

  explicit WaterCase(double radius_mm) {
    for (int k = 0; k < grid.size().nz; ++k)
      for (int j = 0; j < grid.size().ny; ++j)
        for (int i = 0; i < grid.size().nx; ++i) {
          const PatientPoint p = grid.voxel_centre(i, j, k);
          if (std::pow(p.x / 140, 2) + std::pow(p.y / 92, 2) > 1 || std::abs(p.z - 6) > 80) continue;
          density(i, j, k) = 1;
          body(i, j, k) = 1;
        }
    problem.targets.push_back({ball_shape("PTV", centre, radius_mm), Prescription{45, 5, 75.0}});
    problem.density = &density;
    problem.beam_data = &beam_data;
    problem.body = &body;
    options.nodes = NodeSet::body();
  }
  WaterCase(const WaterCase&) = delete;
  WaterCase& operator=(const WaterCase&) = delete;
};

}  // namespace sbrt
