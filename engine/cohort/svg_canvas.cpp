#include "engine/cohort/svg_canvas.h"

#include "dose/svg_plot.h"
#include "engine/cohort/cohort_report.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt {

RoundAxis::RoundAxis(double low, double high, bool log, int wanted_ticks) : low_(low), high_(high), log_(log) {
  SBRT_EXPECT(std::isfinite(low) && std::isfinite(high) && low <= high && (!log || low > 0));
  constexpr double rounding = 1e-9;
  if (log) {
    std::vector<double> all;
    for (int decade = int(std::floor(std::log10(low))); decade <= int(std::floor(std::log10(high))) + 1; ++decade)
      for (const double m : {1.0, 2.0, 5.0}) all.push_back(m * std::pow(10.0, decade));
    for (std::size_t n = 0; n < all.size(); ++n) {
      const bool above_low = n + 1 == all.size() || all[n + 1] > low * (1 + rounding);
      const bool below_high = n == 0 || all[n - 1] < high * (1 - rounding);
      if (above_low && below_high) ticks_.push_back(all[n]);
    }
    if (ticks_.size() < 2) ticks_ = {low / 2, high * 2};
  } else {
    if (!(high > low)) {
      const double room = low == 0 ? 1 : std::abs(low) * 0.1;
      low -= room;
      high += room;
    }
    const double raw = (high - low) / wanted_ticks, decade = std::pow(10.0, std::floor(std::log10(raw)));
    double step = 10 * decade;
    for (const double m : {1.0, 2.0, 5.0})
      if (m * decade >= raw * (1 - rounding)) {
        step = m * decade;
        break;
      }
    const double first = std::floor(low / step + rounding), last = std::ceil(high / step - rounding);
    for (double n = first; n <= last; ++n) ticks_.push_back(n * step);
  }
  low_ = ticks_.front();
  high_ = ticks_.back();
}

double RoundAxis::fraction(double value) const {
  return log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
}

double RoundAxis::value_at(double fraction) const {
  return log_ ? low_ * std::pow(high_ / low_, fraction) : low_ + fraction * (high_ - low_);
}

namespace {
std::string ended(const std::string& element, const std::string& attributes, const std::string& style,
                  const std::string& tooltip) {
  const std::string opened = fmt::format("<{} {}{}{}", element, attributes, style.empty() ? "" : " ", style);
  if (tooltip.empty()) return opened + "/>\n";
  return fmt::format("{}><title>{}</title></{}>\n", opened, markup_escaped(tooltip), element);
}
}  // namespace

SvgCanvas::SvgCanvas(double width, double height, const std::string& title) {
  svg_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:g}\" width=\"{0:g}\" height=\"{1:g}\" "
      "role=\"img\" aria-label=\"{2}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
      "<rect width=\"{0:g}\" height=\"{1:g}\" fill=\"#fff\"/>\n",
      width, height, markup_escaped(title));
}

void SvgCanvas::text(double x, double y, const std::string& words, const std::string& style) {
  svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", x, y, style.empty() ? "" : " ", style,
                      markup_escaped(words));
}

void SvgCanvas::line(double x1, double y1, double x2, double y2, const std::string& style) {
  svg_ += fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n", x1, y1, x2, y2, style);
}

void SvgCanvas::rect(double x, double y, double width, double height, const std::string& style,
                     const std::string& tooltip) {
  svg_ +=
      ended("rect", fmt::format("x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"", x, y, width, height),
            style, tooltip);
}

void SvgCanvas::circle(double x, double y, double radius, const std::string& style, const std::string& tooltip) {
  svg_ += ended("circle", fmt::format("cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:g}\"", x, y, radius), style, tooltip);
}

void SvgCanvas::path(const std::string& d, const std::string& style) {
  svg_ += fmt::format("<path d=\"{}\" {}/>\n", d, style);
}

std::string SvgCanvas::finish() { return std::move(svg_) + "</svg>\n"; }

}  // namespace sbrt
