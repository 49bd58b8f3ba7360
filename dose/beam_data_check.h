/// What a physicist looks at before a beam data set is used: shape, noise, penumbra and reach of its tables.
///
/// The reader refuses what cannot be used (axes, holes, negative values, OCR(0), TPR and OF at the reference); this
/// judges what can be read but may be wrong. Limits: docs/formats.md, "beam-data check". Not seen: errors that leave
/// the tables smooth and plausible, such as another machine's data, and asymmetry, which a table over the radius cannot
/// hold (the importer of scans reports it).
#pragma once

#include "dose/beam_data.h"

#include <string>
#include <vector>

namespace sbrt {

struct BeamDataFinding {
  std::string code;    //!< stable, of the warning when not passed
  std::string what;    //!< quantity and the place of its worst value
  std::string found;   //!< with unit
  std::string wanted;  //!< with unit
  bool passed = true;
};

/// Lengths in mm; every finding is listed, passed or not.
std::vector<BeamDataFinding> check_beam_data(const BeamData& data);

/// The findings that did not pass.
Warnings warnings_of(const std::vector<BeamDataFinding>& findings);

/// Radii at which a profile falls through a level, linear between nodes; NaN when it does not. [mm]
double radius_at_level(const BeamData& data, double collimator_mm, double depth_mm, double level);

/// The largest zigzag: over all runs of three neighbouring nodes that lie in turn above and below the line through
/// their neighbours, the smallest of the three distances. 0 for a smooth curve, about the standard deviation for a
/// noisy one.
double zigzag(const std::vector<double>& axis, const std::vector<double>& values);

}  // namespace sbrt
