/// The dose of a beam set as a voxel-wise BED or EQD2, with what repairs while the beams are given one after the other.
#pragma once

#include "dose/dose_engine.h"
#include "engine/evaluation/accumulation.h"
#include "engine/forward_dose.h"
#include "engine/planning/delivery_schedule.h"

#include <string>
#include <vector>

namespace sbrt {

/// (13) in every voxel: BED = n (d + G d^2/(alpha/beta)) with d the dose of one fraction and G of the actual beams.
struct ProtractedDose {
  DoseGrid physical;             //!< [Gy] total, the sum of the beams
  DoseGrid bed;                  //!< [Gy] total
  double factor_at_maximum = 1;  //!< G in the voxel of the largest physical dose
  double lowest_factor = 1;      //!< of voxels with at least 10 % of the largest dose
};

/// O(1) per beam and voxel: every voxel carries its dose, G d^2 and the damage that is not repaired yet. The dose of
/// each beam comes from compute_dose(); their sum agrees with that of the whole plan within the bound stated there. One
/// repair half-time, constant dose rate within a beam, complete repair between fractions.
/// @param ordered beams as delivered; MU are totals over all fractions  @param times of one fraction, one per beam
/// @pre half_time_min >= 1, fractions >= 1, alpha_beta_gy > 0
ProtractedDose protracted_bed(const BeamSet& ordered, const std::vector<BeamTime>& times, int fractions,
                              double alpha_beta_gy, double half_time_min, const DensityMap& density,
                              const BeamData& beam_data, const Grid& grid, const DoseOptions& options = {},
                              Progress& progress = no_progress);

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
