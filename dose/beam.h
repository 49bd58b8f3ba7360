#pragma once

#include "geometry/space.h"

#include <string>
#include <vector>

namespace sbrt {

/// One beam of a robot: a circular field from a source point through an aim point. No gantry angle, no isocentre.
struct Beam {
  std::string id;
  std::string node;          //!< node of the path set the source stands at
  PatientPoint source;       //!< [mm]
  PatientPoint aim;          //!< [mm]
  double collimator_mm = 0;  //!< nominal field diameter at 800 mm from the source
  double weight_mu = 0;      //!< total over all fractions [MU]
  bool operator==(const Beam&) const = default;
};
using BeamSet = std::vector<Beam>;

}  // namespace sbrt
