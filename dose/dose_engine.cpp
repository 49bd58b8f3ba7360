#include "dose/dose_engine.h"

#include "dose/beam_check.h"
#include "dose/exact_dose.h"
#include "dose/fast_dose.h"
#include "dose/water_depth.h"

namespace sbrt {

DoseResult compute_dose(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                        const Grid& dose_grid, const DoseOptions& options, Progress& progress) {
  require_valid_beams(beams, density, beam_data);
  const BodyHits hits = find_beams_that_meet_body(beams, density, beam_data);
  DoseResult result = options.path == DosePath::exact
                          ? compute_dose_exact(beams, hits.meets, cropped_to_density(density), beam_data, dose_grid,
                                               options.depth, progress)
                          : compute_dose_fast(beams, hits.meets, density, beam_data, dose_grid, options, progress);
  append(result.warnings, hits.warnings);
  return result;
}

}  // namespace sbrt
