#include "phantoms/contour_cases.h"

#include "geometry/error.h"
#include "phantoms/closed_form.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

using std::numbers::pi;

constexpr int corners = 180;

struct Frame {
  PatientPoint origin;
  PatientVec u{1, 0, 0}, v{0, 1, 0}, n{0, 0, 1};
  PatientPoint point(double a, double b, double w) const { return origin + (a * u + b * v + w * n); }
};

Contour circle(const Frame& f, double a, double b, double w, double radius, bool forwards = true) {
  const double step = 2 * pi / corners, r = radius * std::sqrt(step / std::sin(step));
  Contour contour;
  for (int i = 0; i < corners; ++i) {
    const double angle = (forwards ? i : -i) * step;
    contour.points.push_back(f.point(a + r * std::cos(angle), b + r * std::sin(angle), w));
  }
  return contour;
}

Contour polygon(std::initializer_list<std::pair<double, double>> points, double w) {
  Contour contour;
  for (const auto& [x, y] : points) contour.points.push_back({x, y, w});
  return contour;
}

std::vector<double> multiples(double low, double high, double gap) {
  std::vector<double> z;
  for (int n = int(std::ceil(low / gap)); n * gap <= high; ++n) z.push_back(n * gap);
  return z;
}

std::vector<Contour> ball(const Frame& f, double radius, const std::vector<double>& planes, double w0 = 0) {
  std::vector<Contour> contours;
  for (const double w : planes) {
    const double r2 = radius * radius - (w - w0) * (w - w0);
    if (r2 > 1e-6) contours.push_back(circle(f, 0, 0, w, std::sqrt(r2)));
  }
  return contours;
}

class Cases {
 public:
  std::vector<ContourCase> all;

  void add(std::string name, std::vector<Contour> contours, double volume_mm3) {
    const int number = int(all.size()) + 1;
    all.push_back({{number, std::move(name), RoiRole::organ, {0, 160, 255}, std::move(contours)}, volume_mm3});
  }
};

/// One contour for a ring: around the outside, along a seam to the hole, around it backwards, and back.
Contour keyhole(double w, double outer, double inner) {
  const Frame axial;
  Contour contour = circle(axial, 0, 0, w, outer);
  contour.points.push_back(contour.points.front());
  Contour hole = circle(axial, 0, 0, w, inner, false);
  hole.points.push_back(hole.points.front());
  contour.points.insert(contour.points.end(), hole.points.begin(), hole.points.end());
  return contour;
}

}  // namespace

std::vector<ContourCase> contour_cases(double gap_mm) {
  SBRT_EXPECT(gap_mm > 0);
  const Frame axial;
  const std::vector<double> stack = multiples(-12, 12, gap_mm);
  const double length = double(stack.size()) * gap_mm;
  Cases cases;
  const auto on_stack = [&](auto&& contours_at) {
    std::vector<Contour> contours;
    for (const double w : stack)
      for (Contour& c : contours_at(w)) contours.push_back(std::move(c));
    return contours;
  };
  const double ring = pi * (144 - 36) * length;
  cases.add("Hole", on_stack([&](double w) {
              return std::vector<Contour>{circle(axial, 0, 0, w, 12), circle(axial, 0, 0, w, 6)};
            }),
            ring);
  cases.add("Keyhole", on_stack([&](double w) { return std::vector<Contour>{keyhole(w, 12, 6)}; }), ring);
  cases.add("Xor", on_stack([&](double w) {
              std::vector<Contour> both{circle(axial, 0, 0, w, 12), circle(axial, 0, 0, w, 6)};
              for (Contour& c : both) c.kind = ContourKind::closed_planar_xor;
              return both;
            }),
            ring);
  cases.add(
      "HoleIsland", on_stack([&](double w) {
        return std::vector<Contour>{circle(axial, 0, 0, w, 12), circle(axial, 0, 0, w, 8), circle(axial, 0, 0, w, 4)};
      }),
      pi * (144 - 64 + 16) * length);
  cases.add("Islands", on_stack([&](double w) {
              return std::vector<Contour>{circle(axial, -14, 0, w, 6), circle(axial, 14, 3, w, 4),
                                          circle(axial, 0, -20, w, 5)};
            }),
            pi * (36 + 16 + 25) * length);
  cases.add("SelfTouching", on_stack([&](double w) {
              return std::vector<Contour>{
                  polygon({{0, 0}, {10, 0}, {10, 8}, {0, 8}, {0, 0}, {-10, 0}, {-10, -8}, {0, -8}}, w)};
            }),
            160 * length);
  cases.add("SelfCrossing", on_stack([&](double w) {
              return std::vector<Contour>{polygon({{-10, -6}, {10, 6}, {10, -6}, {-10, 6}}, w)};
            }),
            120 * length);
  cases.add("Overlapping", on_stack([&](double w) {
              return std::vector<Contour>{polygon({{0, 0}, {12, 0}, {12, 10}, {0, 10}}, w),
                                          polygon({{6, 5}, {18, 5}, {18, 15}, {6, 15}}, w)};
            }),
            (120 + 120 - 2 * 30) * length);
  cases.add("DrawnTwice", on_stack([&](double w) {
              return std::vector<Contour>{circle(axial, 0, 0, w, 9), circle(axial, 0, 0, w, 9)};
            }),
            pi * 81 * length);

  const std::vector<double> wide = multiples(-15, 15, gap_mm);
  std::vector<double> shifted = wide, uneven = {-15}, gappy = wide;
  for (double& w : shifted) w += 0.37 * gap_mm;
  for (int n = 0; uneven.back() < 15; ++n) uneven.push_back(uneven.back() + gap_mm * (n % 3 == 0 ? 1.2 : 0.9));
  gappy.erase(gappy.begin() + std::ptrdiff_t(gappy.size() / 2) + 1);
  cases.add("OffPlanes", ball(axial, 10, shifted), sphere_volume_mm3(10));
  cases.add("UnevenPlanes", ball(axial, 12, uneven), sphere_volume_mm3(12));
  cases.add("MissingPlane", ball(axial, 12, gappy), sphere_volume_mm3(12));
  const double c = std::cos(pi / 9), s = std::sin(pi / 9);
  cases.add("Oblique", ball({{3, -4, 2}, {1, 0, 0}, {0, c, s}, {0, -s, c}}, 10, shifted), sphere_volume_mm3(10));
  cases.add("Sagittal", ball({{3, -4, 2}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}}, 10, shifted), sphere_volume_mm3(10));
  cases.add("TwoPlanes", ball(axial, 1.5 * gap_mm, wide, 0.5 * gap_mm), sphere_volume_mm3(1.5 * gap_mm));
  cases.add("OnePlane", {circle(axial, 0, 0, 0, 7)}, pi * 49 * gap_mm);
  return std::move(cases.all);
}

}  // namespace sbrt::phantoms
