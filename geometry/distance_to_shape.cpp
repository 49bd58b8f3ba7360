#include "geometry/parallel.h"
#include "geometry/shape_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

struct Segment {
  double au, av, du, dv, z;
};

double distance2(const Segment& s, double u, double v, double z) {
  const double pu = u - s.au, pv = v - s.av, length2 = s.du * s.du + s.dv * s.dv;
  const double t = length2 > 0 ? std::clamp((pu * s.du + pv * s.dv) / length2, 0.0, 1.0) : 0;
  const double ru = pu - t * s.du, rv = pv - t * s.dv, rz = z - s.z;
  return ru * ru + rv * rv + rz * rz;
}

struct Node {
  std::array<float, 6> box;  // low u v z, high u v z, rounded outwards
  std::uint32_t first;       // leaf: first segment; else index of the second child
  std::uint32_t count;       // 0 for inner nodes, whose first child follows
};

/// Bounding-box tree over the section curves.
class SegmentTree {
 public:
  explicit SegmentTree(std::vector<Segment> segments) : segments_(std::move(segments)) {
    if (!segments_.empty()) build(0, std::uint32_t(segments_.size()));
  }

  double nearest2(double u, double v, double z, double bound2) const {
    if (nodes_.empty()) return bound2;
    std::array<std::pair<std::uint32_t, double>, 64> open;
    std::size_t n = 0;
    open[n++] = {0, box_distance2(nodes_[0], u, v, z)};
    while (n > 0) {
      const auto [index, d2] = open[--n];
      if (d2 >= bound2) continue;
      const Node& node = nodes_[index];
      if (node.count > 0) {
        for (std::uint32_t s = node.first; s < node.first + node.count; ++s)
          bound2 = std::min(bound2, distance2(segments_[s], u, v, z));
        continue;
      }
      const std::uint32_t left = index + 1, right = node.first;
      const double dl = box_distance2(nodes_[left], u, v, z), dr = box_distance2(nodes_[right], u, v, z);
      // The nearer child is taken first.
      if (dl < dr) {
        open[n++] = {right, dr};
        open[n++] = {left, dl};
      } else {
        open[n++] = {left, dl};
        open[n++] = {right, dr};
      }
    }
    return bound2;
  }

 private:
  static double box_distance2(const Node& node, double u, double v, double z) {
    const double pu = std::max({node.box[0] - u, 0.0, u - node.box[3]});
    const double pv = std::max({node.box[1] - v, 0.0, v - node.box[4]});
    const double pz = std::max({node.box[2] - z, 0.0, z - node.box[5]});
    return pu * pu + pv * pv + pz * pz;
  }

  std::uint32_t build(std::uint32_t begin, std::uint32_t end) {
    constexpr std::uint32_t leaf = 8;
    std::array<double, 3> low{HUGE_VAL, HUGE_VAL, HUGE_VAL}, high{-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    for (std::uint32_t s = begin; s < end; ++s) {
      const Segment& g = segments_[s];
      const std::array<double, 3> a{g.au, g.av, g.z}, b{g.au + g.du, g.av + g.dv, g.z};
      for (int d = 0; d < 3; ++d) {
        low[d] = std::min({low[d], a[d], b[d]});
        high[d] = std::max({high[d], a[d], b[d]});
      }
    }
    const auto index = std::uint32_t(nodes_.size());
    Node node{};
    for (int d = 0; d < 3; ++d) {
      node.box[d] = std::nextafter(float(low[d]), -HUGE_VALF);
      node.box[d + 3] = std::nextafter(float(high[d]), HUGE_VALF);
    }
    nodes_.push_back(node);
    if (end - begin <= leaf) {
      nodes_[index].first = begin;
      nodes_[index].count = end - begin;
      return index;
    }
    int axis = 0;
    for (int d = 1; d < 3; ++d)
      if (high[d] - low[d] > high[axis] - low[axis]) axis = d;
    const std::uint32_t middle = begin + (end - begin) / 2;
    const auto centre = [axis](const Segment& g) {
      return axis == 0 ? g.au + 0.5 * g.du : axis == 1 ? g.av + 0.5 * g.dv : g.z;
    };
    std::nth_element(segments_.begin() + begin, segments_.begin() + middle, segments_.begin() + end,
                     [&](const Segment& a, const Segment& b) { return centre(a) < centre(b); });
    build(begin, middle);
    nodes_[index].first = build(middle, end);
    nodes_[index].count = 0;
    return index;
  }

  std::vector<Segment> segments_;
  std::vector<Node> nodes_;
};

}  // namespace

/// Distance to the section curves, and straight along the normal to the nearest section on the other side of the
/// surface.
struct DistanceToShape::State {
  Shape shape;
  std::vector<Level> levels;  // whole sections, ascending
  std::vector<RowTable> tables;
  std::vector<Level> partial;
  std::vector<RowTable> partial_tables;
  SegmentTree curves;
  std::vector<SegmentTree> outlines;  // of each level

  State(const Shape& s, double spacing) : shape(s), curves(collect(s, spacing, levels, partial)) {
    for (const Level& level : levels) {
      tables.emplace_back(*level.region);
      outlines.emplace_back(segments_of(level));
    }
    for (const Level& level : partial) partial_tables.emplace_back(*level.region);
  }

  static std::vector<Segment> segments_of(const Level& level) {
    std::vector<Segment> segments;
    for (const Loop& loop : *level.region)
      for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
        segments.push_back({loop[j].u, loop[j].v, loop[i].u - loop[j].u, loop[i].v - loop[j].v, level.z});
    return segments;
  }

  static std::vector<Segment> collect(const Shape& s, double spacing, std::vector<Level>& whole,
                                      std::vector<Level>& partial) {
    std::vector<Segment> segments;
    for (const Level& level : s.state().levels(spacing)) {
      (level.whole ? whole : partial).push_back(level);
      const std::vector<Segment> more = segments_of(level);
      segments.insert(segments.end(), more.begin(), more.end());
    }
    return segments;
  }

  /// Squared distance along the normal to the nearest level on the other side, below bound2.
  double across2(Uv p, double z, bool inside, double bound2) const {
    const auto at = std::lower_bound(levels.begin(), levels.end(), z,
                                     [](const Level& level, double value) { return level.z < value; });
    const auto start = at - levels.begin();
    for (std::ptrdiff_t l = start; l < std::ptrdiff_t(levels.size()); ++l) {
      const double d = levels[l].z - z;
      if (d * d >= bound2) break;
      if (tables[l].contains(p) != inside) bound2 = d * d;
    }
    for (std::ptrdiff_t l = start - 1; l >= 0; --l) {
      const double d = z - levels[l].z;
      if (d * d >= bound2) break;
      if (tables[l].contains(p) != inside) bound2 = d * d;
    }
    if (!inside)
      for (std::size_t l = 0; l < partial.size(); ++l) {
        const double d = z - partial[l].z;
        if (d * d < bound2 && partial_tables[l].contains(p)) bound2 = d * d;
      }
    return bound2;
  }

  /// Close to the surface: plane distances to the sections below and above, joined linearly and foreshortened by the
  /// slope that they give the surface. Infinite where there is no section on one side.
  double between(Uv p, double z) const {
    const auto above = std::upper_bound(levels.begin(), levels.end(), z,
                                        [](double value, const Level& level) { return value < level.z; });
    if (above == levels.begin() || above == levels.end()) return HUGE_VAL;
    const auto b = std::size_t(above - levels.begin()), a = b - 1;
    if (levels[a].region->empty() || levels[b].region->empty() || !(levels[b].z > levels[a].z)) return HUGE_VAL;
    const double da = plane_distance(a, p), db = plane_distance(b, p), dz = levels[b].z - levels[a].z;
    const double slope = (db - da) / dz;
    return (da + slope * (z - levels[a].z)) / std::sqrt(1 + slope * slope);
  }

  double plane_distance(std::size_t level, Uv p) const {
    const double d = std::sqrt(outlines[level].nearest2(p.u, p.v, levels[level].z, std::numeric_limits<double>::max()));
    return tables[level].contains(p) ? -d : d;
  }
};

DistanceToShape::DistanceToShape(const Shape& shape, double accuracy_mm) {
  SBRT_EXPECT(accuracy_mm > 0);
  // Section curves a distance s apart on the surface leave an error of at most s^2 / 8 D at distance D, here D = 1 mm;
  // s is at most the root of two times the spacing, along the normal and sideways.
  state_ = std::make_shared<State>(shape, std::sqrt(4 * accuracy_mm));
}

double DistanceToShape::operator()(PatientPoint p) const { return std::max(0.0, signed_distance(p)); }

double DistanceToShape::signed_distance(PatientPoint p) const {
  const PlaneFrame& frame = state_->shape.state().frame;
  const Uv q = frame.uv(p);
  const double z = frame.z(p);
  const bool inside = state_->shape.contains(p);
  double bound2 = std::numeric_limits<double>::max();
  bound2 = state_->across2(q, z, inside, bound2);
  bound2 = state_->curves.nearest2(q.u, q.v, z, bound2);
  const double nearest = std::sqrt(bound2), sign = inside ? -1 : 1;
  constexpr double close_mm = 1.0;
  if (nearest >= close_mm) return sign * nearest;
  const double between = state_->between(q, z);
  if (std::abs(between) >= nearest) return sign * nearest;
  const double weight = nearest / close_mm;
  return weight * sign * nearest + (1 - weight) * between;
}

}  // namespace sbrt
