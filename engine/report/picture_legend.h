/// The legend under a picture of a report, as SVG.
#pragma once

#include <string>
#include <vector>

namespace sbrt {

struct LegendEntry {
  std::string label, colour;  //!< colour as in CSS
  bool dashed = false;
};

/// Height of the legend [px].
double legend_height(std::size_t entries);
/// Rows of entries between `left` and `left + width`, the first row's text on line `top` [px].
std::string legend_svg(const std::vector<LegendEntry>& entries, double left, double top, double width);

}  // namespace sbrt
