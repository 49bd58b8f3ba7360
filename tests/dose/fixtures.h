/// Phantoms and helpers of the dose tests.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "geometry/volume.h"

#include <functional>
#include <string>

namespace sbrt::testing {

inline const BeamData& generic_data() {
  static const BeamData data = BeamData::named_or_folder("generic-6mv-fff");
  return data;
}

/// Map of a density given by position.
inline DensityMap density_of(const Grid& grid, const std::function<double(PatientPoint)>& density) {
  DensityMap map(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) map(i, j, k) = float(density(grid.voxel_centre(i, j, k)));
  return map;
}

/// A cube of water, centred at the origin; the faces lie on voxel faces.
inline DensityMap water_cube(double side_mm, double voxel_mm) {
  const int n = int(std::lround(side_mm / voxel_mm));
  const double first = -side_mm / 2 + voxel_mm / 2;
  return DensityMap(Grid({n, n, n}, {voxel_mm, voxel_mm, voxel_mm}, {first, first, first}), 1.0f);
}

inline Beam beam(PatientPoint source, PatientPoint aim, double collimator_mm, double weight_mu = 100,
                 std::string id = "1") {
  return {std::move(id), "n", source, aim, collimator_mm, weight_mu};
}

}  // namespace sbrt::testing
