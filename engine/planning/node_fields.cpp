#include "engine/planning/node_fields.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double share_at_outline = 0.7;
// A disc touches a place of the outline when its centre is no farther than this many radii: corners stay a bit apart.
constexpr double touching = 1.2;

std::size_t pick(double number, std::size_t count) { return std::min(count - 1, std::size_t(number * double(count))); }

}  // namespace

NodeFields::NodeFields(const BeamsEyeView& view, const std::vector<double>& collimators_mm)
    : view_(view), smallest_mm_(collimators_mm.front()) {
  SBRT_EXPECT(std::is_sorted(collimators_mm.begin(), collimators_mm.end()));
  for (const double c : collimators_mm)
    if (auto aims = view.aims_for(0.5 * c)) cones_.push_back({c, std::move(*aims)});
  if (cones_.empty()) cones_.push_back({smallest_mm_, view.aims_for_any(0.5 * smallest_mm_)});
}

Field NodeFields::field(double which, double where, double how) const {
  std::vector<const Cone*> fitting;
  const Cone& any = cones_[pick(which, cones_.size())];
  if (how >= share_at_outline && !any.aims.interior.empty())
    return {any.collimator_mm, any.aims.interior[pick(where, any.aims.interior.size())]};
  const planar::Uv rim = view_.on_outline(where);
  std::vector<planar::Uv> centres;
  for (const Cone& cone : cones_) {
    const planar::Uv centre = nearest_on_border(cone.aims.border, rim);
    // Fields that are wider than the target touch it nowhere and serve all of it.
    const double farthest = cone.aims.wide ? HUGE_VAL : touching * cone.aims.radius_mm + view_.pitch_mm();
    if (std::hypot(centre.u - rim.u, centre.v - rim.v) > farthest) continue;
    fitting.push_back(&cone);
    centres.push_back(centre);
  }
  if (fitting.empty()) return {smallest_mm_, view_.middle_near(rim)};
  const std::size_t n = pick(which, fitting.size());
  return {fitting[n]->collimator_mm, centres[n]};
}

}  // namespace sbrt
