#include "dose/svg_plot.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

constexpr double least_width = 900, least_height = 560, left = 80, right = 740, top = 70, bottom = 490;
constexpr double legend_row = 20;
constexpr double letter = 7;  // width of one at 12 px, generously
constexpr int wanted_ticks = 6;

/// Round ticks from at or below the least value to at or above the largest.
struct Axis {
  double low, high, step;
  Axis(double least, double largest) {
    if (!(largest > least)) largest = least + 1;
    const double raw = (largest - least) / wanted_ticks, decade = std::pow(10.0, std::floor(std::log10(raw)));
    step = decade * 10;
    for (const double m : {1.0, 2.0, 5.0})
      if (m * decade >= raw) {
        step = m * decade;
        break;
      }
    low = std::floor(least / step + 1e-9) * step;
    high = std::ceil(largest / step - 1e-9) * step;
  }
  int ticks() const { return int(std::lround((high - low) / step)); }
  double fraction(double v) const { return (v - low) / (high - low); }
};

/// Blue over green to red, evenly; readable on white.
std::string colour(std::size_t i, std::size_t count) {
  const double hue = count < 2 ? 220 : 240 - 240 * double(i) / double(count - 1);
  return fmt::format("hsl({:.0f},75%,{:.0f}%)", hue, hue > 40 && hue < 190 ? 36.0 : 46.0);
}

// Room for the legend beside the plot.
double width_of(const LinePlot& plot) {
  std::size_t longest = 0;
  for (const PlotCurve& curve : plot.curves) longest = std::max(longest, curve.label.size());
  return std::max(least_width, right + 56 + letter * double(longest));
}
double height_of(const LinePlot& plot) {
  return std::max(least_height, top + 44 + legend_row * double(plot.curves.size()));
}

std::string text(double x, double y, const std::string& anchor, int size, const std::string& words,
                 const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\"{}>{}</text>\n", x, y, anchor,
                     size, more, markup_escaped(words));
}

}  // namespace

std::string markup_escaped(const std::string& text) {
  std::string all;
  for (const char c : text) {
    if (c == '<')
      all += "&lt;";
    else if (c == '>')
      all += "&gt;";
    else if (c == '&')
      all += "&amp;";
    else if (c == '"')
      all += "&quot;";
    else if (c == '\'')
      all += "&#39;";
    else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
      all += "\xef\xbf\xbd";  // no XML may hold it: the replacement character
    else
      all += c;
  }
  return all;
}

std::string to_svg(const LinePlot& plot) {
  double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low, y_low = x_low, y_high = -x_low;
  for (const PlotCurve& curve : plot.curves)
    for (const auto& [x, y] : curve.points) {
      x_low = std::min(x_low, x), x_high = std::max(x_high, x);
      y_low = std::min(y_low, y), y_high = std::max(y_high, y);
    }
  SBRT_EXPECT(std::isfinite(x_low) && std::isfinite(y_low) && std::isfinite(x_high) && std::isfinite(y_high));
  const Axis x_axis(x_low, x_high), y_axis(y_low, y_high);
  const auto px = [&](double x) { return left + (right - left) * x_axis.fraction(x); };
  const auto py = [&](double y) { return bottom - (bottom - top) * y_axis.fraction(y); };

  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" fill=\"#222\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"white\"/>\n",
      width_of(plot), height_of(plot));
  svg += text(left, 30, "start", 18, plot.title, " font-weight=\"bold\"");
  svg += text(left, 52, "start", 12, plot.subtitle, " fill=\"#555\"");
  const auto line = [&](double x1, double y1, double x2, double y2, const char* stroke) {
    svg += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2,
                       y2, stroke);
  };
  const auto number = [](double v, double step) { return fmt::format("{:g}", std::abs(v) < step * 1e-6 ? 0.0 : v); };
  for (int i = 0; i <= x_axis.ticks(); ++i) {
    const double v = x_axis.low + i * x_axis.step;
    line(px(v), top, px(v), bottom, "#e4e4e4");
    svg += text(px(v), bottom + 18, "middle", 12, number(v, x_axis.step));
  }
  for (int i = 0; i <= y_axis.ticks(); ++i) {
    const double v = y_axis.low + i * y_axis.step;
    line(left, py(v), right, py(v), "#e4e4e4");
    svg += text(left - 8, py(v) + 4, "end", 12, number(v, y_axis.step));
  }
  svg += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"#444\"/>\n", left, top,
      right - left, bottom - top);
  svg += text((left + right) / 2, bottom + 45, "middle", 14, plot.x_label);
  svg += text(0, 0, "middle", 14, plot.y_label,
              fmt::format(" transform=\"translate(24,{:.1f}) rotate(-90)\"", (top + bottom) / 2));
  svg += text(right + 16, top + 10, "start", 12, plot.legend_title, " font-weight=\"bold\"");
  for (std::size_t i = 0; i < plot.curves.size(); ++i) {
    const PlotCurve& curve = plot.curves[i];
    const std::string stroke = curve.colour.empty() ? colour(i, plot.curves.size()) : curve.colour;
    svg += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" points=\"", stroke);
    for (const auto& [x, y] : curve.points) svg += fmt::format("{:.2f},{:.2f} ", px(x), py(y));
    svg += "\"/>\n";
    if (curve.markers)
      for (const auto& [x, y] : curve.points)
        svg += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3\" fill=\"{}\"/>\n", px(x), py(y), stroke);
    if (!curve.point_label.empty())
      for (const auto& [x, y] : curve.points) svg += text(px(x) + 6, py(y) - 5, "start", 12, curve.point_label);
    const double y = top + 32 + legend_row * double(i);
    svg += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"2.5\"/>\n",
        right + 16, y - 4, right + 40, y - 4, stroke);
    svg += text(right + 48, y, "start", 12, curve.label);
  }
  return svg + "</svg>\n";
}

}  // namespace sbrt
