/// Beams that leave one source in similar directions share one frame and one depth fan.
#pragma once

#include "dose/beam.h"

#include <cstddef>
#include <vector>

namespace sbrt {

/// Origin at the source, w along the group's mean direction.
struct SourceFrame {
  PatientPoint source;
  PatientVec u, v, w;  //!< orthonormal, right-handed

  SourceFrame(PatientPoint source_point, PatientVec direction);
};

struct BeamGroup {
  SourceFrame frame;
  std::vector<std::size_t> beams;  //!< places in the beam set, ascending
};

/// Every used beam in exactly one group, in the order of first appearance. Directions of one group lie within 40
/// degrees.
std::vector<BeamGroup> group_by_source(const BeamSet& beams, const std::vector<char>& used);

}  // namespace sbrt
