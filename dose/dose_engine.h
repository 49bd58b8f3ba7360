/// Forward dose of a weighted beam set on a grid, eq. (6). Same bytes for any thread count.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "geometry/progress.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sbrt {

enum class DepthMode {
  per_point_ray,  ///< water-equivalent depth along the line from the source to every point
  central_axis,   ///< every point of a plane gets the depth of the axis ("no contour correction")
};

enum class DosePath {
  fast,   ///< production: depth from a fan of exact rays per source, single precision; error bound in docs/physics.md
  exact,  ///< reference: one exact ray per beam and point, double precision; slow
};

/// Instruction set of the fast path's inner loops; all give the same bytes. Forcing one that the processor lacks is
/// refused.
enum class SimdChoice { widest, portable, avx2, avx512 };

struct DoseOptions {
  DepthMode depth = DepthMode::per_point_ray;
  DosePath path = DosePath::fast;
  SimdChoice simd = SimdChoice::widest;
};

/// How far the tables and the model's validity were left, for the report.
struct DoseValidity {
  std::int64_t points_total = 0;      //!< beam-point pairs evaluated
  std::int64_t depth_clamped = 0;     //!< depth outside the TPR or OCR table
  std::int64_t field_clamped = 0;     //!< field diameter outside the TPR table
  std::int64_t distance_clamped = 0;  //!< distance outside the OF table
};

struct DoseResult {
  DoseGrid dose;  //!< [Gy], total over all fractions
  DoseValidity validity;
  std::string path;   //!< how it was computed, to be recorded: "exact", "fast/portable", "fast/avx2", "fast/avx512"
  Warnings warnings;  //!< "beam-misses-body": a beam whose field crosses no density; it adds no dose
};

/// Every grid point gets eq. (6), also outside the body, where the depth is what the ray has crossed so far; a caller
/// who wants the body only masks the result.
/// @throws InputError for a beam whose collimator the data set lacks, whose source equals its aim or lies inside the
/// body, or
///         whose MU is negative or not finite
DoseResult compute_dose(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                        const Grid& dose_grid, const DoseOptions& options = {}, Progress& progress = no_progress);

/// One beam's part in the dose at one point.
struct BeamContribution {
  std::string beam_id;
  double z_mm = 0, r800_mm = 0, d_eff_mm = 0, output_factor = 0, tpr = 0, ocr = 0, inverse_square = 0, weight_mu = 0,
         dose_gy = 0;
};
/// By the exact path, whatever options.path says.
std::vector<BeamContribution> trace_point(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                          PatientPoint point, const DoseOptions& options = {});

/// Share of the beam weight (MU) whose axis crosses at least 3 mm of relative density < 0.4 (inside the body) within
/// the last 50 mm before the target. A beam whose axis does not meet the target is judged before its aim point.
/// @param target occupancy of the target on any grid
double lung_path_share(const BeamSet& beams, const DensityMap& density, const Occupancy& target);

/// Share of the directions from the target's centroid in which the 10 mm beyond the target are mostly of relative
/// density < 0.4 inside the body: 1 for an island in lung, 0 in solid tissue. 0 when the target is empty.
/// @param target occupancy of the target on any grid
double lung_surround_share(const DensityMap& density, const Occupancy& target);

}  // namespace sbrt
