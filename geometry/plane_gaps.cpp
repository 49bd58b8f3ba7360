#include "geometry/plane_gaps.h"

#include "geometry/error.h"
#include "geometry/loft.h"

#include <algorithm>

namespace sbrt {

/// A gap misses planes if it is much wider than the gaps beside it, or than most gaps without being one of a run.
PlaneGaps::PlaneGaps(std::vector<double> positions, double lone_thickness_mm)
    : z_(std::move(positions)), lone_thickness_mm_(lone_thickness_mm) {
  SBRT_EXPECT(!z_.empty() && lone_thickness_mm > 0);
  const std::size_t n = z_.size() - 1;
  missing_.assign(n, false);
  if (n == 1) widest_mm_ = gap(0);
  if (n < 2) return;
  std::vector<double> sorted;
  for (std::size_t k = 0; k < n; ++k) sorted.push_back(gap(k));
  std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t((n - 1) / 2), sorted.end());
  const double median = sorted[(n - 1) / 2];
  for (std::size_t k = 0; k < n; ++k) {
    const double below = k > 0 ? gap(k - 1) : 0, above = k + 1 < n ? gap(k + 1) : 0;
    const bool alone = gap(k) > missing_plane_gaps * std::max(below, above);
    const bool like_neighbour = gap(k) < missing_plane_gaps * below || gap(k) < missing_plane_gaps * above;
    missing_[k] = alone || (gap(k) > missing_plane_gaps * median && !like_neighbour);
  }
  for (std::size_t k = 0; k < n; ++k)
    if (!missing_[k])
      widest_mm_ = std::max(widest_mm_, gap(k));
    else
      (gap(k) > bridged_gaps * regular_mm(k) ? parted : bridged).push_back(k);
}

bool PlaneGaps::is_parted(std::size_t gap) const {
  return std::find(parted.begin(), parted.end(), gap) != parted.end();
}

double PlaneGaps::regular_mm(std::size_t k) const {
  for (std::size_t d = 1; d < missing_.size(); ++d)
    for (const std::ptrdiff_t side : {-1, 1}) {
      const std::ptrdiff_t g = std::ptrdiff_t(k) + side * std::ptrdiff_t(d);
      if (g >= 0 && g < std::ptrdiff_t(missing_.size()) && !missing_[std::size_t(g)]) return gap(std::size_t(g));
    }
  return gap(k);
}

double PlaneGaps::beyond_mm(std::size_t k, bool upwards) const {
  if (z_.size() < 2) return lone_thickness_mm_;
  const bool inner = upwards ? k + 1 < z_.size() : k > 0;
  const std::size_t g = upwards ? (inner ? k : k - 1) : (inner ? k - 1 : k);
  return missing_[g] ? std::min(gap(g), regular_mm(g)) : gap(g);
}

double PlaneGaps::reach_mm(std::size_t k, bool upwards) const {
  const double known = beyond_mm(k, upwards);
  const bool outermost = upwards ? k + 1 == z_.size() : k == 0;
  constexpr double most_gaps = 1.5;
  return outermost ? std::max(known, std::min(most_gaps * known, widest_mm_)) : known;
}

}  // namespace sbrt
