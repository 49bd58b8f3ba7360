#include "geometry/loft.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/part_links.h"
#include "geometry/planar_field.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace sbrt {
namespace {

using planar::Lattice;
using planar::Region;
using planar::Uv;

/// Lattice nodes per distance field: the pitch is then about 1/70 of the extent, the error of its contours pitch^2/8R.
constexpr double nodes_per_field = 5000, most_nodes = 100000;
constexpr int rim_nodes = 4;

Lattice lattice_for(const planar::Rect& box, double smallest_area) {
  const double extent = std::max((box.u1 - box.u0) * (box.v1 - box.v0), 1e-6);
  // A small section needs a few nodes across as well.
  const double fine = 0.2 * std::sqrt(smallest_area);
  const double pitch = std::max(std::min(std::sqrt(extent / nodes_per_field), fine), std::sqrt(extent / most_nodes));
  return planar::lattice_over(box.grown(2 * pitch), pitch, rim_nodes);
}

bool congruent(const Region& a, const Region& b, Uv shift) {
  constexpr double same_mm = 1e-5;
  if (a.size() != b.size()) return false;
  for (std::size_t l = 0; l < a.size(); ++l) {
    if (a[l].size() != b[l].size()) return false;
    for (std::size_t i = 0; i < a[l].size(); ++i)
      if (std::abs(a[l][i].u + shift.u - b[l][i].u) > same_mm || std::abs(a[l][i].v + shift.v - b[l][i].v) > same_mm)
        return false;
  }
  return true;
}

/// Sections between two regions: zero line of the interpolated signed distances, moved in or out to the wanted area.
class Blend {
 public:
  Blend(const Link& link, double z0, double z1) : z0_(z0), z1_(z1), lower_(link.lower_region) {
    Region upper = link.upper_region;
    const Uv c0 = planar::centroid(lower_), c1 = planar::centroid(upper);
    if (link.lower.size() == 1 && link.upper.size() == 1 && link.cavities.empty())
      choose_drift(upper, {c1.u - c0.u, c1.v - c0.v});
    planar::translate(upper, {-drift_.u, -drift_.v});
    if (link.cavities.empty() && congruent(lower_, upper, {})) {
      prismatic_ = true;
      return;
    }
    planar::Rect box = planar::bounds(lower_);
    box.add(planar::bounds(upper));
    lattice_ = lattice_for(box, std::min(link.lower_area, link.upper_area));
    from_ = planar::signed_distance(lower_, lattice_);
    to_ = planar::signed_distance(upper, lattice_);
    for (const Cavity& cavity : link.cavities)
      cavities_.push_back({&cavity, planar::signed_distance(cavity.region, lattice_)});
  }

  Region section(double low, double high, double area) {
    const double t = (0.5 * (low + high) - z0_) / (z1_ - z0_);
    if (prismatic_ && std::abs(planar::area(lower_) - area) < 1e-6 * area) return placed(lower_, t);
    if (prismatic_ && from_.empty()) {
      lattice_ = lattice_for(planar::bounds(lower_), area);
      from_ = to_ = planar::signed_distance(lower_, lattice_);
    }
    std::vector<float> field(from_.size());
    const float w = float(t);
    for (std::size_t n = 0; n < field.size(); ++n) field[n] = (1 - w) * from_[n] + w * to_[n];
    planar::LevelContour found = planar::contour_with_area(field, lattice_, area, level_);
    level_ = found.level;
    bool hollow = false;
    for (auto& [cavity, distance] : cavities_) hollow |= hollow_out(field, *cavity, distance, low, high, found.level);
    return placed(hollow ? planar::contour(field, lattice_, found.level) : std::move(found.region), t);
  }

 private:
  struct CavityField {
    const Cavity* cavity;
    std::vector<float> distance;
  };

  /// Following the centroid is right for a piece that moves as a whole, wrong for one that grows on one side.
  void choose_drift(const Region& upper, Uv drift) {
    Region moved = upper;
    planar::translate(moved, {-drift.u, -drift.v});
    const double both = planar::area(lower_) + planar::area(upper);
    const double apart = both - 2 * planar::overlap_area(lower_, upper),
                 along = both - 2 * planar::overlap_area(lower_, moved);
    if (along < 0.5 * apart) drift_ = drift;
  }

  Region placed(Region region, double t) const {
    if (drift_ != Uv{}) planar::translate(region, {t * drift_.u, t * drift_.v});
    return region;
  }

  bool hollow_out(std::vector<float>& field, const Cavity& cavity, const std::vector<float>& distance, double low,
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

  double z0_, z1_;
  Region lower_;
  Uv drift_;
  bool prismatic_ = false;
  Lattice lattice_;
  std::vector<float> from_, to_;
  std::vector<CavityField> cavities_;
  double level_ = 0;
};

/// Sections of an end: the last region, pulled in to the wanted area.
class Taper {
 public:
  explicit Taper(const PartEnd& end) : end_(end) {}

  Region section(double s0, double s1) {
    if (end_.cap.flat) return end_.region;
    const double area = end_.cap.mean(s0, s1);
    if (field_.empty()) {
      const double last = end_.cap.mean(0.8 * end_.cap.extent_mm, end_.cap.extent_mm);
      lattice_ = lattice_for(planar::bounds(end_.region), last);
      field_ = planar::signed_distance(end_.region, lattice_);
    }
    planar::LevelContour found = planar::contour_with_area(field_, lattice_, area, level_);
    level_ = found.level;
    return std::move(found.region);
  }

  /// The flat face; for a taper the deepest places of the last region, as a dot.
  Region face() {
    if (end_.cap.flat) return end_.region;
    section(0.9 * end_.cap.extent_mm, end_.cap.extent_mm);
    return planar::contour_with_area(field_, lattice_, 4 * lattice_.pitch * lattice_.pitch, level_).region;
  }

 private:
  const PartEnd& end_;
  Lattice lattice_;
  std::vector<float> field_;
  double level_ = 0;
};

/// How far the outline moves sideways over a gap, about [mm].
double sideways(const Link& link) {
  const Uv c0 = planar::centroid(link.lower_region), c1 = planar::centroid(link.upper_region);
  const double length = std::min(planar::perimeter(link.lower_region), planar::perimeter(link.upper_region));
  return std::hypot(c1.u - c0.u, c1.v - c0.v) + std::abs(link.upper_area - link.lower_area) / length;
}

/// Slabs per gap: each about a quarter millimetre thick, coarser for large sections and wide gaps, finer where the
/// outline moves fast.
int pieces_of(double length, double gap, double area, double sideways_mm) {
  const double wanted = std::clamp(std::sqrt(area) / 40, 0.25, 1.0);
  const bool large = std::sqrt(area) > 150;
  const int fewest = gap < 0.4 || large ? 2 : 4, most = large ? 8 : 16;
  const double step = large ? 2.0 : 0.4;
  const double of_gap = std::clamp(std::max(gap / wanted, sideways_mm / step), double(fewest), double(most));
  return std::max(length < gap ? 2 : 1, int(std::ceil(of_gap * length / gap - 1e-6)));
}

/// All that lies between two neighbouring planes, or beyond the first or last one.
class GapBuilder {
 public:
  GapBuilder(const PartLinks& parts, const std::vector<ContourPlane>& planes, double low, double high)
      : parts_(parts), planes_(planes), low_(low), high_(high) {}

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
      blends.emplace_back(link, z0, z1);
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
    int n = pieces_of(to - from, high_ - low_, size, shift);
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
  double low_, high_;
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
  double beyond = lone_thickness_mm;
  for (const PartEnd& end : parts.ends) beyond = std::max(beyond, end.cap.extent_mm);
  parallel_for(std::int64_t(gaps.size()), [&](std::int64_t g) {
    const double low = g == 0 ? planes.front().z - beyond : planes[g - 1].z;
    const double high = g == std::int64_t(planes.size()) ? planes.back().z + beyond : planes[g].z;
    GapBuilder builder(parts, planes, low, high);
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
