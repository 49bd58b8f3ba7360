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
  SegmentTree() = default;
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

std::vector<Segment> segments_of(const Level& level, double tolerance_mm) {
  std::vector<Segment> segments;
  for (const Loop& all : *level.region) {
    const Loop loop = planar::simplified(all, tolerance_mm);
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
      segments.push_back({loop[j].u, loop[j].v, loop[i].u - loop[j].u, loop[i].v - loop[j].v, level.z});
  }
  return segments;
}

/// The surface as section curves at some spacing: distance to the curves, and straight along the normal to the nearest
/// section on the other side of the surface.
class Sections {
 public:
  Sections(const Shape& shape, double spacing_mm, double tolerance_mm) {
    std::vector<Segment> segments;
    for (const Level& level : shape.state().levels(spacing_mm)) {
      (level.whole ? levels : ends_).push_back(level);
      const std::vector<Segment> more = segments_of(level, tolerance_mm);
      segments.insert(segments.end(), more.begin(), more.end());
    }
    for (const Level& level : levels) tables.emplace_back(*level.region);
    for (const Level& level : ends_) end_tables_.emplace_back(*level.region);
    curves_ = SegmentTree(std::move(segments));
  }

  /// Squared distance to the surface if below bound2, else bound2.
  double nearest2(Uv p, double z, bool inside, double bound2) const {
    bound2 = curves_.nearest2(p.u, p.v, z, bound2);
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
      for (std::size_t l = 0; l < ends_.size(); ++l) {
        const double d = z - ends_[l].z;
        if (d * d < bound2 && end_tables_[l].contains(p)) bound2 = d * d;
      }
    return bound2;
  }

  std::vector<Level> levels;  // whole sections, ascending
  std::vector<RowTable> tables;

 private:
  std::vector<Level> ends_;
  std::vector<RowTable> end_tables_;
  SegmentTree curves_;
};

constexpr double far_mm = 12.0;

}  // namespace

struct DistanceToShape::State {
  Shape shape;
  double accuracy;
  Sections fine;
  Sections coarse;                    // for distances beyond far_mm
  std::vector<SegmentTree> outlines;  // of each fine level

  // Section curves a distance s apart on the surface leave an error of at most s^2 / 8 D at distance D, D = 1 mm for
  // the fine ones; s is at most the root of two times the spacing, along the normal and sideways. Half of the accuracy
  // is left for the simplified polygons.
  State(const Shape& s, double accuracy_mm)
      : shape(s),
        accuracy(accuracy_mm),
        fine(s, std::sqrt(4 * accuracy_mm), 0.2 * accuracy_mm),
        coarse(s, std::sqrt(2 * far_mm * accuracy_mm), 0.4 * accuracy_mm) {
    for (const Level& level : fine.levels) outlines.emplace_back(segments_of(level, 0.2 * accuracy_mm));
  }

  /// Close to the surface: plane distances to the sections below and above, joined linearly and foreshortened by the
  /// slope that they give the surface. Infinite where there is no section on one side.
  double between(Uv p, double z) const {
    const auto above = std::upper_bound(fine.levels.begin(), fine.levels.end(), z,
                                        [](double value, const Level& level) { return value < level.z; });
    if (above == fine.levels.begin() || above == fine.levels.end()) return HUGE_VAL;
    const auto b = std::size_t(above - fine.levels.begin()), a = b - 1;
    if (fine.levels[a].region->empty() || fine.levels[b].region->empty() || !(fine.levels[b].z > fine.levels[a].z))
      return HUGE_VAL;
    const double da = plane_distance(a, p), db = plane_distance(b, p), dz = fine.levels[b].z - fine.levels[a].z;
    const double slope = (db - da) / dz;
    return (da + slope * (z - fine.levels[a].z)) / std::sqrt(1 + slope * slope);
  }

  double plane_distance(std::size_t level, Uv p) const {
    const double d =
        std::sqrt(outlines[level].nearest2(p.u, p.v, fine.levels[level].z, std::numeric_limits<double>::max()));
    return fine.tables[level].contains(p) ? -d : d;
  }
};

DistanceToShape::DistanceToShape(const Shape& shape, double accuracy_mm) {
  SBRT_EXPECT(accuracy_mm > 0);
  state_ = std::make_shared<State>(shape, accuracy_mm);
}

double DistanceToShape::operator()(PatientPoint p) const { return std::max(0.0, signed_distance(p)); }

double DistanceToShape::signed_distance(PatientPoint p) const {
  const PlaneFrame& frame = state_->shape.state().frame;
  const Uv q = frame.uv(p);
  const double z = frame.z(p);
  const bool inside = state_->shape.contains(p);
  const double sign = inside ? -1 : 1;
  const double coarse2 = state_->coarse.nearest2(q, z, inside, std::numeric_limits<double>::max());
  if (coarse2 > (far_mm + state_->accuracy) * (far_mm + state_->accuracy)) return sign * std::sqrt(coarse2);
  // All curves lie on the surface, so the coarse distance bounds the fine one, up to what the polygons were simplified.
  const double bound = std::sqrt(coarse2) + state_->accuracy;
  const double bound2 = state_->fine.nearest2(q, z, inside, bound * bound);
  const double nearest = std::sqrt(bound2);
  constexpr double close_mm = 1.0;
  if (nearest >= close_mm) return sign * nearest;
  const double between = state_->between(q, z);
  if (std::abs(between) >= nearest) return sign * nearest;
  const double weight = nearest / close_mm;
  return weight * sign * nearest + (1 - weight) * between;
}

}  // namespace sbrt
