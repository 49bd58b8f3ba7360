/// A line plot with axes, grid, ticks and legend.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct PlotCurve {
  std::string label;
  std::vector<std::pair<double, double>> points;
  bool markers = false;       //!< a dot on every point
  std::string point_label{};  //!< beside every point
  std::string colour{};       //!< as in CSS; empty: one of a scale
};

struct LinePlot {
  std::string title, subtitle, x_label, y_label, legend_title;
  std::vector<PlotCurve> curves;  //!< at least one, with points
};

/// Axes run over round numbers that hold all points; the picture grows with the legend. Same text for the same plot.
std::string to_svg(const LinePlot& plot);

/// Text as it may stand in the elements and quoted attributes of SVG and HTML. Control characters, which XML cannot
/// hold, become U+FFFD.
std::string markup_escaped(const std::string& text);

}  // namespace sbrt
