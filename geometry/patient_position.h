/// How the patient lies in the room, and where a treatment machine's angles put the source of a beam.
///
/// Room axes seen by a viewer who faces the gantry from the foot of the couch: x to the right, y down, z towards the
/// gantry. In IEC 61217 (fixed system): X = x, Y = z, Z = -y.
#pragma once

#include "geometry/grid.h"

#include <string>

namespace sbrt {

/// Room axes in DICOM patient coordinates (docs/coordinates.md).
/// @param patient_position HFS, HFP, FFS, FFP, HFDL, HFDR, FFDL or FFDR (DICOM C.7.3.1.1.2)
/// @throws InputError for anything else
Axes room_axes(const std::string& patient_position);

/// IEC 61217 angles of a beam, degrees; gantry pitch, table top pitch, roll and eccentric rotation are zero.
struct BeamAngles {
  double gantry_deg = 0;           //!< 0 from above, 90 from the viewer's right
  double patient_support_deg = 0;  //!< turntable, counterclockwise as seen from above
  bool operator==(const BeamAngles&) const = default;
};

/// Unit vector from the isocentre to the source in patient coordinates (docs/coordinates.md).
PatientVec direction_to_source(const BeamAngles& angles, const Axes& room);

/// The angles that put the source in the direction of `to_source`: gantry in [0, 360), turntable within 90 degrees of
/// its rest ([0, 90] or (270, 360)); at gantry 0 and 180 the turntable rests.
BeamAngles angles_to_source(const PatientVec& to_source, const Axes& room);

}  // namespace sbrt
