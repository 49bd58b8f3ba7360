/// Where the dose model is known to be weak, said per plan.
#pragma once

#include "dose/dose_engine.h"
#include "engine/target_builder.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <vector>

namespace sbrt {

/// Warning "outside-tables": share of the points whose depth, field or distance lies outside the beam data and was
/// clamped.
Warnings table_warnings(const DoseResult& dose);

/// Warnings "lung-path" (share of the MU whose last 50 mm before a target cross relative density < 0.4), "lung-island"
/// (a target with lung in most directions around it) and those of table_warnings.
Warnings validity_warnings(const BeamSet& beams, const DoseResult& dose, const DensityMap& density,
                           const std::vector<BuiltTarget>& targets);

/// "other-collimator-kind" where beams of one kind meet the beam data of another. @param of_beams empty: not told
void check_collimator_kind(const std::string& of_beams, const BeamData& beam_data, Warnings& warnings);

}  // namespace sbrt
