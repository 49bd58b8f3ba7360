/// Analytic shapes as weighted points and analytic doses on grids, for tests of the evaluation alone.
#pragma once

#include "engine/evaluation/dvh.h"
#include "geometry/interpolate.h"
#include "geometry/scatter.h"
#include "geometry/shape.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sbrt::analytic {

/// Cells of a cubic lattice inside the shape; cells cut by the surface count with the part inside and its centroid.
/// @param inside of the vector from the centre
template <class Inside>
std::vector<Sample> samples_of(PatientPoint centre, PatientVec half_size, double step_mm, Inside&& inside) {
  constexpr int parts = 4;
  std::vector<Sample> samples;
  const double volume = step_mm * step_mm * step_mm;
  const int nx = int(half_size.x / step_mm) + 1, ny = int(half_size.y / step_mm) + 1,
            nz = int(half_size.z / step_mm) + 1;
  for (int k = -nz; k < nz; ++k)
    for (int j = -ny; j < ny; ++j)
      for (int i = -nx; i < nx; ++i) {
        int count = 0, corners = 0;
        PatientVec sum{};
        for (int c = 0; c < 8; ++c)
          corners +=
              inside(PatientVec{(i + (c & 1)) * step_mm, (j + (c >> 1 & 1)) * step_mm, (k + (c >> 2)) * step_mm});
        if (corners == 8) {
          samples.push_back(
              {centre + PatientVec{(i + 0.5) * step_mm, (j + 0.5) * step_mm, (k + 0.5) * step_mm}, volume});
          continue;
        }
        for (int q = 0; q < parts * parts * parts; ++q) {
          const auto at = [&](int cell, int part) { return (cell + (part + 0.5) / parts) * step_mm; };
          const PatientVec v{at(i, q % parts), at(j, q / parts % parts), at(k, q / parts / parts)};
          if (!inside(v)) continue;
          ++count;
          sum = sum + v;
        }
        if (count > 0) samples.push_back({centre + sum / count, volume * count / (parts * parts * parts)});
      }
  return samples;
}

template <class Dose>
DoseGrid dose_on_grid(const Grid& grid, Dose&& dose_at) {
  DoseGrid dose(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) dose(i, j, k) = float(dose_at(grid.voxel_centre(i, j, k)));
  return dose;
}

/// Grid of about `extent_mm` per side with unequal sizes.
template <class Dose>
DoseGrid dose_on_grid(double spacing_mm, PatientPoint origin, double extent_mm, Dose&& dose_at) {
  const int n = int(extent_mm / spacing_mm) + 1;
  return dose_on_grid(Grid({n, n + 1, n + 2}, {spacing_mm, spacing_mm, spacing_mm}, origin), dose_at);
}

/// At a scattered point of whole cells, at the centroid of cut ones.
inline std::vector<double> doses_at(const std::vector<Sample>& samples, const DoseInterpolator& dose) {
  double whole = 0;
  for (const Sample& s : samples) whole = std::max(whole, s.volume_mm3);
  std::vector<PatientPoint> points;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const UnitPoint x = unit_point(i);
    const double side = samples[i].volume_mm3 < whole * (1 - 1e-9) ? 0 : std::cbrt(whole);
    points.push_back(samples[i].point + side * PatientVec{x.a - 0.5, x.b - 0.5, x.c - 0.5});
  }
  return dose.values_at(points);
}

}  // namespace sbrt::analytic
