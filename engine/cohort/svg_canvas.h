/// A picture under construction: marks with tooltips, round axes, colours that the colour-blind tell apart.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace sbrt {

/// Okabe and Ito 2008: blue, orange, green, vermilion, purple, sky blue, black.
inline constexpr std::array<const char*, 7> safe_colours{"#0072B2", "#E69F00", "#009E73", "#D55E00",
                                                         "#CC79A7", "#56B4E9", "#000000"};
inline constexpr const char* replanned_colour = safe_colours[0];
inline constexpr const char* archived_colour = safe_colours[3];

/// Round ticks from at or below the least value to at or above the largest; decades with 1, 2, 5 where `log`.
class RoundAxis {
 public:
  /// @pre low <= high, finite; > 0 where log
  RoundAxis(double low, double high, bool log = false, int wanted_ticks = 5);
  double low() const { return low_; }
  double high() const { return high_; }
  /// 0 at low, 1 at high.
  double fraction(double value) const;
  double value_at(double fraction) const;
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double low_, high_;
  bool log_;
  std::vector<double> ticks_;
};

class SvgCanvas {
 public:
  SvgCanvas(double width, double height, const std::string& title);
  /// `words` and `tooltip` are escaped; `style` are attributes as they are.
  void text(double x, double y, const std::string& words, const std::string& style = "");
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void rect(double x, double y, double width, double height, const std::string& style, const std::string& tooltip = "");
  void circle(double x, double y, double radius, const std::string& style, const std::string& tooltip = "");
  void path(const std::string& d, const std::string& style);
  std::string finish();

 private:
  std::string svg_;
};

}  // namespace sbrt
