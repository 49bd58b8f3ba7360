#include "geometry/blend.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using planar::Lattice;
using planar::Region;
using planar::Uv;

/// Lattice nodes per distance field: the pitch is then about 1/70 of the extent, the error of its contours pitch^2/8R.
constexpr double nodes_per_field = 5000, most_nodes = 100000;
constexpr int rim_nodes = 4;

double pitch_for(const planar::Rect& box, double smallest_area) {
  const double extent = std::max((box.u1 - box.u0) * (box.v1 - box.v0), 1e-6);
  // A small section needs a few nodes across as well.
  const double fine = 0.2 * std::sqrt(smallest_area);
  return std::max(std::min(std::sqrt(extent / nodes_per_field), fine), std::sqrt(extent / most_nodes));
}

Lattice lattice_for(const planar::Rect& box, double pitch) {
  return planar::lattice_over(box.grown(2 * pitch), pitch, rim_nodes);
}

Lattice lattice_for_area(const planar::Rect& box, double smallest_area) {
  return lattice_for(box, pitch_for(box, smallest_area));
}

bool congruent(const Region& a, const Region& b) {
  constexpr double same_mm = 1e-5;
  if (a.size() != b.size()) return false;
  for (std::size_t l = 0; l < a.size(); ++l) {
    if (a[l].size() != b[l].size()) return false;
    for (std::size_t i = 0; i < a[l].size(); ++i)
      if (std::abs(a[l][i].u - b[l][i].u) > same_mm || std::abs(a[l][i].v - b[l][i].v) > same_mm) return false;
  }
  return true;
}

}  // namespace

Blend::Blend(const Link& link, double z0, double z1, const Neighbour& below, const Neighbour& above)
    : z0_(z0), z1_(z1), lower_(link.lower_region) {
  Region upper = link.upper_region;
  const Uv c0 = planar::centroid(lower_), c1 = planar::centroid(upper);
  if (link.lower.size() == 1 && link.upper.size() == 1 && link.cavities.empty())
    choose_drift(upper, {c1.u - c0.u, c1.v - c0.v});
  planar::translate(upper, {-drift_.u, -drift_.v});
  // A ball is wider between its two planes than on them: R^2 = r^2 + h^2/4 < (r + h/2)^2.
  grown_ = link.ball ? 0.5 * (z1 - z0) : 0;
  const bool goes_on = below.region && above.region;
  const Region before = goes_on ? followed(below) : Region{}, behind = goes_on ? followed(above) : Region{};
  if (link.cavities.empty() && congruent(lower_, upper) &&
      (!goes_on || congruent(before, lower_) || congruent(behind, upper))) {
    prismatic_ = true;
    return;
  }
  planar::Rect box = planar::bounds(lower_);
  box.add(planar::bounds(upper));
  box = box.grown(grown_);
  const double pitch = pitch_for(box, std::min(link.lower_area, link.upper_area));
  if (goes_on) {
    box.add(planar::bounds(before));
    box.add(planar::bounds(behind));
  }
  lattice_ = lattice_for(box, pitch);
  // A neighbour far larger than the gap's own sections would cost more than its bend is worth.
  const bool affordable = double(lattice_.count()) <= 2 * most_nodes;
  from_ = planar::signed_distance(lower_, lattice_);
  to_ = planar::signed_distance(upper, lattice_);
  if (goes_on && affordable) bend(before, below.z, behind, above.z);
  for (const Cavity& cavity : link.cavities)
    cavities_.push_back({&cavity, planar::signed_distance(cavity.region, lattice_)});
}

Region Blend::section(double low, double high, double area) {
  const double t = (0.5 * (low + high) - z0_) / (z1_ - z0_);
  if (prismatic_ && std::abs(planar::area(lower_) - area) < 1e-6 * area) return placed(lower_, t);
  if (prismatic_ && from_.empty()) {
    lattice_ = lattice_for_area(planar::bounds(lower_).grown(grown_), area);
    from_ = to_ = planar::signed_distance(lower_, lattice_);
  }
  std::vector<float> field(from_.size());
  const float w = float(t);
  for (std::size_t n = 0; n < field.size(); ++n) field[n] = (1 - w) * from_[n] + w * to_[n];
  if (!bend_.empty()) {
    const float q = float(t * (t - 1) * (z1_ - z0_) * (z1_ - z0_));
    for (std::size_t n = 0; n < field.size(); ++n) field[n] += q * bend_[n];
  }
  planar::LevelContour found = planar::contour_with_area(field, lattice_, area, level_);
  level_ = found.level;
  bool hollow = false;
  for (auto& [cavity, distance] : cavities_) hollow |= hollow_out(field, *cavity, distance, low, high, found.level);
  return placed(hollow ? planar::contour(field, lattice_, found.level) : std::move(found.region), t);
}

/// Following the centroid is right for a piece that moves as a whole, wrong for one that grows on one side.
void Blend::choose_drift(const Region& upper, Uv drift) {
  Region moved = upper;
  planar::translate(moved, {-drift.u, -drift.v});
  const double both = planar::area(lower_) + planar::area(upper);
  const double apart = both - 2 * planar::overlap_area(lower_, upper),
               along = both - 2 * planar::overlap_area(lower_, moved);
  if (along < 0.5 * apart) drift_ = drift;
}

/// The neighbour's region as seen by an eye that moves with the drift.
Region Blend::followed(const Neighbour& neighbour) const {
  Region region = *neighbour.region;
  const double t = (neighbour.z - z0_) / (z1_ - z0_);
  planar::translate(region, {-t * drift_.u, -t * drift_.v});
  return region;
}

void Blend::bend(const Region& before, double z_before, const Region& behind, double z_behind) {
  const std::vector<float> b = planar::signed_distance(before, lattice_), a = planar::signed_distance(behind, lattice_);
  const float h = float(z1_ - z0_), hb = float(z0_ - z_before), ha = float(z_behind - z1_);
  bend_.resize(from_.size());
  for (std::size_t n = 0; n < bend_.size(); ++n) {
    const float slope = (to_[n] - from_[n]) / h;
    const float c0 = (slope - (from_[n] - b[n]) / hb) / (h + hb), c1 = ((a[n] - to_[n]) / ha - slope) / (h + ha);
    bend_[n] = c0 * c1 > 0 ? 2 * c0 * c1 / (c0 + c1) : 0.f;
  }
}

Region Blend::placed(Region region, double t) const {
  if (drift_ != Uv{}) planar::translate(region, {t * drift_.u, t * drift_.v});
  return region;
}

bool Blend::hollow_out(std::vector<float>& field, const Cavity& cavity, const std::vector<float>& distance, double low,
                       double high, double level) const {
  const double s0 = cavity.from_lower ? low - z0_ : z1_ - high, s1 = cavity.from_lower ? high - z0_ : z1_ - low;
  if (s0 >= cavity.cap.extent_mm - 1e-9) return false;
  double inset = 0;
  if (!cavity.cap.flat)
    inset =
        planar::contour_with_area(distance, lattice_, cavity.cap.mean(s0, std::min(s1, cavity.cap.extent_mm))).level;
  for (std::size_t n = 0; n < field.size(); ++n) field[n] = std::max(field[n], float(level + inset - distance[n]));
  return true;
}

Region Taper::section(double s0, double s1) {
  if (end_.cap.flat) return end_.region;
  const double area = end_.cap.mean(s0, s1);
  if (field_.empty()) {
    const double last = end_.cap.mean(0.8 * end_.cap.extent_mm, end_.cap.extent_mm);
    lattice_ = lattice_for_area(planar::bounds(end_.region), last);
    field_ = planar::signed_distance(end_.region, lattice_);
  }
  planar::LevelContour found = planar::contour_with_area(field_, lattice_, area, level_);
  level_ = found.level;
  return std::move(found.region);
}

Region Taper::face() {
  if (end_.cap.flat) return end_.region;
  section(0.9 * end_.cap.extent_mm, end_.cap.extent_mm);
  return planar::contour_with_area(field_, lattice_, 4 * lattice_.pitch * lattice_.pitch, level_).region;
}

}  // namespace sbrt
