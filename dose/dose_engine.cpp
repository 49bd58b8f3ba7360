#include "dose/dose_engine.h"

#include "dose/beam_check.h"
#include "dose/exact_dose.h"

namespace sbrt {

DoseResult compute_dose(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                        const Grid& dose_grid, const DoseOptions& options, Progress& progress) {
  require_valid_beams(beams, density, beam_data);
  BodyHits hits = find_beams_that_meet_body(beams, density, beam_data);
  DoseResult result = compute_dose_exact(beams, hits.meets, density, beam_data, dose_grid, options.depth, progress);
  append(result.warnings, hits.warnings);
  return result;
}

}  // namespace sbrt
