#include "engine/evaluation/refiner.h"

#include "engine/evaluation/split_pieces.h"
#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double some_more = 1.2;  // than needed: the error told by eight draws scatters
constexpr double finer_at_once = 2;

}  // namespace

const TooWide& widest(const std::vector<TooWide>& too_wide) {
  SBRT_EXPECT(!too_wide.empty());
  return *std::max_element(too_wide.begin(), too_wide.end(),
                           [](const TooWide& a, const TooWide& b) { return a.times < b.times; });
}

double finer_for(double times) { return std::min(std::ceil(4 * std::sqrt(some_more * times)) / 4, finer_at_once); }

std::vector<double> Refiner::isodoses_gy() const {
  std::vector<double> all;
  for (const auto& [metric, gy] : split_) all.push_back(gy);
  return all;
}

bool Refiner::refine(const std::vector<TooWide>& too_wide, std::size_t cells) {
  bool any_new = false;
  double needed = 0;
  for (const TooWide& t : too_wide) {
    const bool is_new = may_split_ && t.isodose_gy && split_.emplace(t.metric, *t.isodose_gy).second;
    any_new = any_new || is_new;
    needed = std::max(needed, t.times / (is_new ? split_gain : 1));
  }
  if (some_more * needed <= 1) return any_new;
  const double finer = finer_for(needed);
  if (step_mm_ / finer < finest_step_mm || finer * finer * finer * double(cells) > most_pieces) return any_new;
  step_mm_ /= finer;
  return true;
}

void Refiner::give_up_splitting() {
  may_split_ = false;
  split_.clear();
}

}  // namespace sbrt
