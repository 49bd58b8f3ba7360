/// Gamma index in three dimensions (Low 1998, 10.1118/1.598248), continuous between the grid points.
///
/// gamma(r)^2 = min over e of |e - r|^2 / distance^2 + (D_evaluated(e) - D_reference(r))^2 / dose^2, r the voxel
/// centres of the reference, e any point of the evaluated grid. The evaluated dose is linear in each of the six
/// tetrahedra of a cell between voxel centres, and the minimum over a tetrahedron is solved in closed form (Ju 2008,
/// 10.1118/1.2836952): exact where the dose is linear, no search step. Neglected: the curvature of the dose inside a
/// cell.
#pragma once

#include "geometry/progress.h"
#include "geometry/volume.h"

#include <optional>
#include <vector>

namespace sbrt {

struct GammaIndex {};  ///< [1]; NaN where there is none
using GammaMap = Volume<float, GammaIndex>;

struct GammaCriteria {
  double dose_pct = 2;  //!< of the largest reference dose; local: of the dose at each point
  double distance_mm = 1;
  bool local = false;
  double cutoff_pct = 10;  //!< points below this share of the largest reference dose are left out
  double largest = 3;      //!< the search ends here: a larger gamma counts as this
};

/// A reference point and what was found for it.
struct GammaPoint {
  PatientPoint point;
  double gamma = 0, reference_gy = 0;
};

/// The points with gamma > 1.
struct FailingRegion {
  std::int64_t points = 0;
  double volume_cc = 0;  //!< of their voxels
  Box box;               //!< of the points
  PatientPoint centroid;
};

struct GammaResult {
  GammaCriteria criteria;
  double normalisation_gy = 0;  //!< largest reference dose
  std::int64_t compared = 0, passed = 0;
  std::int64_t below_cutoff = 0;
  std::int64_t not_covered = 0;  //!< above the cutoff, but outside the evaluated grid's voxel centres: not compared
  double pass_pct = 0, mean = 0, largest = 0;
  double histogram_bin = 0;  //!< width; bin n holds n...n + 1 widths, the last one all above
  std::vector<std::int64_t> histogram;
  std::optional<GammaPoint> worst;  //!< the first of the points with the largest gamma
  std::optional<FailingRegion> failing;
  GammaMap map;  //!< on the grid of the reference
};

/// Both doses in the same patient coordinates; spacing, orientation and extent may differ. Same result for any number
/// of threads.
/// @throws InputError: a criterion that is not positive, a cutoff outside 0...100 % (above 0 with `local`), a grid with
///         one plane only, a dose that is not finite, a reference without dose, grids that do not meet
GammaResult compare_gamma(const DoseGrid& reference, const DoseGrid& evaluated, const GammaCriteria& criteria,
                          Progress& progress = no_progress);

}  // namespace sbrt
