#include "geometry/part_links.h"

#include "geometry/error.h"
#include "geometry/plane_gaps.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
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

std::vector<double> positions_of(const std::vector<ContourPlane>& planes) {
  std::vector<double> z;
  for (const ContourPlane& plane : planes) z.push_back(plane.z);
  return z;
}

Region reversed(const Loop& loop) { return {Loop(loop.rbegin(), loop.rend())}; }

class Linker {
 public:
  Linker(const std::vector<ContourPlane>& planes, double lone_thickness_mm)
      : gaps_(positions_of(planes), lone_thickness_mm) {
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
    result_.bridged = gaps_.bridged;
    result_.parted = gaps_.parted;
  }

  PartLinks run() {
    for (std::size_t k = 0; k + 1 < planes_.size(); ++k)
      if (!gaps_.is_parted(k)) link_planes(k, k + 1);
    part_separate_ends();
    for (std::size_t k = 0; k + 2 < planes_.size(); ++k) link_over_missing_contour(k);
    drop_empty_links();
    for (Link& link : result_.links) {
      link.ball = is_ball(link);
      result_.laws.push_back(law_of(link));
    }
    for (Link& link : result_.links) {
      link.below = same_piece(link, false);
      link.above = same_piece(link, true);
    }
    for (Link& link : result_.links)
      for (Cavity& cavity : link.cavities) cavity.cap = cavity_cap(link, cavity);
    collect_ends();
    return std::move(result_);
  }

 private:
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
    for (const auto& candidate : near) {
      const Pair& pair = candidate.second;
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
    const EndCap cap = end_cap(areas, gap_mm, gap_mm);
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
      const bool two_ends = tapers_within(chain(k, {pair.first}, false), gaps_.beyond_mm(k, true), e0) &&
                            tapers_within(chain(k + 2, {pair.second}, true), gaps_.beyond_mm(k + 2, false), e1);
      if (two_ends || span > bridged_gaps * std::min(gaps_.regular_mm(k), gaps_.regular_mm(k + 1))) continue;
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
    if (link.ball) return AreaLaw::ball(points[0], points[1]);
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

  int same_piece(const Link& link, bool upwards) const {
    const std::vector<int>& parts = upwards ? link.upper : link.lower;
    const PlaneParts& plane = planes_[upwards ? link.k1 : link.k0];
    const int next = (upwards ? plane.up : plane.down)[std::size_t(parts.front())];
    if (next < 0 || !link.cavities.empty()) return -1;
    const Link& other = result_.links[std::size_t(next)];
    return (upwards ? other.lower : other.upper) == parts && other.cavities.empty() ? next : -1;
  }

  /// Areas of the hole on the planes before the gap give the way the cavity ends.
  EndCap cavity_cap(const Link& link, const Cavity& cavity) const {
    std::size_t k = cavity.from_lower ? link.k0 : link.k1;
    const double gap_mm = std::min(planes_[link.k1].z - planes_[link.k0].z, gaps_.beyond_mm(k, cavity.from_lower));
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
    return end_cap(areas, gap_mm, gap_mm);
  }

  /// A piece of one part on each of two planes and nothing else.
  bool on_two_planes_only(const Link& link) const {
    return link.lower.size() == 1 && link.upper.size() == 1 && link.cavities.empty() &&
           planes_[link.k0].down[std::size_t(link.lower[0])] < 0 && planes_[link.k1].up[std::size_t(link.upper[0])] < 0;
  }

  BallThroughTwo ball_of(const Link& link) const {
    return ball_through({planes_[link.k0].z, link.lower_area}, {planes_[link.k1].z, link.upper_area},
                        gaps_.beyond_mm(link.k0, false), gaps_.beyond_mm(link.k1, true));
  }

  bool is_ball(const Link& link) const {
    if (!on_two_planes_only(link) || !ball_of(link).reaches_no_other_plane) return false;
    constexpr double round = 0.8;
    if (planar::roundness(link.lower_region) < round || planar::roundness(link.upper_region) < round) return false;
    const planar::Uv c0 = planar::centroid(link.lower_region), c1 = planar::centroid(link.upper_region);
    const double smaller = std::sqrt(std::min(link.lower_area, link.upper_area) / pi);
    return std::hypot(c1.u - c0.u, c1.v - c0.v) < 0.5 * smaller;
  }

  EndCap cap_beyond(std::size_t k, int part, bool upwards) const {
    const int inner = (upwards ? planes_[k].down : planes_[k].up)[std::size_t(part)];
    if (inner >= 0 && on_two_planes_only(result_.links[std::size_t(inner)])) {
      const Link& link = result_.links[std::size_t(inner)];
      const BallThroughTwo ball = ball_of(link);
      const EndCap& round = upwards ? ball.above : ball.below;
      return link.ball ? round
                       : flat_end(upwards ? link.upper_area : link.lower_area, gaps_.beyond_mm(k, upwards), round,
                                  ball.reaches_no_other_plane);
    }
    const std::vector<AreaAt> own = chain(k, {part}, !upwards);
    if (own.size() == 1 && inner >= 0)
      if (const auto shared = cap_of_siblings(k, part, upwards, result_.links[std::size_t(inner)])) return *shared;
    return end_cap(own, gaps_.beyond_mm(k, upwards), gaps_.reach_mm(k, upwards),
                   planes_[k].regions[std::size_t(part)].size() > 1);
  }

  /// Of a piece that parted in its last gap, each part shows on one plane only; the sum of their areas tells how they
  /// end together, each takes its share. Nothing unless all of them end here and taper.
  std::optional<EndCap> cap_of_siblings(std::size_t k, int part, bool upwards, const Link& inner) const {
    const std::vector<int>& siblings = upwards ? inner.upper : inner.lower;
    const std::vector<int>& outward = upwards ? planes_[k].up : planes_[k].down;
    const auto ends = [&](int a) { return outward[std::size_t(a)] < 0; };
    if (siblings.size() < 2 || !std::all_of(siblings.begin(), siblings.end(), ends)) return std::nullopt;
    const std::vector<AreaAt> sum = chain(k, siblings, !upwards);
    if (sum.size() < 3) return std::nullopt;
    const double gap_mm = gaps_.beyond_mm(k, upwards);
    EndCap cap = end_cap(sum, gap_mm, gaps_.reach_mm(k, upwards));
    if (cap.flat) return std::nullopt;
    // Parted pieces are no quadric: the interval covers the flat end too.
    cap.uncertainty_mm3 = std::max(
        cap.uncertainty_mm3, std::abs(cap.mean(0, cap.extent_mm) * cap.extent_mm - 0.5 * gap_mm * sum.front().area));
    return cap.scaled(planes_[k].areas[std::size_t(part)] / sum.front().area);
  }

  void collect_ends() {
    for (std::size_t k = 0; k < planes_.size(); ++k)
      for (int a = 0; a < int(planes_[k].parts.size()); ++a)
        for (const bool upwards : {false, true})
          if ((upwards ? planes_[k].up[a] : planes_[k].down[a]) < 0)
            result_.ends.push_back({k, upwards, planes_[k].regions[a], cap_beyond(k, a, upwards)});
  }

  PlaneGaps gaps_;
  std::vector<PlaneParts> planes_;
  PartLinks result_;
};

}  // namespace

PartLinks link_parts(const std::vector<ContourPlane>& planes, double lone_thickness_mm) {
  SBRT_EXPECT(!planes.empty() && lone_thickness_mm > 0);
  return Linker(planes, lone_thickness_mm).run();
}

}  // namespace sbrt
