/// The dose of a beam set as a voxel-wise BED or EQD2, with what repairs while the beams are given one after the other.
#pragma once

#include "dose/dose_engine.h"
#include "engine/evaluation/accumulation.h"
#include "engine/forward_dose.h"
#include "engine/planning/delivery_schedule.h"
#include "geometry/volume.h"

#include <string>
#include <vector>

namespace sbrt {

struct LeaCatcheside {};  ///< G of (13) [1]
using ProtractionGrid = Volume<float, LeaCatcheside>;

struct Protractions {
  ProtractionGrid factor;        //!< G; 1 where no beam gives dose
  double factor_at_maximum = 1;  //!< in the voxel of the largest dose
  double lowest_factor = 1;      //!< of voxels with at least 10 % of the largest dose
};

/// G of one fraction in every voxel (13), by the actual beams in their order and time.
///
/// O(1) per beam and voxel: every voxel carries its dose, G d^2 and the damage that is not repaired yet. Each beam's
/// dose comes from a compute_dose() of its own. G depends on the shares of the beams only, so what this path errs in
/// absolute dose cancels. One repair half-time, constant dose rate within a beam.
/// @param ordered beams as delivered  @param times of one fraction, one per beam
/// @pre half_time_min >= 1
/// @throws InputError for a fraction of hundreds of half-times, and what compute_dose() refuses
Protractions protraction_factors(const BeamSet& ordered, const std::vector<BeamTime>& times, double half_time_min,
                                 const DensityMap& density, const BeamData& beam_data, const Grid& grid,
                                 const DoseOptions& options = {}, Progress& progress = no_progress);

/// The stated fractions, else those of plan.json. @param stated 0: not stated @throws InputError when nobody says them
int fractions_of_beams(const std::filesystem::path& beams_file, int stated);

struct EffectiveRequest {
  DoseQuantity quantity = DoseQuantity::eqd2;
  Tissue tissue;      //!< with `repair` the order and time of the beams count
  int fractions = 0;  //!< at least 1, see fractions_of_beams()
  std::string nodes;  //!< node set whose path the beams follow; empty: that of plan.json, else the order of the file
};

struct EffectiveDose {
  DoseGrid dose;
  std::string derivation;  //!< in words, for the RTDOSE
  Warnings warnings;       //!< "repopulation-not-applied"
};

/// @param beams_file plan.json, beams.json or beams.csv that the forward dose was computed from
/// @throws InputError for a node set that cannot be read
EffectiveDose effective_dose(const ForwardOutcome& forward, const ForwardRequest& request,
                             const std::filesystem::path& beams_file, const EffectiveRequest& wanted,
                             Progress& progress = no_progress);

}  // namespace sbrt
