/// How a structure is sampled again when the intervals of its metrics are wider than wanted.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

inline constexpr double most_pieces = 3e6;  //!< of a structure
inline constexpr double finest_step_mm = 0.05;

/// A metric with an interval wider than wanted.
struct TooWide {
  double times = 0;  //!< as wide as wanted
  std::string metric;
  std::optional<double> isodose_gy;  //!< whose pieces make it so wide, where it is one that splitting may serve
};
/// The widest. @pre not empty
const TooWide& widest(const std::vector<TooWide>& too_wide);

/// How much shorter pieces must be for an error this many times as large as wanted, up to twice: it goes with the
/// square of the step. In quarters, so that nearly equal doses get the same pieces.
double finer_for(double times);

/// Step of the pieces, and the isodoses at which they are split. Splitting comes first, as it costs least: it serves a
/// metric once, by split_gain; what is still too wide gets smaller pieces, by the square of the step. An isodose once
/// asked for stays.
class Refiner {
 public:
  explicit Refiner(double step_mm) : step_mm_(step_mm) {}

  double step_mm() const { return step_mm_; }
  std::vector<double> isodoses_gy() const;
  /// @param cells number of pieces at this step before any was split
  /// @return false when nothing more may help: step and isodoses are as before
  bool refine(const std::vector<TooWide>& too_wide, std::size_t cells);
  /// For a dose of which too many pieces would be split: from now on all pieces become smaller instead.
  void give_up_splitting();

 private:
  double step_mm_;
  bool may_split_ = true;
  std::map<std::string, double> split_;  // isodose by metric
};

}  // namespace sbrt
