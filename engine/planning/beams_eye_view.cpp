#include "engine/planning/beams_eye_view.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using planar::Lattice;
using planar::Region;
using planar::Uv;

double length(Uv a, Uv b) { return std::hypot(b.u - a.u, b.v - a.v); }

/// Marks the lattice nodes that points fall on, and those in between: the surface's points leave single holes.
std::vector<float> filled_field(const std::vector<Uv>& points, const Lattice& lattice) {
  std::vector<char> hit(lattice.count(), 0);
  for (const Uv p : points) {
    const int i = int(std::lround((p.u - lattice.u0) / lattice.pitch));
    const int j = int(std::lround((p.v - lattice.v0) / lattice.pitch));
    hit[std::size_t(j) * lattice.nu + i] = 1;
  }
  constexpr int most_of_eight = 5;
  std::vector<float> field(lattice.count(), 1.0f);
  for (int j = 1; j + 1 < lattice.nv; ++j)
    for (int i = 1; i + 1 < lattice.nu; ++i) {
      const std::size_t n = std::size_t(j) * lattice.nu + i;
      int around = 0;
      for (int dj = -1; dj <= 1; ++dj)
        for (int di = -1; di <= 1; ++di) around += hit[n + std::ptrdiff_t(dj) * lattice.nu + di];
      if (hit[n] || around >= most_of_eight) field[n] = -1.0f;
    }
  return field;
}

// A field may be wider than the target by this much of the target's half width; it then aims at the middle.
constexpr double widest_field = 1.3, middle_part = 0.8;
// By trial on balls of 10 to 100 mm and a lung tumour: fields of large targets overlap the outline a little, so that
// their rim needs fewer of them.
constexpr double overlap_share = 0.02, no_overlap_mm = 20, largest_overlap_mm = 2.5;

}  // namespace

BeamsEyeView::BeamsEyeView(const std::vector<PatientPoint>& surface, double spacing_mm, PatientPoint source,
                           PatientPoint centre, double reference_distance_mm)
    : reference_distance_(reference_distance_mm) {
  SBRT_EXPECT(!surface.empty() && spacing_mm > 0);
  axis_ = (centre - source) / distance(centre, source);
  const PatientVec helper = std::abs(axis_.z) < 0.9 ? PatientVec{0, 0, 1} : PatientVec{1, 0, 0};
  u_axis_ = cross(axis_, helper);
  u_axis_ = u_axis_ / norm(u_axis_);
  v_axis_ = cross(axis_, u_axis_);

  std::vector<Uv> points;
  points.reserve(surface.size());
  planar::Rect box;
  nearest_ = HUGE_VAL;
  for (const PatientPoint& p : surface) {
    const PatientVec d = p - source;
    const double z = dot(d, axis_);
    SBRT_EXPECT(z > 0);
    points.push_back({dot(d, u_axis_) * reference_distance_ / z, dot(d, v_axis_) * reference_distance_ / z});
    box.add(points.back());
    nearest_ = std::min(nearest_, z);
    farthest_ = std::max(farthest_, z);
  }
  // Wide enough that every node inside the outline is hit by the points of the near or the far surface.
  const double pitch = 1.2 * spacing_mm * reference_distance_ / nearest_;
  lattice_ = planar::lattice_over(box, pitch, 2);
  outline_ = planar::contour(filled_field(points, lattice_), lattice_);
  SBRT_EXPECT(!outline_.empty());
  perimeter_ = planar::perimeter(outline_);
  depth_ = planar::signed_distance(outline_, lattice_);
  for (float& d : depth_) {
    d = -d;
    largest_depth_ = std::max(largest_depth_, double(d));
  }
}

double BeamsEyeView::reached_share(double radius_mm) const {
  if (radius_mm >= largest_depth_) return 0;
  const Region centres = aims_at(radius_mm).border;
  if (centres.empty()) return 0;
  const std::vector<float> away = planar::signed_distance(centres, lattice_);
  std::size_t inside = 0, reached = 0;
  for (std::size_t n = 0; n < depth_.size(); ++n) {
    inside += depth_[n] > 0;
    reached += depth_[n] > 0 && away[n] <= radius_mm;
  }
  return inside > 0 ? double(reached) / double(inside) : 0;
}

BeamsEyeView::Aims BeamsEyeView::aims_at(double radius_mm) const {
  Aims aims;
  aims.radius_mm = radius_mm;
  std::vector<float> height(depth_.size());
  for (std::size_t n = 0; n < depth_.size(); ++n) height[n] = -depth_[n];
  aims.border = planar::contour(height, lattice_, -radius_mm);
  const double deeper = radius_mm + std::max(1.0, 0.2 * largest_depth_);
  for (int j = 0; j < lattice_.nv; ++j)
    for (int i = 0; i < lattice_.nu; ++i)
      if (depth_[std::size_t(j) * lattice_.nu + i] >= deeper) aims.interior.push_back(lattice_.node(i, j));
  return aims;
}

double BeamsEyeView::overlap_mm() const {
  const double diameter = std::sqrt(4 / 3.14159265358979323846 * area_mm2());
  return std::clamp(overlap_share * (diameter - no_overlap_mm), 0.0, largest_overlap_mm);
}

BeamsEyeView::Aims BeamsEyeView::aims_for_any(double field_radius_mm) const {
  const double touching = std::max(0.5 * field_radius_mm, field_radius_mm - overlap_mm());
  const bool wide = touching > middle_part * largest_depth_;
  for (double radius = wide ? middle_part * largest_depth_ : touching;; radius *= 0.5) {
    Aims aims = aims_at(radius);
    aims.wide = wide;
    if (!aims.border.empty()) return aims;
    SBRT_EXPECT(radius > 1e-9);
  }
}

std::optional<BeamsEyeView::Aims> BeamsEyeView::aims_for(double field_radius_mm) const {
  if (field_radius_mm > widest_field * largest_depth_) return std::nullopt;
  return aims_for_any(field_radius_mm);
}

Uv BeamsEyeView::on_outline(double share) const {
  double left = share * perimeter_;
  for (const planar::Loop& loop : outline_)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const double l = length(loop[j], loop[i]);
      if (left <= l && l > 0) {
        const double t = left / l;
        return {loop[j].u + t * (loop[i].u - loop[j].u), loop[j].v + t * (loop[i].v - loop[j].v)};
      }
      left -= l;
    }
  return outline_.back().back();
}

Uv BeamsEyeView::middle_near(Uv p) const {
  int i = std::clamp(int(std::lround((p.u - lattice_.u0) / lattice_.pitch)), 1, lattice_.nu - 2);
  int j = std::clamp(int(std::lround((p.v - lattice_.v0) / lattice_.pitch)), 1, lattice_.nv - 2);
  const auto depth = [&](int a, int b) { return depth_[std::size_t(b) * lattice_.nu + a]; };
  for (;;) {
    int best_i = i, best_j = j;
    for (int b = std::max(1, j - 1); b <= std::min(lattice_.nv - 2, j + 1); ++b)
      for (int a = std::max(1, i - 1); a <= std::min(lattice_.nu - 2, i + 1); ++a)
        if (depth(a, b) > depth(best_i, best_j)) best_i = a, best_j = b;
    if (best_i == i && best_j == j) return lattice_.node(i, j);
    i = best_i;
    j = best_j;
  }
}

PatientVec BeamsEyeView::direction(Uv p) const {
  const PatientVec d = reference_distance_ * axis_ + p.u * u_axis_ + p.v * v_axis_;
  return d / norm(d);
}

Uv nearest_on_border(const Region& region, Uv p) {
  Uv best;
  double least = HUGE_VAL;
  for (const planar::Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const double du = loop[i].u - loop[j].u, dv = loop[i].v - loop[j].v, l2 = du * du + dv * dv;
      const double t = l2 > 0 ? std::clamp(((p.u - loop[j].u) * du + (p.v - loop[j].v) * dv) / l2, 0.0, 1.0) : 0.0;
      const Uv q{loop[j].u + t * du, loop[j].v + t * dv};
      const double d = length(p, q);
      if (d < least) {
        least = d;
        best = q;
      }
    }
  SBRT_EXPECT(least < HUGE_VAL);
  return best;
}

}  // namespace sbrt
