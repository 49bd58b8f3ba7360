#include "engine/report/picture_legend.h"

#include "dose/svg_plot.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt {
namespace {

constexpr double row_height = 18;
constexpr std::size_t columns = 6;

}  // namespace

double legend_height(std::size_t entries) { return row_height * std::ceil(double(entries) / double(columns)); }

std::string legend_svg(const std::vector<LegendEntry>& entries, double left, double top, double width) {
  std::string svg;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const double x = left + width / double(columns) * double(i % columns);
    const double y = top + row_height * double(i / columns);
    svg += fmt::format(
        "<path d=\"M{:.0f} {:.0f}h22\" stroke=\"{}\" stroke-width=\"2.5\"{}/><text x=\"{:.0f}\" "
        "y=\"{:.0f}\">{}</text>\n",
        x, y - 4, entries[i].colour, entries[i].dashed ? " stroke-dasharray=\"5 3\"" : "", x + 28, y,
        markup_escaped(entries[i].label));
  }
  return svg;
}

}  // namespace sbrt
