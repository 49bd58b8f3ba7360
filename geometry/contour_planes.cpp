#include "geometry/contour_planes.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

constexpr double absurd_mm = 1e5;  // no patient coordinate is 100 m
constexpr double least_area_mm2 = 1e-4;

std::string label_of(const Structure& s, std::size_t contour) {
  return fmt::format("structure '{}', contour {}", s.name, contour + 1);
}

/// Newell's normal: twice the area vector of the polygon. Where the two lobes of a bow tie cancel, the largest triangle
/// with the first point gives the plane.
PatientVec area_vector(const std::vector<PatientPoint>& points) {
  PatientVec sum, far;
  for (const PatientPoint& p : points)
    if (norm2(p - points[0]) > norm2(far)) far = p - points[0];
  PatientVec widest;
  for (std::size_t i = 0, j = points.size() - 1; i < points.size(); j = i++) {
    sum = sum + cross(points[j] - points[0], points[i] - points[0]);
    const PatientVec triangle = cross(far, points[i] - points[0]);
    if (norm2(triangle) > norm2(widest)) widest = triangle;
  }
  constexpr double cancelled = 0.05;
  return norm(sum) < cancelled * norm(widest) ? widest : sum;
}

PlaneFrame frame_of(PatientVec normal) {
  const double ax = std::abs(normal.x), ay = std::abs(normal.y), az = std::abs(normal.z);
  const double largest = std::max({ax, ay, az});
  const double sign = (largest == az ? normal.z : largest == ay ? normal.y : normal.x) < 0 ? -1 : 1;
  PlaneFrame frame;
  frame.n = sign / norm(normal) * normal;
  // Coordinates carry a few digits; a normal this close to an axis is that axis.
  constexpr double axis_tolerance = 1e-4;
  for (const PatientVec axis : {PatientVec{1, 0, 0}, PatientVec{0, 1, 0}, PatientVec{0, 0, 1}})
    if (norm(frame.n - axis) < axis_tolerance) frame.n = axis;
  const PatientVec along = largest == az   ? PatientVec{1, 0, 0}
                           : largest == ay ? PatientVec{0, 0, 1}
                                           : PatientVec{0, 1, 0};
  const PatientVec u = along - dot(along, frame.n) * frame.n;
  frame.u = u / norm(u);
  frame.v = cross(frame.n, frame.u);
  return frame;
}

void check_points(const Structure& s, std::size_t c) {
  for (const PatientPoint& p : s.contours[c].points) {
    if (!is_finite(p))
      throw InputError("a contour point is not a finite number", label_of(s, c), "", "correct the RTSTRUCT");
    if (std::max({std::abs(p.x), std::abs(p.y), std::abs(p.z)}) > absurd_mm)
      throw InputError(fmt::format("a contour point lies at ({:g}, {:g}, {:g}) mm", p.x, p.y, p.z), label_of(s, c),
                       "that is no place in a patient", "correct the RTSTRUCT");
  }
}

std::vector<PatientPoint> distinct_points(const std::vector<PatientPoint>& points) {
  constexpr double same_mm = 1e-6;
  std::vector<PatientPoint> distinct;
  for (const PatientPoint& p : points)
    if (distinct.empty() || distance(p, distinct.back()) > same_mm) distinct.push_back(p);
  while (distinct.size() > 1 && distance(distinct.front(), distinct.back()) <= same_mm) distinct.pop_back();
  return distinct;
}

/// Position along the normal; refuses contours that are not planar or lie in another orientation.
double position_of(const Structure& s, std::size_t c, const std::vector<PatientPoint>& points,
                   const PlaneFrame& frame) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  PatientVec mean;
  for (const PatientPoint& p : points) {
    const double z = frame.z(p);
    low = std::min(low, z);
    high = std::max(high, z);
    mean = mean + (1.0 / double(points.size())) * (p - PatientPoint{});
  }
  if (high - low <= 2 * plane_tolerance_mm) return dot(mean, frame.n);
  const PatientVec own = area_vector(points);
  double off = HUGE_VAL;
  if (norm(own) > 0) {
    off = 0;
    for (const PatientPoint& p : points) off = std::max(off, std::abs(dot(p - PatientPoint{} - mean, own) / norm(own)));
  }
  if (off <= plane_tolerance_mm)
    throw InputError("contour planes of different orientation", label_of(s, c),
                     fmt::format("this contour is tilted against the others by {:.1f} mm over its extent", high - low),
                     "use contours of one orientation");
  throw InputError("a contour is not planar", label_of(s, c),
                   fmt::format("its points spread over {:.2f} mm across the plane", high - low),
                   "redraw the contour in one plane");
}

bool same_polygon(const Loop& a, const Loop& b) {
  constexpr double same_mm = 1e-4;
  const auto equal = [](Uv p, Uv q) { return std::abs(p.u - q.u) < same_mm && std::abs(p.v - q.v) < same_mm; };
  const std::size_t n = a.size();
  if (b.size() != n) return false;
  for (std::size_t shift = 0; shift < n; ++shift) {
    if (!equal(a[0], b[shift])) continue;
    bool forward = true, backward = true;
    for (std::size_t i = 0; i < n && (forward || backward); ++i) {
      forward &= equal(a[i], b[(shift + i) % n]);
      backward &= equal(a[i], b[(shift + n - i) % n]);
    }
    if (forward || backward) return true;
  }
  return false;
}

struct Placed {
  double z = 0;
  Loop loop;
};

struct Oddities {
  std::vector<double> twice, crossing, touching;  // positions of the planes
};

ContourPlane combine(std::vector<Placed>::iterator first, std::vector<Placed>::iterator last, Oddities& odd) {
  ContourPlane plane;
  std::vector<Loop> loops;
  for (auto it = first; it != last; ++it) plane.z += it->z / double(last - first);
  bool twice = false;
  for (auto it = first; it != last; ++it) {
    if (std::any_of(loops.begin(), loops.end(), [&](const Loop& l) { return same_polygon(l, it->loop); }))
      twice = true;
    else
      loops.push_back(std::move(it->loop));
  }
  planar::EvenOdd combined = planar::combine_even_odd(loops);
  if (twice) odd.twice.push_back(plane.z);
  if (combined.crossing)
    odd.crossing.push_back(plane.z);
  else if (combined.touching)
    odd.touching.push_back(plane.z);
  plane.region = std::move(combined.region);
  return plane;
}

/// Names the planes; of many the first ones and the last.
void warn(const Structure& s, const PlaneFrame& frame, const std::vector<double>& at, const char* code,
          const char* what, Warnings& warnings) {
  if (at.empty()) return;
  constexpr std::size_t named = 4;
  std::string where;
  for (std::size_t k = 0; k < std::min(at.size(), named); ++k) where += (k ? ", " : "") + plane_label(frame, at[k]);
  if (at.size() > named)
    where += fmt::format(" and {} more up to {}", at.size() - named, plane_label(frame, at.back()));
  warnings.push_back({code, fmt::format("structure '{}', {}: {}", s.name, where, what)});
}

}  // namespace

std::string plane_label(const PlaneFrame& frame, double z) {
  const char* axis = frame.n.z == 1 ? "z =" : frame.n.x == 1 ? "x =" : frame.n.y == 1 ? "y =" : "plane at";
  return fmt::format("{} {:.2f} mm", axis, z);
}

ContourPlanes contour_planes(const Structure& structure) {
  ContourPlanes result;
  std::vector<std::vector<PatientPoint>> polygons;
  std::vector<std::size_t> numbers;
  PatientVec normal;
  std::size_t degenerate = 0;
  for (std::size_t c = 0; c < structure.contours.size(); ++c) {
    const Contour& contour = structure.contours[c];
    if (contour.kind == ContourKind::point) continue;
    check_points(structure, c);
    if (contour.kind == ContourKind::open_planar || contour.kind == ContourKind::open_nonplanar)
      throw InputError("an open contour", label_of(structure, c), "it bounds no volume",
                       "close the contour or leave the structure out");
    std::vector<PatientPoint> points = distinct_points(contour.points);
    if (points.size() < 3)
      throw InputError(fmt::format("a contour of {} distinct points", points.size()), label_of(structure, c),
                       "an area needs three", "delete or redraw the contour");
    PatientVec area = area_vector(points);
    if (norm(area) < 2 * least_area_mm2) {
      ++degenerate;
      continue;
    }
    if (dot(area, normal) < 0) area = -area;
    normal = normal + area;
    polygons.push_back(std::move(points));
    numbers.push_back(c);
  }
  if (degenerate > 0)
    result.warnings.push_back(
        {"contour-without-area",
         fmt::format("structure '{}': {} contour(s) enclose no area and are left out", structure.name, degenerate)});
  if (polygons.empty())
    throw InputError("no closed contour", fmt::format("structure '{}'", structure.name),
                     "a volume needs closed contours", "choose another structure");
  result.frame = frame_of(normal);
  std::vector<Placed> placed;
  for (std::size_t i = 0; i < polygons.size(); ++i) {
    Placed p{position_of(structure, numbers[i], polygons[i], result.frame), {}};
    for (const PatientPoint& q : polygons[i]) p.loop.push_back(result.frame.uv(q));
    placed.push_back(std::move(p));
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) { return a.z < b.z; });
  Oddities odd;
  for (auto first = placed.begin(); first != placed.end();) {
    auto last = first;
    while (last != placed.end() && last->z - first->z < plane_tolerance_mm) ++last;
    ContourPlane plane = combine(first, last, odd);
    if (!plane.region.empty()) result.planes.push_back(std::move(plane));
    first = last;
  }
  warn(structure, result.frame, odd.twice, "duplicate-contour", "the same contour is drawn twice; it counts once",
       result.warnings);
  warn(structure, result.frame, odd.crossing, "crossing-contour",
       "contours cross themselves or each other; combined even-odd", result.warnings);
  warn(structure, result.frame, odd.touching, "touching-contour",
       "contours touch themselves or each other; combined even-odd", result.warnings);
  if (result.planes.empty())
    throw InputError("the contours cancel each other", fmt::format("structure '{}'", structure.name),
                     "nothing is left under the even-odd rule", "check the structure for contours drawn twice");
  return result;
}

}  // namespace sbrt
