#include "geometry/margin.h"

#include "geometry/parallel.h"
#include "geometry/plane_gaps.h"
#include "geometry/section_distances.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sbrt {
namespace {

using planar::Lattice;
using planar::Region;

constexpr double contour_tolerance_mm = 0.03;

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

constexpr double near_mm = 2.0;        // reach of the distances that place the shape's own surface
constexpr double own_radius_mm = 1.0;  // finest curvature that its lattice resolves to `sagitta_mm`

/// Signed distance to one solid in a plane, exact within the two reaches, at least that far beyond.
struct SolidDistance {
  SectionDistances out, in;

  SolidDistance(const Shape& shape, const Lattice& lattice, double reach_out, double reach_in)
      : out({shape}, Side::outside, lattice, std::max(reach_out, near_mm), section_spacing(reach_out)),
        in({shape}, Side::inside, lattice, std::max(reach_in, near_mm), section_spacing(reach_in)) {}

  std::vector<float> at(double z) const {
    std::vector<float> field = out.at(z);
    const std::vector<float> depth = in.at(z);
    for (std::size_t i = 0; i < field.size(); ++i) field[i] = signed_from(field[i], depth[i]);
    return field;
  }
};

/// Radius of the ball of the smallest shape's volume.
double smallest_radius(const std::vector<Shape>& shapes) {
  double volume = HUGE_VAL;
  for (const Shape& s : shapes) volume = std::min(volume, s.volume_mm3());
  return std::cbrt(volume * 3 / (4 * 3.14159265358979));
}

/// Surface error that leaves about half a percent of the volume of the smallest result.
double surface_error(const std::vector<Shape>& shapes, double margin_mm) {
  constexpr double share = 0.0008;
  return std::clamp(share * (smallest_radius(shapes) + margin_mm), 0.002, sagitta_mm);
}

/// The union of the sources, grown or shrunk: negative inside the result.
class SourceField {
 public:
  SourceField(const std::vector<Shape>& shapes, double margin_mm, const Lattice& lattice, double error_mm)
      : margin_(margin_mm) {
    const double slack = 2 * lattice.pitch;
    // Below this margin the distance from outside is too flat at the surface; the signed distance is smooth there.
    constexpr double small_mm = 0.5;
    const bool from_outside = margin_mm >= small_mm;
    // Between two sections both the distance and the solid itself are curved.
    const double radius = smallest_radius(shapes), grown = std::max(margin_mm, 0.0);
    out_.emplace(shapes, Side::outside, lattice, from_outside ? margin_mm + slack : near_mm,
                 section_spacing(grown * radius / (grown + radius), error_mm));
    if (from_outside) return;
    SBRT_EXPECT(margin_mm >= 0 || shapes.size() == 1);
    const double reach = std::max(near_mm, slack - margin_mm);
    for (const Shape& shape : shapes)
      in_.emplace_back(std::vector<Shape>{shape}, Side::inside, lattice, reach,
                       section_spacing(std::max(-margin_mm, 0.0)));
  }

  void add_parts(std::vector<SectionDistances*>& parts) {
    parts.push_back(&*out_);
    for (SectionDistances& member : in_) parts.push_back(&member);
  }

  std::vector<float> at(double z) const {
    std::vector<float> field = out_->at(z);
    if (!in_.empty()) {
      // The complement of a union is the intersection of the complements: the union is as deep as its deepest member.
      std::vector<float> deepest = in_.front().at(z);
      for (std::size_t m = 1; m < in_.size(); ++m) {
        const std::vector<float> depth = in_[m].at(z);
        for (std::size_t i = 0; i < depth.size(); ++i) deepest[i] = std::max(deepest[i], depth[i]);
      }
      for (std::size_t i = 0; i < field.size(); ++i) field[i] = signed_from(field[i], deepest[i]);
    }
    for (float& x : field) x -= float(margin_);
    return field;
  }

 private:
  double margin_;
  std::optional<SectionDistances> out_;
  std::vector<SectionDistances> in_;
};

/// Several shapes as one, from contours on planes close enough to carry its surface.
Shape joined(const std::vector<Shape>& shapes) {
  double low = 0, high = 0, gap = 1;
  stack_extent(shapes, low, high);
  for (const Shape& s : shapes)
    for (std::size_t k = 1; k < s.plane_positions_mm().size(); ++k)
      gap = std::min(gap, 0.25 * (s.plane_positions_mm()[k] - s.plane_positions_mm()[k - 1]));
  gap = std::max(gap, 0.25);
  std::vector<double> planes;
  for (double z = low + 0.5 * gap; z < high + gap; z += gap) planes.push_back(z);
  Structure structure{1, shapes.front().name(), RoiRole::other, {}, expand(shapes, 0, planes)};
  return Shape::from_structure(structure);
}

std::vector<Contour> own_contours(const Shape& shape, const std::vector<double>& z, std::vector<double>& others) {
  std::vector<Contour> contours;
  for (const double plane : z) {
    const Region* own = own_region(shape, plane);
    if (own)
      write(*own, shape.state().frame, plane, false, contours);
    else
      others.push_back(plane);
  }
  return contours;
}

}  // namespace

std::vector<Contour> carve(const MarginRecipe& recipe, const std::vector<double>& plane_positions_mm) {
  SBRT_EXPECT(!recipe.sources.empty());
  if (!std::isfinite(recipe.margin_mm))
    throw InputError(fmt::format("a margin of {} mm", recipe.margin_mm), "", "it must be a number",
                     "give a distance in mm, such as 5");
  for (const auto* limits : {&recipe.inside, &recipe.apart})
    for (const DistanceLimit& limit : *limits) check_distance(limit.distance_mm, "a distance");
  check_planes(plane_positions_mm);
  std::vector<const Shape*> all;
  for (const Shape& s : recipe.sources) all.push_back(&s);
  for (const auto* limits : {&recipe.inside, &recipe.apart})
    for (const DistanceLimit& limit : *limits) all.push_back(&limit.shape);
  const PlaneFrame& frame = common_frame(all);

  std::vector<Shape> sources = recipe.sources;
  if (recipe.margin_mm < 0 && sources.size() > 1) sources = {joined(sources)};
  const double grown = std::max(recipe.margin_mm, 0.0);
  double low = 0, high = 0;
  stack_extent(sources, low, high);
  const std::vector<double> z = planes_between(plane_positions_mm, low - grown, high + grown);
  std::vector<double> traced;
  std::vector<Contour> contours;
  const bool untouched = sources.size() == 1 && recipe.margin_mm == 0 && recipe.inside.empty() && recipe.apart.empty();
  if (untouched)
    contours = own_contours(sources[0], z, traced);
  else
    traced = z;

  // The lattice must reach every wall that can matter to the result.
  const bool only_grown = recipe.inside.empty() && recipe.apart.empty() && recipe.margin_mm >= 0;
  double reach = only_grown ? 0 : std::max(near_mm, -recipe.margin_mm);
  for (const auto* limits : {&recipe.inside, &recipe.apart})
    for (const DistanceLimit& limit : *limits) reach = std::max(reach, limit.distance_mm);
  const double error = surface_error(sources, recipe.margin_mm);
  const double finest = only_grown && grown >= 0.5 ? grown : own_radius_mm;
  const Lattice lattice = lattice_for_curvature(box_of(sources).grown(grown + reach), finest, error);
  const double slack = 2 * lattice.pitch;
  SourceField source(sources, recipe.margin_mm, lattice, error);
  std::vector<SolidDistance> inside, apart;
  for (const DistanceLimit& limit : recipe.inside)
    inside.emplace_back(limit.shape, lattice, 0, limit.distance_mm + slack);
  for (const DistanceLimit& limit : recipe.apart)
    apart.emplace_back(limit.shape, lattice, limit.distance_mm + slack, 0);
  std::vector<SectionDistances*> parts;
  source.add_parts(parts);
  for (auto* limits : {&inside, &apart})
    for (SolidDistance& limit : *limits) parts.insert(parts.end(), {&limit.out, &limit.in});

  const std::vector<Contour> rest = trace(traced, parts, lattice, frame, [&](double plane) {
    std::vector<float> field = source.at(plane);
    for (std::size_t n = 0; n < inside.size(); ++n) {
      const std::vector<float> kept = inside[n].at(plane);
      const auto distance = float(recipe.inside[n].distance_mm);
      for (std::size_t i = 0; i < field.size(); ++i) field[i] = std::max(field[i], kept[i] + distance);
    }
    for (std::size_t n = 0; n < apart.size(); ++n) {
      const std::vector<float> away = apart[n].at(plane);
      const auto distance = float(recipe.apart[n].distance_mm);
      for (std::size_t i = 0; i < field.size(); ++i) field[i] = std::max(field[i], distance - away[i]);
    }
    return field;
  });
  contours.insert(contours.end(), rest.begin(), rest.end());
  std::stable_sort(contours.begin(), contours.end(), [&](const Contour& a, const Contour& b) {
    return frame.z(a.points[0]) < frame.z(b.points[0]) - 1e-6;
  });
  return contours;
}

std::vector<Contour> expand(const std::vector<Shape>& shapes, double margin_mm,
                            const std::vector<double>& plane_positions_mm) {
  check_distance(margin_mm, "a margin");
  return carve({shapes, margin_mm, {}, {}}, plane_positions_mm);
}

std::vector<Contour> shrink(const Shape& shape, double margin_mm, const std::vector<double>& plane_positions_mm) {
  check_distance(margin_mm, "a margin");
  return carve({{shape}, -margin_mm, {}, {}}, plane_positions_mm);
}

std::vector<Contour> crop(const Shape& shape, const Shape& container, double distance_mm,
                          const std::vector<double>& plane_positions_mm) {
  return carve({{shape}, 0, {{container, distance_mm}}, {}}, plane_positions_mm);
}

std::vector<Contour> subtract(const Shape& shape, const std::vector<Shape>& others, double gap_mm,
                              const std::vector<double>& plane_positions_mm) {
  MarginRecipe recipe{{shape}, 0, {}, {}};
  for (const Shape& other : others) recipe.apart.push_back({other, gap_mm});
  return carve(recipe, plane_positions_mm);
}

std::vector<double> without_wide_gaps(const std::vector<double>& plane_positions_mm) {
  if (plane_positions_mm.size() < 3) return plane_positions_mm;
  const PlaneGaps gaps(plane_positions_mm, 1.0);
  std::vector<double> filled;
  for (std::size_t k = 0; k < plane_positions_mm.size(); ++k) {
    filled.push_back(plane_positions_mm[k]);
    const bool wide = gaps.is_parted(k) || std::find(gaps.bridged.begin(), gaps.bridged.end(), k) != gaps.bridged.end();
    if (!wide) continue;
    const double from = plane_positions_mm[k], width = plane_positions_mm[k + 1] - from;
    const int n = std::max(1, int(std::lround(width / gaps.regular_mm(k))));
    for (int i = 1; i < n; ++i) filled.push_back(from + i * width / n);
  }
  return filled;
}

}  // namespace sbrt
