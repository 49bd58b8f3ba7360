#pragma once

#include "geometry/structure_set.h"
#include "geometry/volume.h"
#include "phantoms/analytic_shape.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt::phantoms {

/// One solid of a phantom. Painted in the order of the list, so a later part covers an earlier one.
struct Part {
  Solid solid;
  std::optional<double> ct_number_hu;  //!< none: a structure that does not show in the CT
  std::string structure;               //!< its name in the RTSTRUCT; empty: not a structure
  RoiRole role = RoiRole::organ;
  std::array<std::uint8_t, 3> colour{255, 255, 255};
};

/// CT numbers by partial volume: exact along a row, `sub_rows` x `sub_rows` rows through every voxel. Any orientation.
CtImage paint(const Grid& grid, const std::vector<Part>& parts, double outside_hu = -1000, int sub_rows = 3);

/// Adds Gaussian noise of the given standard deviation (to within 1 % of a Gaussian out to 4 sigma), the same on every
/// machine and for any number of threads. Values stay at or above -1024 HU.
void add_noise(CtImage& image, double sigma_hu, std::uint64_t seed);

/// The parts that are structures, with contours on `planes_z_mm` whose points lie within `tolerance_mm` of the solid.
StructureSet draw(const std::vector<Part>& parts, const std::vector<double>& planes_z_mm,
                  const std::string& frame_of_reference_uid, double tolerance_mm = 0.01);

}  // namespace sbrt::phantoms
