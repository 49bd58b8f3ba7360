#include "geometry/part_links.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Part;
using planar::Region;

constexpr double pi = 3.14159265358979323846;

struct PlaneParts {
  double z = 0;
  std::vector<Part> parts;
  std::vector<Region> regions;      // per part, outer loop and holes
  std::vector<planar::Rect> boxes;  // per part
  std::vector<double> areas;        // per part, holes taken off
  std::vector<int> up, down;        // link of each part, -1 if none
};

Region region_of(const Part& part) {
  Region region{part.outer};
  region.insert(region.end(), part.holes.begin(), part.holes.end());
  return region;
}

Region reversed(const Loop& loop) { return {Loop(loop.rbegin(), loop.rend())}; }

class Linker {
 public:
  Linker(const std::vector<ContourPlane>& planes, double lone_thickness_mm) : lone_thickness_mm_(lone_thickness_mm) {
    for (const ContourPlane& plane : planes) {
      PlaneParts p;
      p.z = plane.z;
      p.parts = planar::parts_of(plane.region);
      for (const Part& part : p.parts) {
        p.regions.push_back(region_of(part));
        p.boxes.push_back(planar::bounds(part.outer));
        p.areas.push_back(planar::area(p.regions.back()));
      }
      p.up.assign(p.parts.size(), -1);
      p.down.assign(p.parts.size(), -1);
      planes_.push_back(std::move(p));
    }
    judge_gaps();
  }

  PartLinks run() {
    for (std::size_t k = 0; k + 1 < planes_.size(); ++k)
      if (std::find(result_.parted.begin(), result_.parted.end(), k) == result_.parted.end()) link_planes(k, k + 1);
    part_separate_ends();
    for (std::size_t k = 0; k + 2 < planes_.size(); ++k) link_over_missing_contour(k);
    drop_empty_links();
    for (const Link& link : result_.links) result_.laws.push_back(law_of(link));
    for (Link& link : result_.links)
      for (Cavity& cavity : link.cavities) cavity.cap = cavity_cap(link, cavity);
    collect_ends();
    return std::move(result_);
  }

 private:
  double gap(std::size_t k) const { return planes_[k + 1].z - planes_[k].z; }

  /// A gap misses planes if it is much wider than the gaps beside it, or than most gaps without being one of a run.
  void judge_gaps() {
    const std::size_t n = planes_.size() < 2 ? 0 : planes_.size() - 1;
    missing_.assign(n, false);
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
      if (missing_[k]) (gap(k) > bridged_gaps * regular_gap(k) ? result_.parted : result_.bridged).push_back(k);
  }

  /// The gap that planes near gap k normally have.
  double regular_gap(std::size_t k) const {
    for (std::size_t d = 1; d < missing_.size(); ++d)
      for (const std::ptrdiff_t side : {-1, 1}) {
        const std::ptrdiff_t g = std::ptrdiff_t(k) + side * std::ptrdiff_t(d);
        if (g >= 0 && g < std::ptrdiff_t(missing_.size()) && !missing_[std::size_t(g)]) return gap(std::size_t(g));
      }
    return gap(k);
  }

  /// Room for an end beyond plane k.
  double end_gap(std::size_t k, bool upwards) const {
    if (planes_.size() < 2) return lone_thickness_mm_;
    const bool inner = upwards ? k + 1 < planes_.size() : k > 0;
    const std::size_t g = upwards ? (inner ? k : k - 1) : (inner ? k - 1 : k);
    return missing_[g] ? std::min(gap(g), regular_gap(g)) : gap(g);
  }

  bool overlap(const Region& a, const Region& b) const {
    const double shared = planar::overlap_area(a, b);
    constexpr double sliver = 0.02;  // of the smaller part
    return shared > sliver * std::min(planar::area(a), planar::area(b));
  }

  using Pair = std::pair<int, int>;

  std::vector<Pair> overlapping(std::size_t k0, std::size_t k1, bool free_only) const {
    const PlaneParts &p = planes_[k0], &q = planes_[k1];
    std::vector<Pair> pairs;
    for (int a = 0; a < int(p.parts.size()); ++a)
      for (int b = 0; b < int(q.parts.size()); ++b) {
        if (free_only && (p.up[a] >= 0 || q.down[b] >= 0)) continue;
        if (p.boxes[a].meets(q.boxes[b]) && overlap(p.regions[a], q.regions[b])) pairs.emplace_back(a, b);
      }
    return pairs;
  }

  /// Free parts beside each other, as in thin tubes that run obliquely: nearest first, areas alike, rims not farther
  /// apart than the gap.
  void add_neighbours(std::size_t k0, std::size_t k1, std::vector<Pair>& pairs) const {
    const PlaneParts &p = planes_[k0], &q = planes_[k1];
    std::vector<std::pair<double, Pair>> near;
    for (int a = 0; a < int(p.parts.size()); ++a)
      for (int b = 0; b < int(q.parts.size()); ++b) {
        const auto used = [&](const Pair& x) { return x.first == a || x.second == b; };
        if (std::any_of(pairs.begin(), pairs.end(), used)) continue;
        const planar::Uv ca = planar::centroid(p.regions[a]), cb = planar::centroid(q.regions[b]);
        const double apart = std::hypot(ca.u - cb.u, ca.v - cb.v);
        const double radii = std::sqrt(p.areas[a] / pi) + std::sqrt(q.areas[b] / pi);
        const double ratio = p.areas[a] / q.areas[b];
        if (apart < radii + (q.z - p.z) && ratio > 1.0 / 3 && ratio < 3) near.push_back({apart, {a, b}});
      }
    std::stable_sort(near.begin(), near.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    for (const auto& [apart, pair] : near) {
      const auto used = [&](const Pair& x) { return x.first == pair.first || x.second == pair.second; };
      if (std::none_of(pairs.begin(), pairs.end(), used)) pairs.push_back(pair);
    }
  }

  void link_planes(std::size_t k0, std::size_t k1) {
    std::vector<Pair> pairs = overlapping(k0, k1, false);
    add_neighbours(k0, k1, pairs);
    add_links(k0, k1, pairs);
  }

  /// One link per connected group of pairs.
  void add_links(std::size_t k0, std::size_t k1, const std::vector<Pair>& pairs) {
    const int n = int(planes_[k0].parts.size()), total = n + int(planes_[k1].parts.size());
    std::vector<int> root(total);
    std::iota(root.begin(), root.end(), 0);
    const std::function<int(int)> find = [&](int x) { return root[x] == x ? x : root[x] = find(root[x]); };
    std::vector<char> member(total, 0);
    for (const auto& [a, b] : pairs) {
      root[find(a)] = find(n + b);
      member[a] = member[n + b] = 1;
    }
    for (int r = 0; r < total; ++r) {
      Link link;
      link.k0 = k0;
      link.k1 = k1;
      for (int x = 0; x < total; ++x)
        if (member[x] && find(x) == r) (x < n ? link.lower : link.upper).push_back(x < n ? x : x - n);
      if (link.lower.empty()) continue;
      for (const int a : link.lower) planes_[k0].up[a] = int(result_.links.size());
      for (const int b : link.upper) planes_[k1].down[b] = int(result_.links.size());
      join_regions(link);
      result_.links.push_back(std::move(link));
    }
  }

  /// Decides for each hole: it goes on on the other plane, opens to the outside there, or is a cavity that ends in
  /// between.
  void join_regions(Link& link) const {
    Region lower_outer, upper_outer;
    std::vector<Loop> lower_holes, upper_holes;
    for (const int a : link.lower) {
      lower_outer.push_back(planes_[link.k0].parts[a].outer);
      for (const Loop& h : planes_[link.k0].parts[a].holes) lower_holes.push_back(h);
    }
    for (const int b : link.upper) {
      upper_outer.push_back(planes_[link.k1].parts[b].outer);
      for (const Loop& h : planes_[link.k1].parts[b].holes) upper_holes.push_back(h);
    }
    const auto settle = [&](const std::vector<Loop>& holes, const std::vector<Loop>& others, const Region& other_outer,
                            Region region, bool from_lower) {
      for (const Loop& hole : holes) {
        const Region filled = reversed(hole);
        const bool goes_on =
            std::any_of(others.begin(), others.end(), [&](const Loop& o) { return overlap(filled, reversed(o)); });
        const bool opens = planar::overlap_area(filled, other_outer) < 0.5 * planar::area(filled);
        if (goes_on || opens)
          region.push_back(hole);
        else
          link.cavities.push_back({filled, from_lower, {}});
      }
      return region;
    };
    link.lower_region = settle(lower_holes, upper_holes, upper_outer, lower_outer, true);
    link.upper_region = settle(upper_holes, lower_holes, lower_outer, upper_outer, false);
    link.lower_area = planar::area(link.lower_region);
    link.upper_area = planar::area(link.upper_region);
  }

  /// Areas of a set of parts from plane k onwards, as long as the same pieces go on, at most four planes.
  std::vector<AreaAt> chain(std::size_t k, std::vector<int> parts, bool upwards) const {
    std::vector<AreaAt> areas;
    double sum = 0;
    for (const int a : parts) sum += planes_[k].areas[a];
    areas.push_back({planes_[k].z, sum});
    while (areas.size() < 4) {
      std::set<int> links;
      for (const int a : parts) links.insert(upwards ? planes_[k].up[a] : planes_[k].down[a]);
      if (links.count(-1)) break;
      std::vector<int> here, next;
      std::size_t k_next = k;
      double area = 0;
      bool same_plane = true, pure = true;
      for (const int l : links) {
        const Link& link = result_.links[l];
        here.insert(here.end(), (upwards ? link.lower : link.upper).begin(), (upwards ? link.lower : link.upper).end());
        next.insert(next.end(), (upwards ? link.upper : link.lower).begin(), (upwards ? link.upper : link.lower).end());
        const std::size_t to = upwards ? link.k1 : link.k0;
        same_plane &= k_next == k || k_next == to;
        k_next = to;
        pure &= link.cavities.empty();
        area += upwards ? link.upper_area : link.lower_area;
      }
      std::sort(here.begin(), here.end());
      std::sort(next.begin(), next.end());
      std::sort(parts.begin(), parts.end());
      if (!same_plane || !pure || here != parts) break;
      areas.push_back({planes_[k_next].z, area});
      k = k_next;
      parts = next;
    }
    return areas;
  }

  bool tapers_within(const std::vector<AreaAt>& areas, double gap_mm, double& extent) const {
    if (areas.size() < 3) return false;
    const EndCap cap = end_cap(areas, gap_mm);
    extent = cap.extent_mm;
    return !cap.flat;
  }

  /// A pair of pieces that both shrink to nothing before they meet are two ends, not a waist.
  void part_separate_ends() {
    for (Link& link : result_.links) {
      const double z0 = planes_[link.k0].z, z1 = planes_[link.k1].z;
      double e0 = 0, e1 = 0;
      if (!tapers_within(chain(link.k0, link.lower, false), z1 - z0, e0) ||
          !tapers_within(chain(link.k1, link.upper, true), z1 - z0, e1) || e0 + e1 > z1 - z0)
        continue;
      for (const int a : link.lower) planes_[link.k0].up[a] = -1;
      for (const int b : link.upper) planes_[link.k1].down[b] = -1;
      link.lower.clear();
    }
  }

  void link_over_missing_contour(std::size_t k) {
    std::vector<Pair> pairs;
    const double span = planes_[k + 2].z - planes_[k].z;
    for (const Pair& pair : overlapping(k, k + 2, true)) {
      double e0 = 0, e1 = 0;
      const bool two_ends = tapers_within(chain(k, {pair.first}, false), end_gap(k, true), e0) &&
                            tapers_within(chain(k + 2, {pair.second}, true), end_gap(k + 2, false), e1);
      if (two_ends || span > bridged_gaps * std::min(regular_gap(k), regular_gap(k + 1))) continue;
      pairs.push_back(pair);
    }
    if (pairs.empty()) return;
    add_links(k, k + 2, pairs);
    result_.skipped.push_back(k + 1);
  }

  void drop_empty_links() {
    std::vector<Link> kept;
    std::vector<int> renumbered(result_.links.size(), -1);
    for (std::size_t l = 0; l < result_.links.size(); ++l)
      if (!result_.links[l].lower.empty()) {
        renumbered[l] = int(kept.size());
        kept.push_back(std::move(result_.links[l]));
      }
    result_.links = std::move(kept);
    for (PlaneParts& plane : planes_)
      for (auto* side : {&plane.up, &plane.down})
        for (int& l : *side)
          if (l >= 0) l = renumbered[l];
  }

  AreaLaw law_of(const Link& link) const {
    const double z0 = planes_[link.k0].z, z1 = planes_[link.k1].z;
    std::vector<AreaAt> points{{z0, link.lower_area}, {z1, link.upper_area}};
    if (link.cavities.empty()) {
      std::vector<AreaAt> below = chain(link.k0, link.lower, false), above = chain(link.k1, link.upper, true);
      std::vector<AreaAt> far(below.begin() + 1, below.end());
      far.insert(far.end(), above.begin() + 1, above.end());
      const auto away = [&](const AreaAt& p) { return p.z < z0 ? z0 - p.z : p.z - z1; };
      std::stable_sort(far.begin(), far.end(), [&](const AreaAt& p, const AreaAt& q) { return away(p) < away(q); });
      for (std::size_t i = 0; i < far.size() && i < 2; ++i) points.push_back(far[i]);
      std::sort(points.begin(), points.end(), [](const AreaAt& p, const AreaAt& q) { return p.z < q.z; });
    }
    const bool ring = link.lower_region.size() > link.lower.size() && link.upper_region.size() > link.upper.size();
    return AreaLaw(points, ring);
  }

  /// Areas of the hole on the planes before the gap give the way the cavity ends.
  EndCap cavity_cap(const Link& link, const Cavity& cavity) const {
    std::size_t k = cavity.from_lower ? link.k0 : link.k1;
    const double gap_mm = std::min(planes_[link.k1].z - planes_[link.k0].z, end_gap(k, cavity.from_lower));
    std::vector<AreaAt> areas{{planes_[k].z, planar::area(cavity.region)}};
    Region hole = cavity.region;
    while (areas.size() < 4 && (cavity.from_lower ? k > 0 : k + 1 < planes_.size())) {
      k = cavity.from_lower ? k - 1 : k + 1;
      std::vector<Region> before;
      for (const Part& part : planes_[k].parts)
        for (const Loop& h : part.holes)
          if (overlap(hole, reversed(h))) before.push_back(reversed(h));
      if (before.size() != 1) break;
      hole = before.front();
      areas.push_back({planes_[k].z, planar::area(hole)});
    }
    return end_cap(areas, gap_mm);
  }

  void collect_ends() {
    for (std::size_t k = 0; k < planes_.size(); ++k)
      for (int a = 0; a < int(planes_[k].parts.size()); ++a)
        for (const bool upwards : {false, true}) {
          if ((upwards ? planes_[k].up[a] : planes_[k].down[a]) >= 0) continue;
          result_.ends.push_back(
              {k, upwards, planes_[k].regions[a],
               end_cap(chain(k, {a}, !upwards), end_gap(k, upwards), planes_[k].regions[a].size() > 1)});
        }
  }

  double lone_thickness_mm_;
  std::vector<PlaneParts> planes_;
  std::vector<bool> missing_;
  PartLinks result_;
};

}  // namespace

PartLinks link_parts(const std::vector<ContourPlane>& planes, double lone_thickness_mm) {
  SBRT_EXPECT(!planes.empty() && lone_thickness_mm > 0);
  return Linker(planes, lone_thickness_mm).run();
}

}  // namespace sbrt
