#include "phantoms/analytic_dose.h"
#include "phantoms/blueprint.h"
#include "phantoms/contour_cases.h"
#include "phantoms/uniform.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace sbrt::phantoms {
namespace {

Part drawn(std::string name, Solid solid) {
  return {std::move(solid), std::nullopt, std::move(name), RoiRole::gtv, {255, 128, 0}};
}

/// 300 spheres of 3 to 20 mm about one place, each at its own offset against the planes; the first two have 3 mm and
/// lie on a plane and half way between two.
void add_spheres(Blueprint& b, const Request& request) {
  constexpr int count = 300;
  Uniform uniform(request.seed);
  for (int n = 1; n <= count; ++n) {
    const double diameter = n <= 2 ? 3 : 3 + 17 * uniform();
    const double x = uniform() - 0.5, y = uniform() - 0.5, phase = n == 1 ? 0 : n == 2 ? 0.5 : uniform();
    const double z = diameter <= request.plane_gap_mm ? 0 : phase;  // none may fall between two planes
    const PatientPoint centre = PatientPoint{x, y, z * request.plane_gap_mm} + request.offset_mm;
    b.parts.push_back(drawn(fmt::format("Sphere_{:03}", n), sphere(centre, diameter / 2)));
  }
}

void add_nelms(Blueprint& b, const Request& request) {
  const std::array<const char*, 5> names{"Sphere", "Cylinder", "Cone", "LyingCylinder", "LyingCone"};
  const std::vector<NelmsCase> cases = nelms_cases(PatientPoint{0, -6, 6} + request.offset_mm);
  for (std::size_t n = 0; n < cases.size(); ++n) b.parts.push_back(drawn(names[n], cases[n].solid));
}

/// Shapes whose offset surfaces are known. The rod's ends lie half way between planes 1 mm or 3 mm apart.
void add_round(Blueprint& b, const Request& request) {
  const PatientPoint at = PatientPoint{} + request.offset_mm;
  b.parts.push_back(drawn("Sphere", sphere(at, 10)));
  b.parts.push_back(drawn("Cylinder", cylinder(at, Direction<Patient>({0, 0, 1}), 8, 21)));
  b.parts.push_back(drawn("Torus", torus(at, 15, 4)));
  const PatientVec apart{6, 0, 0};
  b.parts.push_back(drawn("TwoSpheres", joined_apart(sphere(at - apart, 6), sphere(at + apart, 6))));
}

std::vector<double> uneven_planes(double reach_mm) {
  const std::array<double, 8> gaps{1, 1.2, 0.9, 1.1, 1, 1.25, 0.95, 1.1};
  std::vector<double> z{-reach_mm};
  for (std::size_t n = 0; z.back() + gaps[n % gaps.size()] <= reach_mm; ++n)
    z.push_back(z.back() + gaps[n % gaps.size()]);
  return z;
}

}  // namespace

Blueprint shapes(const Request& request) {
  constexpr double half = 45;
  const Solid cube = box({}, {2 * half, 2 * half, 2 * half});
  Blueprint b;
  b.parts = {body(cube, water_hu), target("GTV", sphere(PatientPoint{}, request.diameter_mm / 2), water_hu)};
  if (request.variant == "spheres") add_spheres(b, request);
  if (request.variant == "nelms") add_nelms(b, request);
  if (request.variant.rfind("round", 0) == 0) add_round(b, request);
  if (request.variant == "contours")
    for (ContourCase& c : contour_cases(request.plane_gap_mm)) b.drawn.push_back(std::move(c));
  if (request.variant == "round-uneven") b.planes_mm = uneven_planes(half);
  b.scanned = cube.bounding_box().grown(5);
  b.spacing_mm = {1, 1, 1};
  b.hosts = {{"GTV", "External"}};
  b.plan = {{"GTV"}, {}, 5, {"45Gy/5fx@75%"}, {}, 95, "body"};
  return b;
}

}  // namespace sbrt::phantoms
