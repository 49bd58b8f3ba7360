/// Three planes through a point as one SVG: the CT as embedded PNG, structures and isodoses as lines.
#pragma once

#include "engine/report/report_view.h"

#include <functional>
#include <string>
#include <vector>

namespace sbrt {

/// A line where a volume takes a value. The axes of its grid may have any direction.
struct PictureLine {
  const Grid* grid = nullptr;
  std::function<double(std::size_t)> value;  //!< at an index of the grid
  double level = 0;
  std::string label, colour;  //!< colour as in CSS
  bool dashed = false;
};

/// Planes along the axes of `frame`, wide enough for the whole of it. The same text for the same input.
/// @param ct may be null: then the lines stand on black  @param window_hu what is black and what is white
std::string planes_svg(const DisplayedImage* ct, const Grid& frame, PatientPoint centre,
                       const std::vector<PictureLine>& lines, std::array<double, 2> window_hu = {-1100, 500});

}  // namespace sbrt
