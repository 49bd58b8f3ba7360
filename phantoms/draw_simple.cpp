#include "geometry/error.h"
#include "phantoms/blueprint.h"

#include <algorithm>
#include <numbers>

namespace sbrt::phantoms {
namespace {

constexpr double air_around_mm = 10;

Box scan_around(const Solid& body) { return body.bounding_box().grown(air_around_mm); }

}  // namespace

Blueprint water_cube(const Request& request) {
  const Solid cube = box({}, {200, 200, 200});
  Blueprint b;
  b.parts = {body(cube, water_hu),
             target("GTV", sphere(PatientPoint{} + request.offset_mm, request.diameter_mm / 2), water_hu)};
  b.scanned = scan_around(cube);
  b.spacing_mm = {2, 2, 2};
  b.hosts = {{"GTV", "External"}};
  b.plan = {{"GTV"}, {}, 5, {"45Gy/5fx@75%"}, {}, 95, "body"};
  return b;
}

Blueprint sphere_in_water(const Request& request) {
  // The ellipse of 280 x 184 mm leaves at least 42 mm of water about a 100 mm target; larger targets get a larger
  // ellipse.
  const double d = request.diameter_mm;
  const Solid ellipse =
      elliptic_cylinder({}, std::max(140.0, d / 2 + 60), std::max(92.0, d / 2 + 40), std::max(200.0, d + 100));
  Blueprint b;
  b.parts = {body(ellipse, water_hu), target("GTV", sphere(PatientPoint{} + request.offset_mm, d / 2), water_hu)};
  b.scanned = scan_around(ellipse);
  b.spacing_mm = d <= 60 ? std::array<double, 3>{1.25, 1.25, 1.5} : std::array<double, 3>{2, 2, 2};
  b.hosts = {{"GTV", "External"}};
  b.plan = {{}, {"GTV"}, 0, {"45Gy/5fx@75%"}, {}, 98, "body"};
  return b;
}

Blueprint slabs(const Request& request) {
  const bool bone = request.variant == "bone";
  const Solid stack = box({}, {300, 200, 200});
  Blueprint b;
  // 60 mm of water in front, 60 mm of the other material, 80 mm of water behind with the target in it.
  b.parts = {
      body(stack, water_hu),
      organ(bone ? "Bone" : "Lung", box({0, -10, 0}, {300, 60, 200}), bone ? cortical_hu : lung_hu, {255, 255, 0}),
      target("GTV", sphere(PatientPoint{0, 60, 0} + request.offset_mm, request.diameter_mm / 2), water_hu)};
  b.scanned = scan_around(stack);
  b.spacing_mm = {2, 2, 2};
  b.hosts = {{"GTV", "External"}};
  b.plan = {{"GTV"}, {}, 5, {"45Gy/5fx@75%"}, {}, 95, "body"};
  return b;
}

Blueprint tg119_c_shape(const Request& request) {
  // Core radius 10 mm, gap 5 mm, outer radius 37 mm, 80 mm long; the core is 10 mm longer at either end. Open to the
  // back.
  const double scale = request.diameter_mm / 74;
  const PatientPoint centre = PatientPoint{} + request.offset_mm;
  const double sweep = 240 * std::numbers::pi / 180, start = 150 * std::numbers::pi / 180;
  const Solid ellipse = elliptic_cylinder({}, 150, 100, 200);
  Blueprint b;
  b.parts = {body(ellipse, water_hu),
             organ("Core", cylinder(centre, Direction<Patient>({0, 0, 1}), 10 * scale, 80 * scale + 20), water_hu,
                   {0, 0, 255}),
             target("GTV", c_shape(centre, 15 * scale, 37 * scale, start, sweep, 80 * scale), water_hu)};
  b.scanned = scan_around(ellipse);
  b.spacing_mm = {1.5, 1.5, 2};
  b.hosts = {{"GTV", "External"}, {"Core", "External"}};
  b.plan = {{}, {"GTV"}, 0, {"25Gy/5fx@75%"}, {"Core:D10% <= 12.5 Gy"}, 92, "body"};
  return b;
}

}  // namespace sbrt::phantoms
