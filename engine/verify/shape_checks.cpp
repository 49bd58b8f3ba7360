#include "engine/verify/suites.h"
#include "geometry/margin.h"
#include "geometry/shape.h"
#include "geometry/units.h"
#include "phantoms/analytic_dose.h"
#include "phantoms/closed_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt::verify {
namespace {

std::vector<double> planes(double first_mm, double last_mm, double gap_mm) {
  std::vector<double> at;
  for (int n = 0; first_mm + n * gap_mm <= last_mm; ++n) at.push_back(first_mm + n * gap_mm);
  return at;
}

Shape drawn(const phantoms::Solid& solid, const std::vector<double>& planes_mm) {
  return Shape::from_structure({1, "shape", RoiRole::gtv, {}, phantoms::contours_on(solid, planes_mm)});
}

// Of the offsets the one with the largest error. Half way between two planes a sphere of 3 mm shows two equal circles
// only.
double worst_sphere_mm3(double radius_mm) {
  double worst = phantoms::sphere_volume_mm3(radius_mm);
  for (const PatientPoint centre :
       {PatientPoint{0, 0, 0}, {0.31, -0.17, 0.23}, {-0.4, 0.25, 0.45}, {0.1, 0.45, -0.36}, {0.2, 0.1, 0.5}}) {
    const double volume = drawn(phantoms::sphere(centre, radius_mm), planes(-15, 15, 1)).volume_mm3();
    const double exact = phantoms::sphere_volume_mm3(radius_mm);
    if (std::abs(volume - exact) > std::abs(worst - exact)) worst = volume;
  }
  return worst;
}

struct OffsetError {
  double mean_mm = 0, largest_mm = 0;
};

// Distance of the drawn points from the exact sphere; the last gap at the poles is left out, where the planes, not the
// margin, decide how far the contours reach.
OffsetError offset_error(const std::vector<Contour>& contours, PatientPoint centre, double radius_mm, double gap_mm) {
  OffsetError error;
  double count = 0;
  for (const Contour& contour : contours)
    for (std::size_t i = 0; i < contour.points.size(); ++i) {
      const PatientPoint a = contour.points[i], b = contour.points[(i + 1) % contour.points.size()];
      if (std::abs(a.z - centre.z) > radius_mm - gap_mm) continue;
      for (const PatientPoint p : {a, a + 0.5 * (b - a)}) {
        const double e = std::abs(distance(p, centre) - radius_mm);
        error.mean_mm += e;
        error.largest_mm = std::max(error.largest_mm, e);
        ++count;
      }
    }
  error.mean_mm /= count;
  return error;
}

}  // namespace

Rows check_volumes() {
  Rows rows;
  for (const double diameter : {3.0, 5.0, 10.0, 20.0}) {
    const double exact = phantoms::sphere_volume_mm3(diameter / 2) / units::cc;
    rows.push_back(
        {"volume",
         fmt::format("sphere of {} mm, 1 mm planes, worst of 5 offsets, half way between planes included", diameter),
         "cc", exact, (diameter < 5 ? 0.02 : 0.01) * exact, worst_sphere_mm3(diameter / 2) / units::cc});
  }
  // The flat ends lie half way between two planes, so the half-gap rule is exact there; the error of round and pointed
  // ends goes with the square of the gap.
  for (const double gap : {1.0, 2.0, 3.0})
    for (const phantoms::NelmsCase& c : phantoms::nelms_cases()) {
      const double exact = *c.solid.volume_mm3() / units::cc;
      rows.push_back({"volume", fmt::format("Nelms {}, {} mm planes", c.name, gap), "cc", exact,
                      0.005 * gap * gap * exact,
                      drawn(c.solid, planes(-30 + gap / 2, 40, gap)).volume_mm3() / units::cc});
    }
  return rows;
}

Rows check_margins() {
  Rows rows;
  constexpr double radius = 10;
  const PatientPoint centre{0.31, -0.17, 0.23};
  const std::vector<double> ct = planes(-30, 30, 1);
  const Shape ball = drawn(phantoms::sphere(centre, radius), ct);
  for (const double margin : {2.0, 5.0, 7.0}) {
    const std::vector<Contour> contours = expand({ball}, margin, ct);
    const OffsetError error = offset_error(contours, centre, radius + margin, 1);
    const double exact = phantoms::sphere_volume_mm3(radius + margin) / units::cc;
    const std::string what = fmt::format("sphere of 20 mm + {} mm, 1 mm planes: ", margin);
    rows.push_back({"margin", what + "mean surface error", "mm", 0, 0.1, error.mean_mm});
    rows.push_back({"margin", what + "largest surface error", "mm", 0, 0.3, error.largest_mm});
    rows.push_back({"margin", what + "volume", "cc", exact, 0.01 * exact,
                    Shape::from_structure({2, "PTV", RoiRole::ptv, {}, contours}).volume_mm3() / units::cc});
  }
  const auto volume = [&](const std::string& what, const std::vector<Contour>& contours, double exact_mm3) {
    const double exact = exact_mm3 / units::cc;
    rows.push_back({"margin", what + ", 1 mm planes: volume", "cc", exact, 0.01 * exact,
                    Shape::from_structure({2, "PTV", RoiRole::ptv, {}, contours}).volume_mm3() / units::cc});
  };
  volume("sphere of 20 mm shrunk by 3 mm", shrink(ball, 3, ct), phantoms::sphere_volume_mm3(radius - 3));
  const Shape ring = drawn(phantoms::torus(centre, 15, 4), ct);
  volume("torus of 15 and 4 mm radius + 3 mm", expand({ring}, 3, ct), *phantoms::torus(centre, 15, 7).volume_mm3());
  // The union of two balls that touch, grown: two larger balls less the lens that they share.
  const Shape left = drawn(phantoms::sphere(centre - PatientVec{6, 0, 0}, 6), ct),
              right = drawn(phantoms::sphere(centre + PatientVec{6, 0, 0}, 6), ct);
  constexpr double pi = 3.14159265358979323846;
  volume("two touching spheres of 12 mm + 5 mm", expand({left, right}, 5, ct),
         2 * phantoms::sphere_volume_mm3(11) - 2 * pi * 25 * (33 - 5) / 3);
  volume("sphere of 20 mm without one of 12 mm inside", subtract(ball, {drawn(phantoms::sphere(centre, 6), ct)}, 0, ct),
         phantoms::sphere_volume_mm3(10) - phantoms::sphere_volume_mm3(6));
  return rows;
}

}  // namespace sbrt::verify
