/// Doses of several plans as one, voxel by voxel, in a quantity that may be added.
///
/// Order of the steps: the physical dose of each plan is interpolated to the voxel centre, converted there with its own
/// fractions, then summed. The dose is the smooth field; converting first and interpolating BED or EQD2 would put a
/// chord over a convex curve and overestimate between the grid points.
/// Neglected: incomplete repair between the plans and what recovers in between; deformation of the patient.
#pragma once

#include "engine/evaluation/tissue.h"
#include "geometry/interpolate.h"
#include "geometry/progress.h"
#include "geometry/volume.h"

#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

enum class DoseQuantity { physical, bed, eqd2 };
std::string_view to_string(DoseQuantity quantity);  ///< "physical dose", "BED", "EQD2"

/// Total dose in equal fractions -> quantity by the tissue's model, without repopulation.
double converted_gy(double dose_gy, int fractions, DoseQuantity quantity, const Tissue& tissue);

struct AccumulationPart {
  std::string name;  //!< for messages
  const DoseGrid* dose = nullptr;
  int fractions = 0;  //!< 0: the values are in the quantity already and are added as they are
};

/// What happens to voxels of the asked grid that some part's grid does not cover.
enum class OutsideRule {
  omit,    ///< the result is the box of voxels that all parts cover
  zero,    ///< the missing dose counts as 0
  refuse,  ///< InputError
};

struct PartCoverage {
  double uncovered_cc = 0;         //!< of the asked grid that this part does not cover
  double largest_lost_gy = 0;      //!< largest dose of this part, as it came, at its own grid points outside the result
  double largest_on_faces_gy = 0;  //!< largest dose on the faces of its grid: what may go on beyond it
};

struct Accumulation {
  DoseGrid sum;
  std::vector<PartCoverage> parts;
  bool cropped = false;  //!< smaller than the asked grid
};

/// @throws InputError: the grids share no voxel; `refuse` and a voxel is not covered; `omit` and the covered voxels are
/// no box (grids turned against each other); a dose that is not finite
Accumulation accumulate(const std::vector<AccumulationPart>& parts, const Grid& grid, DoseQuantity quantity,
                        const Tissue& tissue, OutsideRule outside, Interpolation interpolation = Interpolation::cubic,
                        Progress& progress = no_progress);

}  // namespace sbrt
