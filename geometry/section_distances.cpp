#include "geometry/section_distances.h"

#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>

namespace sbrt {

using planar::Lattice;
using planar::Region;

SectionDistances::SectionDistances(const std::vector<Shape>& shapes, Side side, const Lattice& lattice, double reach_mm,
                                   double spacing_mm)
    : side_(side), lattice_(lattice), reach_(reach_mm) {
  SBRT_EXPECT(side == Side::outside || shapes.size() == 1);
  for (const Shape& shape : shapes)
    for (const Level& level : shape.state().levels(spacing_mm)) {
      if (side == Side::outside ? level.region->empty() : !level.whole) continue;
      levels_.push_back(level);
    }
  if (side == Side::inside)
    for (const Slab& slab : shapes.front().state().slabs) {
      constexpr double touching_mm = 1e-9;
      if (!stacks_.empty() && slab.low - stacks_.back().high < touching_mm)
        stacks_.back().high = slab.high;
      else
        stacks_.push_back({slab.low, slab.high});
    }
  std::stable_sort(levels_.begin(), levels_.end(), [](const Level& a, const Level& b) { return a.z < b.z; });
}

void SectionDistances::prepare(double low, double high) {
  begin_ = first(low);
  fields_.assign(std::size_t(last(high) - begin_), {});
  parallel_for(std::int64_t(fields_.size()), [&](std::int64_t n) {
    const Region& region = *levels_[std::size_t(begin_ + n)].region;
    if (region.empty()) {
      fields_[n].assign(lattice_.count(), 0.f);
      return;
    }
    fields_[n] = planar::one_sided_distance2(region, lattice_, side_ == Side::inside);
  });
}

std::vector<float> SectionDistances::at(double z) const {
  // Beyond its ends a solid has no section that could say so, and no point lies inside it.
  if (side_ == Side::inside &&
      std::none_of(stacks_.begin(), stacks_.end(), [&](const Stack& s) { return z > s.low && z < s.high; }))
    return std::vector<float>(lattice_.count(), 0.f);
  std::vector<float> nearest(lattice_.count(), float(reach_ * reach_));
  float* const acc = nearest.data();
  for (std::size_t n = 0; n < fields_.size(); ++n) {
    const double dz = levels_[std::size_t(begin_) + n].z - z;
    if (std::abs(dz) >= reach_) continue;
    const float dz2 = float(dz * dz);
    const float* const d2 = fields_[n].data();
    const std::size_t count = nearest.size();
#pragma omp simd
    for (std::size_t i = 0; i < count; ++i) {
      const float x = d2[i] + dz2;
      acc[i] = x < acc[i] ? x : acc[i];
    }
  }
  for (float& x : nearest) x = std::sqrt(x);
  return nearest;
}

std::ptrdiff_t SectionDistances::first(double low) const {
  return std::lower_bound(levels_.begin(), levels_.end(), low - reach_,
                          [](const Level& l, double z) { return l.z < z; }) -
         levels_.begin();
}

std::ptrdiff_t SectionDistances::last(double high) const {
  return std::upper_bound(levels_.begin(), levels_.end(), high + reach_,
                          [](double z, const Level& l) { return z < l.z; }) -
         levels_.begin();
}

Lattice lattice_for_curvature(const planar::Rect& box, double radius_mm, double error_mm) {
  constexpr double most_nodes = 250'000;
  const double extent = std::max((box.u1 - box.u0) * (box.v1 - box.v0), 1.0);
  const double wanted = std::clamp(std::sqrt(8 * radius_mm * error_mm), 0.1, 0.6);
  const double pitch = std::max(wanted, std::sqrt(extent / most_nodes));
  return planar::lattice_over(box, pitch, 3);
}

double section_spacing(double distance_mm, double error_mm) {
  return std::clamp(std::sqrt(8 * distance_mm * error_mm), 0.15, 1.0);
}

float signed_from(float out, float in) {
  const float d2 = out * out - in * in;
  return d2 < 0 ? -std::sqrt(-d2) : std::sqrt(d2);
}

}  // namespace sbrt
