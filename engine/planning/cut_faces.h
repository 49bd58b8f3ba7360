/// Beams that reach the patient where the CT is cut off: their path length, and so their dose, is not known.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

namespace sbrt {

/// True where the axis or one of eight rays on the field's edge crosses a face of the CT's grid at a place where the
/// body reaches this face (occupancy >= 0.5 in the first or second voxel behind it). Tissue beyond the face is missing
/// from the depth. A ray that crosses the face in air is not: its way through the scanned body is complete.
bool enters_through_cut_face(const Beam& beam, const Occupancy& body, const BeamData& beam_data);

/// "beam-through-ct-edge" with the beams of positive weight that enter through a cut face; empty where there is none.
Warnings truncated_path_warnings(const BeamSet& beams, const Occupancy& body, const BeamData& beam_data);

}  // namespace sbrt
