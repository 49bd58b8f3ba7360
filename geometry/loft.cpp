#include "geometry/loft.h"

#include "geometry/blend.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/part_links.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace sbrt {
namespace {

using planar::Region;
using planar::Uv;

/// How far the outline moves sideways over a gap, about [mm].
double sideways(const Link& link) {
  const Uv c0 = planar::centroid(link.lower_region), c1 = planar::centroid(link.upper_region);
  const double length = std::min(planar::perimeter(link.lower_region), planar::perimeter(link.upper_region));
  return std::hypot(c1.u - c0.u, c1.v - c0.v) + std::abs(link.upper_area - link.lower_area) / length;
}

/// Slabs per gap: each about a quarter millimetre thick, coarser for large sections and wide gaps, finer where the
/// outline moves fast. A stack of slabs whose outlines step by s misses, on a ball of radius R, 0.3 s/R of its volume
/// and adds as much elsewhere (the volume itself is right): the steps are a share of the structure's largest section.
int pieces_of(double length, double gap, double area, double largest_area, double sideways_mm) {
  constexpr double step_share = 0.006;  // of R: 0.2 % of a ball are missed, so CI of a perfect fit is 1.002
  const double radius = std::sqrt(largest_area / std::numbers::pi);
  const double wanted = std::clamp(std::sqrt(area) / 40, 0.25, 1.0);
  const bool large = std::sqrt(area) > 150;
  const int fewest = gap < 0.4 || large ? 2 : 4, most = large ? 8 : 64;
  const double step = large ? 2.0 : std::clamp(step_share * radius, 0.01, 0.4);
  const double of_gap = std::clamp(std::max(gap / wanted, sideways_mm / step), double(fewest), double(most));
  return std::max(length < gap ? 2 : 1, int(std::ceil(of_gap * length / gap - 1e-6)));
}

/// All that lies between two neighbouring planes, or beyond the first or last one.
class GapBuilder {
 public:
  GapBuilder(const PartLinks& parts, const std::vector<ContourPlane>& planes, double largest_area, double low,
             double high)
      : parts_(parts), planes_(planes), largest_area_(largest_area), low_(low), high_(high) {}

  std::vector<Face> faces;

  std::vector<Slab> build() {
    std::vector<Blend> blends;
    std::vector<const AreaLaw*> laws;
    double size = 0, shift = 0;
    std::vector<double> breaks;
    for (std::size_t l = 0; l < parts_.links.size(); ++l) {
      const Link& link = parts_.links[l];
      const double z0 = planes_[link.k0].z, z1 = planes_[link.k1].z;
      if (z0 > low_ || z1 < high_) continue;
      blends.emplace_back(link, z0, z1, neighbour(link.below), neighbour(link.above));
      laws.push_back(&parts_.laws[l]);
      size = std::max({size, link.lower_area, link.upper_area});
      shift = std::max(shift, sideways(link));
      breaks.insert(breaks.end(), {low_, high_});
      for (const Cavity& cavity : link.cavities)
        breaks.push_back(cavity.from_lower ? z0 + cavity.cap.extent_mm : z1 - cavity.cap.extent_mm);
    }
    std::vector<std::pair<const PartEnd*, Taper>> tapers;
    for (const PartEnd& end : parts_.ends) {
      const double z = planes_[end.plane].z;
      if (z != (end.upwards ? low_ : high_)) continue;
      tapers.emplace_back(&end, Taper(end));
      size = std::max(size, planar::area(end.region));
      breaks.push_back(z);
      breaks.push_back(end.upwards ? z + end.cap.extent_mm : z - end.cap.extent_mm);
    }
    std::erase_if(breaks, [&](double z) { return z < low_ || z > high_; });
    std::sort(breaks.begin(), breaks.end());
    const auto same = [&](double a, double b) { return b - a < 1e-3 * (high_ - low_); };
    breaks.erase(std::unique(breaks.begin(), breaks.end(), same), breaks.end());
    std::vector<Slab> slabs;
    for (std::size_t b = 0; b + 1 < breaks.size(); ++b) {
      const std::vector<double> cuts = cut(breaks[b], breaks[b + 1], size, shift, blends.empty());
      for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        Slab slab{cuts[i], cuts[i + 1], {}};
        for (std::size_t l = 0; l < blends.size(); ++l)
          add(slab.region, blends[l].section(slab.low, slab.high, laws[l]->mean(slab.low, slab.high)));
        for (auto& [end, taper] : tapers) {
          const double z = planes_[end->plane].z;
          const double s0 = end->upwards ? slab.low - z : z - slab.high,
                       s1 = end->upwards ? slab.high - z : z - slab.low;
          if (0.5 * (s0 + s1) < end->cap.extent_mm)
            add(slab.region, taper.section(s0, std::min(s1, end->cap.extent_mm)));
        }
        if (!slab.region.empty()) slabs.push_back(std::move(slab));
      }
    }
    for (auto& [end, taper] : tapers) {
      const double z = planes_[end->plane].z;
      faces.push_back({end->upwards ? z + end->cap.extent_mm : z - end->cap.extent_mm, taper.face()});
    }
    return slabs;
  }

 private:
  /// The far plane of a link that carries on the same piece.
  Neighbour neighbour(int l) const {
    if (l < 0) return {};
    const Link& link = parts_.links[std::size_t(l)];
    const double z0 = planes_[link.k0].z;
    return z0 < low_ ? Neighbour{&link.lower_region, z0} : Neighbour{&link.upper_region, planes_[link.k1].z};
  }

  static void add(Region& region, Region more) {
    for (planar::Loop& loop : more) region.push_back(std::move(loop));
  }

  /// Borders of the slabs between two breaks. A pole alone is cut so that its radius, which goes with the root of the
  /// distance to the pole, shrinks evenly.
  std::vector<double> cut(double from, double to, double size, double shift, bool only_ends) const {
    const PartEnd* pole = nullptr;
    if (only_ends)
      for (const PartEnd& end : parts_.ends) {
        const double z = planes_[end.plane].z;
        if (!end.cap.flat && (end.upwards ? z == from && low_ == from : z == to && high_ == to)) pole = &end;
      }
    int n = pieces_of(to - from, high_ - low_, size, largest_area_, shift);
    if (pole)
      n = std::clamp(int(std::ceil(2 * planar::area(pole->region) / planar::perimeter(pole->region) / 0.4)), n, 12);
    std::vector<double> z{from};
    for (int i = 1; i < n; ++i) {
      const double x = double(i) / n;
      const double part = !pole ? x : pole->upwards ? 1 - (1 - x) * (1 - x) : x * x;
      z.push_back(from + part * (to - from));
    }
    z.push_back(to);
    return z;
  }

  const PartLinks& parts_;
  const std::vector<ContourPlane>& planes_;
  double largest_area_, low_, high_;
};

/// The next lower order misses far more than the order used; this part of the difference is reported.
constexpr double trust_in_order = 0.25;

double uncertainty(const PartLinks& parts, const std::vector<ContourPlane>& planes) {
  double sum = 0;
  for (std::size_t l = 0; l < parts.links.size(); ++l) {
    const Link& link = parts.links[l];
    const double z0 = planes[link.k0].z, z1 = planes[link.k1].z;
    const double mean = parts.laws[l].mean(z0, z1);
    const double lower_order = parts.laws[l].size() > 2 ? parts.laws[l].coarser(z0, z1).mean(z0, z1)
                                                        : 0.5 * (link.lower_area + link.upper_area);
    const double trust = parts.laws[l].size() > 2 ? trust_in_order : 1;
    sum += trust * std::abs(mean - lower_order) * (z1 - z0);
    for (const Cavity& cavity : link.cavities) sum += cavity.cap.uncertainty_mm3;
  }
  for (const PartEnd& end : parts.ends) sum += end.cap.uncertainty_mm3;
  return sum;
}

}  // namespace

Loft loft_shape_following(const std::vector<ContourPlane>& planes, double lone_thickness_mm) {
  const PartLinks parts = link_parts(planes, lone_thickness_mm);
  std::vector<std::vector<Slab>> gaps(planes.size() + 1);
  std::vector<std::vector<Face>> faces(gaps.size());
  double beyond = lone_thickness_mm, largest_area = 0;
  for (const ContourPlane& plane : planes) largest_area = std::max(largest_area, planar::area(plane.region));
  for (const PartEnd& end : parts.ends) beyond = std::max(beyond, end.cap.extent_mm);
  parallel_for(std::int64_t(gaps.size()), [&](std::int64_t g) {
    const double low = g == 0 ? planes.front().z - beyond : planes[g - 1].z;
    const double high = g == std::int64_t(planes.size()) ? planes.back().z + beyond : planes[g].z;
    GapBuilder builder(parts, planes, largest_area, low, high);
    gaps[g] = builder.build();
    faces[g] = std::move(builder.faces);
  });
  Loft loft;
  for (auto& gap : gaps)
    for (Slab& slab : gap) loft.slabs.push_back(std::move(slab));
  for (auto& gap : faces)
    for (Face& face : gap) loft.faces.push_back(std::move(face));
  loft.uncertainty_mm3 = uncertainty(parts, planes);
  loft.bridged = parts.bridged;
  loft.parted = parts.parted;
  loft.skipped = parts.skipped;
  return loft;
}

Loft loft_slabs(const std::vector<ContourPlane>& planes, double lone_thickness_mm) {
  SBRT_EXPECT(!planes.empty() && lone_thickness_mm > 0);
  Loft loft;
  const std::size_t n = planes.size();
  std::vector<double> gaps;
  for (std::size_t k = 0; k + 1 < n; ++k) gaps.push_back(planes[k + 1].z - planes[k].z);
  std::vector<double> sorted = gaps;
  std::sort(sorted.begin(), sorted.end());
  const double median = gaps.empty() ? lone_thickness_mm : sorted[(sorted.size() - 1) / 2];
  for (std::size_t k = 0; k < gaps.size(); ++k)
    if (gaps[k] > bridged_gaps * median)
      loft.parted.push_back(k);
    else if (gaps[k] > missing_plane_gaps * median)
      loft.bridged.push_back(k);
  // Thickness on the side of gap g; over a parted gap, the piece ends after half the usual gap.
  const auto half = [&](std::size_t g) { return 0.5 * (gaps[g] > bridged_gaps * median ? median : gaps[g]); };
  for (std::size_t k = 0; k < n; ++k) {
    const double below = n == 1 ? 0.5 * lone_thickness_mm : half(k > 0 ? k - 1 : 0);
    const double above = n == 1 ? 0.5 * lone_thickness_mm : half(k + 1 < n ? k : n - 2);
    loft.slabs.push_back({planes[k].z - below, planes[k].z + above, planes[k].region});
    // How far the ends reach is a convention; all of it is uncertain.
    if (k == 0) loft.uncertainty_mm3 += below * planar::area(planes[k].region);
    if (k + 1 == n) loft.uncertainty_mm3 += above * planar::area(planes[k].region);
  }
  return loft;
}

}  // namespace sbrt
