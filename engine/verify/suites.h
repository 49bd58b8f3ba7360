/// The groups of checks; each returns its rows.
#pragma once

#include "engine/verify/verify.h"

namespace sbrt::verify {

using Rows = std::vector<CheckRow>;

/// Spheres of 3 to 20 mm and the shapes of Nelms 2015 (10.1118/1.4923175) drawn on planes.
Rows check_volumes();
/// Expansion of a drawn sphere against the larger sphere.
Rows check_margins();
/// D99 % ... D0.03cc of the Nelms shapes in linear doses.
Rows check_dose_statistics();
/// PIV, PIV50, CI, nCI, GI, R50, coverage, HI of spheres that an isodose of a Gaussian dose fits exactly.
Rows check_indices();
/// Gamma of linear doses, shifted and offset.
Rows check_gamma();
/// BED, EQD2, survival models and protraction.
Rows check_radiobiology();
/// Calibration, inverse square, depth in slabs, thread count.
Rows check_dose_engine();

}  // namespace sbrt::verify
