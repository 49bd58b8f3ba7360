/// The anatomy about the lesions of a series. Private to this room.
#pragma once

#include "phantoms/blueprint.h"
#include "phantoms/series.h"

namespace sbrt::phantoms {

struct SeriesAnatomy {
  std::vector<Part> parts;  ///< painted in this order, lesions after them
  Solid body;
  Solid host;                                            ///< holds the GTV wholly
  std::vector<Solid> kept_free;                          ///< no GTV may reach into them
  PatientPoint place;                                    ///< of the lesion, before chance moves it
  PatientVec spread_mm;                                  ///< how far chance may move it to either side
  double semi_x_mm = 0, semi_y_mm = 0, centre_y_mm = 0;  ///< of the body's outline, for the extent of the CT
  bool upright = false;                                  ///< the long axis lies near z
};

/// @param which 0 for the first lesion of a study, 1 for the second, which lies elsewhere
/// @param size of the GTV, semi-axes
SeriesAnatomy series_anatomy(Site site, int which, PatientVec semi_axes_mm);

}  // namespace sbrt::phantoms
