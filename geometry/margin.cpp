#include "geometry/margin.h"

#include "geometry/parallel.h"
#include "geometry/planar_field.h"
#include "geometry/shape_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sbrt {
namespace {

using planar::Lattice;
using planar::Region;

constexpr double contour_tolerance_mm = 0.03;
constexpr double sagitta_mm = 0.01;  // error allowed for the spacing of sections and lattice nodes

enum class Side { outside, inside };

/// Distances from the points of one plane to a solid (outside) or to its complement (inside):
/// D^2(p, z) = min over sections j of d_j(p)^2 + (z - z_j)^2, capped at `reach`.
class SectionDistances {
 public:
  SectionDistances(const std::vector<Shape>& shapes, Side side, const Lattice& lattice, double reach, double spacing)
      : side_(side), lattice_(lattice), reach_(reach) {
    for (const Shape& shape : shapes)
      for (const Level& level : shape.state().levels(spacing)) {
        if (side == Side::outside ? level.region->empty() : !level.whole) continue;
        levels_.push_back(level);
      }
    std::stable_sort(levels_.begin(), levels_.end(), [](const Level& a, const Level& b) { return a.z < b.z; });
  }

  std::size_t levels_within(double low, double high) const { return std::size_t(last(high) - first(low)); }

  /// Plane distances for all sections that matter between two positions.
  void prepare(double low, double high) {
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

  std::vector<float> at(double z) const {
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

 private:
  std::ptrdiff_t first(double low) const {
    return std::lower_bound(levels_.begin(), levels_.end(), low - reach_,
                            [](const Level& l, double z) { return l.z < z; }) -
           levels_.begin();
  }
  std::ptrdiff_t last(double high) const {
    return std::upper_bound(levels_.begin(), levels_.end(), high + reach_,
                            [](double z, const Level& l) { return z < l.z; }) -
           levels_.begin();
  }

  Side side_;
  Lattice lattice_;
  double reach_;
  std::vector<Level> levels_;
  std::ptrdiff_t begin_ = 0;
  std::vector<std::vector<float>> fields_;  // squared, for levels begin_, begin_ + 1, ...
};

void check_distance(double mm, const char* what) {
  if (!(std::isfinite(mm) && mm >= 0))
    throw InputError(fmt::format("{} of {} mm", what, mm), "", "it must be zero or positive",
                     "give a distance in mm, such as 5");
}

void check_planes(const std::vector<double>& z) {
  bool good = z.size() >= 2;
  for (std::size_t i = 0; i < z.size(); ++i) good = good && std::isfinite(z[i]) && (i == 0 || z[i] > z[i - 1]);
  if (!good)
    throw InputError(fmt::format("{} contour planes are given", z.size()), "",
                     "at least two are needed, in ascending order", "give the CT's planes");
}

const PlaneFrame& common_frame(const std::vector<const Shape*>& shapes) {
  const PlaneFrame& frame = shapes.front()->state().frame;
  constexpr double parallel = 1e-4;
  for (const Shape* shape : shapes)
    if (norm(cross(frame.n, shape->state().frame.n)) > parallel)
      throw InputError("contour planes of different orientation",
                       fmt::format("structures '{}' and '{}'", shapes.front()->name(), shape->name()),
                       "their contours cannot be combined plane by plane",
                       "use structures drawn on the same image series");
  return frame;
}

/// Wanted positions between low and high; the outermost gaps are continued where the planes do not reach.
std::vector<double> planes_between(const std::vector<double>& given, double low, double high) {
  std::vector<double> z;
  const double below = given[1] - given[0], above = given[given.size() - 1] - given[given.size() - 2];
  for (int n = int(std::ceil((given.front() - low) / below)); n > 0; --n) z.push_back(given.front() - n * below);
  z.insert(z.end(), given.begin(), given.end());
  for (int n = 1; given.back() + n * above <= high; ++n) z.push_back(given.back() + n * above);
  std::erase_if(z, [&](double p) { return p < low || p > high; });
  return z;
}

planar::Rect box_of(const std::vector<Shape>& shapes) {
  planar::Rect box;
  for (const Shape& s : shapes) box.add(s.state().uv_box());
  return box;
}

Lattice lattice_for(const planar::Rect& box, double curvature_radius) {
  constexpr double most_nodes = 250'000;
  const double extent = std::max((box.u1 - box.u0) * (box.v1 - box.v0), 1.0);
  const double wanted = std::clamp(std::sqrt(8 * curvature_radius * sagitta_mm), 0.1, 0.6);
  const double pitch = std::max(wanted, std::sqrt(extent / most_nodes));
  return planar::lattice_over(box, pitch, 3);
}

double section_spacing(double distance_mm) { return std::clamp(std::sqrt(8 * distance_mm * sagitta_mm), 0.15, 1.0); }

void write(const Region& region, const PlaneFrame& frame, double z, bool simplify, std::vector<Contour>& out) {
  for (const planar::Loop& loop : region) {
    const planar::Loop kept = simplify ? planar::simplified(loop, contour_tolerance_mm) : loop;
    constexpr double least_mm2 = 1e-3;
    if (kept.size() < 3 || std::abs(planar::signed_area(kept)) < least_mm2) continue;
    Contour contour;
    for (const planar::Uv& p : kept) contour.points.push_back(frame.point(p, z));
    out.push_back(std::move(contour));
  }
}

/// Planes worked on at once, so that the fields of their sections fit into about 200 MB.
std::size_t planes_per_block(const std::vector<double>& z, const std::vector<const SectionDistances*>& parts,
                             std::size_t nodes) {
  if (z.empty()) return 1;
  constexpr double most_values = 50e6;
  for (std::size_t n = z.size(); n > 1; n = (n + 1) / 2) {
    double worst = 0;
    for (std::size_t first = 0; first < z.size(); first += n) {
      double levels = double(std::min(n, z.size() - first));
      for (const SectionDistances* part : parts)
        levels += double(part->levels_within(z[first], z[std::min(first + n, z.size()) - 1]));
      worst = std::max(worst, levels);
    }
    if (worst * double(nodes) <= most_values) return n;
  }
  return 1;
}

/// Contours of {field < 0} on the planes, where field(z) combines the prepared distances.
template <class Field>
std::vector<Contour> trace(const std::vector<double>& z, const std::vector<SectionDistances*>& parts,
                           const Lattice& lattice, const PlaneFrame& frame, Field&& field) {
  std::vector<std::vector<Contour>> by_plane(z.size());
  const std::size_t block = planes_per_block(z, {parts.begin(), parts.end()}, lattice.count());
  for (std::size_t first = 0; first < z.size(); first += block) {
    const std::size_t n = std::min(block, z.size() - first);
    for (SectionDistances* part : parts) part->prepare(z[first], z[first + n - 1]);
    parallel_for(std::int64_t(n), [&](std::int64_t k) {
      const std::size_t plane = first + std::size_t(k);
      write(planar::contour(field(z[plane]), lattice), frame, z[plane], true, by_plane[plane]);
    });
  }
  std::vector<Contour> contours;
  for (auto& plane : by_plane)
    for (Contour& c : plane) contours.push_back(std::move(c));
  return contours;
}

/// The shape's own polygons where it has them on this plane.
const Region* own_region(const Shape& shape, double z) {
  constexpr double same_mm = 1e-3;
  for (const ContourPlane& plane : shape.state().planes)
    if (std::abs(plane.z - z) < same_mm) return &plane.region;
  return nullptr;
}

void stack_extent(const std::vector<Shape>& shapes, double& low, double& high) {
  low = HUGE_VAL;
  high = -HUGE_VAL;
  for (const Shape& s : shapes) {
    low = std::min(low, s.state().low());
    high = std::max(high, s.state().high());
  }
}

/// Signed distance from the distances to the solid's sections and to the complement's. Between two sections both
/// contain the same step along the normal, which cancels: on a wall, out^2 = d^2 + dz^2 and in^2 = dz^2.
float signed_from(float out, float in) {
  const float d2 = out * out - in * in;
  return d2 < 0 ? -std::sqrt(-d2) : std::sqrt(d2);
}

std::vector<float> signed_field(const SectionDistances& out, const SectionDistances& in, double z) {
  std::vector<float> field = out.at(z);
  const std::vector<float> depth = in.at(z);
  for (std::size_t i = 0; i < field.size(); ++i) field[i] = signed_from(field[i], depth[i]);
  return field;
}

constexpr double near_mm = 2.0;        // reach of the distances that place the shape's own surface
constexpr double own_radius_mm = 1.0;  // finest curvature that its lattice resolves to `sagitta_mm`

}  // namespace

std::vector<Contour> expand(const std::vector<Shape>& shapes, double margin_mm,
                            const std::vector<double>& plane_positions_mm) {
  SBRT_EXPECT(!shapes.empty());
  check_distance(margin_mm, "a margin");
  check_planes(plane_positions_mm);
  std::vector<const Shape*> all;
  for (const Shape& s : shapes) all.push_back(&s);
  const PlaneFrame& frame = common_frame(all);
  double low = 0, high = 0;
  stack_extent(shapes, low, high);
  const std::vector<double> z = planes_between(plane_positions_mm, low - margin_mm, high + margin_mm);
  // Below this margin the distance from outside is too flat at the surface; the signed distance is smooth there.
  constexpr double small_mm = 0.5;
  const bool small = margin_mm < small_mm;
  const Lattice lattice = lattice_for(box_of(shapes).grown(margin_mm), small ? own_radius_mm : margin_mm);
  const double reach = std::max(margin_mm + 2 * lattice.pitch, small ? near_mm : 0.0);
  SectionDistances out(shapes, Side::outside, lattice, reach, section_spacing(margin_mm));
  const float level = float(margin_mm);
  if (!small)
    return trace(z, {&out}, lattice, frame, [&](double plane) {
      std::vector<float> field = out.at(plane);
      for (float& x : field) x -= level;
      return field;
    });
  // The complement of a union is the intersection of the complements: the union is as deep as its deepest member.
  std::vector<std::optional<SectionDistances>> in(shapes.size());
  std::vector<SectionDistances*> parts{&out};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    in[i].emplace(std::vector<Shape>{shapes[i]}, Side::inside, lattice, reach, section_spacing(0));
    parts.push_back(&*in[i]);
  }
  std::vector<double> traced;
  std::vector<Contour> contours;
  for (const double plane : z) {
    const Region* own = shapes.size() == 1 && margin_mm == 0 ? own_region(shapes[0], plane) : nullptr;
    if (own)
      write(*own, frame, plane, false, contours);
    else
      traced.push_back(plane);
  }
  const std::vector<Contour> rest = trace(traced, parts, lattice, frame, [&](double plane) {
    std::vector<float> field = out.at(plane), deepest(lattice.count(), 0.f);
    for (const auto& member : in) {
      const std::vector<float> depth = member->at(plane);
      for (std::size_t i = 0; i < depth.size(); ++i) deepest[i] = std::max(deepest[i], depth[i]);
    }
    for (std::size_t i = 0; i < field.size(); ++i) field[i] = signed_from(field[i], deepest[i]) - level;
    return field;
  });
  contours.insert(contours.end(), rest.begin(), rest.end());
  std::stable_sort(contours.begin(), contours.end(), [&](const Contour& a, const Contour& b) {
    return frame.z(a.points[0]) < frame.z(b.points[0]) - 1e-6;
  });
  return contours;
}

std::vector<Contour> shrink(const Shape& shape, double margin_mm, const std::vector<double>& plane_positions_mm) {
  return crop(shape, shape, margin_mm, plane_positions_mm);
}

std::vector<Contour> crop(const Shape& shape, const Shape& container, double distance_mm,
                          const std::vector<double>& plane_positions_mm) {
  check_distance(distance_mm, "a distance");
  check_planes(plane_positions_mm);
  const PlaneFrame& frame = common_frame({&shape, &container});
  const std::vector<double> z = planes_between(plane_positions_mm, shape.state().low(), shape.state().high());
  // The lattice must reach every wall that can matter to the shape.
  const Lattice lattice = lattice_for(shape.state().uv_box().grown(std::max(distance_mm, near_mm)), own_radius_mm);
  const double reach = std::max(distance_mm + 2 * lattice.pitch, near_mm);
  SectionDistances out({shape}, Side::outside, lattice, near_mm, section_spacing(0)),
      in({shape}, Side::inside, lattice, near_mm, section_spacing(0));
  SectionDistances wall({container}, Side::inside, lattice, reach, section_spacing(distance_mm));
  SectionDistances beyond({container}, Side::outside, lattice, near_mm, section_spacing(0));
  return trace(z, {&out, &in, &wall, &beyond}, lattice, frame, [&](double plane) {
    std::vector<float> field = signed_field(out, in, plane);
    const std::vector<float> kept = signed_field(beyond, wall, plane);  // container
    for (std::size_t i = 0; i < field.size(); ++i) field[i] = std::max(field[i], kept[i] + float(distance_mm));
    return field;
  });
}

std::vector<Contour> subtract(const Shape& shape, const std::vector<Shape>& others, double gap_mm,
                              const std::vector<double>& plane_positions_mm) {
  check_distance(gap_mm, "a gap");
  check_planes(plane_positions_mm);
  std::vector<const Shape*> all{&shape};
  for (const Shape& s : others) all.push_back(&s);
  const PlaneFrame& frame = common_frame(all);
  const std::vector<double> z = planes_between(plane_positions_mm, shape.state().low(), shape.state().high());
  const Lattice lattice = lattice_for(shape.state().uv_box().grown(std::max(gap_mm, near_mm)), own_radius_mm);
  const double reach = std::max(gap_mm + 2 * lattice.pitch, near_mm);
  SectionDistances out({shape}, Side::outside, lattice, near_mm, section_spacing(0)),
      in({shape}, Side::inside, lattice, near_mm, section_spacing(0));
  std::vector<std::optional<SectionDistances>> outside(others.size()), inside(others.size());
  std::vector<SectionDistances*> parts{&out, &in};
  for (std::size_t i = 0; i < others.size(); ++i) {
    outside[i].emplace(std::vector<Shape>{others[i]}, Side::outside, lattice, reach, section_spacing(gap_mm));
    inside[i].emplace(std::vector<Shape>{others[i]}, Side::inside, lattice, near_mm, section_spacing(0));
    parts.insert(parts.end(), {&*outside[i], &*inside[i]});
  }
  return trace(z, parts, lattice, frame, [&](double plane) {
    std::vector<float> field = signed_field(out, in, plane);
    for (std::size_t o = 0; o < others.size(); ++o) {
      const std::vector<float> kept = signed_field(*outside[o], *inside[o], plane);
      for (std::size_t i = 0; i < field.size(); ++i) field[i] = std::max(field[i], float(gap_mm) - kept[i]);
    }
    return field;
  });
}

}  // namespace sbrt
