#include "phantoms/blueprint.h"

#include <cmath>

namespace sbrt::phantoms {
namespace {

constexpr double endless_mm = 400;  // longer than any scan here: what runs through the whole CT
const Direction<Patient> head({0, 0, 1});

Solid column(double x, double y, double semi_x, double semi_y) {
  return elliptic_cylinder({x, y, 0}, semi_x, semi_y, endless_mm);
}

/// Rings of rib, 9 mm high every 24 mm, between the skin and the cage; they follow the body's ellipse.
void add_ribs(std::vector<Part>& parts, double semi_x, double semi_y, double low_z, double high_z) {
  constexpr double pitch = 24, height = 9, thickness = 7;
  for (double z = low_z + pitch / 2; z < high_z; z += pitch)
    parts.push_back(tissue(with_hole(elliptic_cylinder({0, 0, z}, semi_x, semi_y, height),
                                     elliptic_cylinder({0, 0, z}, semi_x - thickness, semi_y - thickness, height)),
                           cancellous_hu));
}

Box scan(double semi_x, double semi_y, double half_z) {
  return {{-semi_x - 10, -semi_y - 10, -half_z}, {semi_x + 10, semi_y + 10, half_z}};
}

}  // namespace

void add_spine(std::vector<Part>& parts, PlanePoint canal, double cord_radius_mm, double low_z_mm, double high_z_mm) {
  constexpr double disc_pitch = 30, disc_height = 5, body_depth = 17;
  const double front = canal.y - 9 - body_depth;
  parts.push_back(tissue(column(canal.x, front, 23, body_depth), cancellous_hu));
  for (double z = low_z_mm + disc_pitch / 2 + disc_height; z < high_z_mm; z += disc_pitch)
    parts.push_back(tissue(elliptic_cylinder({canal.x, front, z}, 23, body_depth, disc_height), 80));
  parts.push_back(tissue(column(canal.x, canal.y, 15, 13), cancellous_hu));
  parts.push_back(tissue(box({canal.x, canal.y + 20, 0}, {6, 18, endless_mm}), cancellous_hu));
  parts.push_back(tissue(column(canal.x, canal.y, 9, 9), 10));
  parts.push_back(
      organ("SpinalCord", column(canal.x, canal.y, cord_radius_mm, cord_radius_mm), cord_hu, {255, 255, 0}));
}

Blueprint lung_lesion(const Request& request) {
  constexpr double semi_x = 160, semi_y = 105, half_z = 110;
  const Solid outline = column(0, 0, semi_x, semi_y);
  const Solid cage = column(0, 0, semi_x - 32, semi_y - 22), mediastinum = column(4, 5, 36, 95);
  const Solid heart = ellipsoid({28, -32, -40}, {48, 40, 48});
  const auto lung = [&](double x, double wide) {
    return subtracted(subtracted(intersected(ellipsoid({x, 0, 0}, {wide, 88, 100}), cage), mediastinum), heart);
  };
  const Solid right = lung(-70, 66), left = lung(74, 64);
  const Solid gtv = sphere(PatientPoint{-72, 5, 8} + request.offset_mm, request.diameter_mm / 2);

  Blueprint b;
  b.parts.push_back(body(outline, fat_hu));
  b.parts.push_back(tissue(column(0, 0, semi_x - 14, semi_y - 11), soft_hu));
  add_ribs(b.parts, semi_x - 20, semi_y - 13, -half_z, half_z);
  b.parts.push_back(tissue(box({0, -(semi_y - 17), 10}, {34, 9, 150}), cancellous_hu));
  b.parts.push_back(organ("Lung_R", right, lung_hu, {0, 255, 255}));
  b.parts.push_back(organ("Lung_L", left, lung_hu, {0, 200, 255}));
  b.parts.push_back(organ("Lungs-GTV", joined_apart(with_hole(right, gtv), left), std::nullopt, {0, 150, 200}));
  b.parts.push_back(organ("Heart", heart, blood_hu, {255, 0, 255}));
  b.parts.push_back(organ("A_Aorta", column(27, 13, 10, 10), blood_hu, {200, 0, 0}));
  b.parts.push_back(organ("Esophagus", column(2, 12, 9, 7), soft_hu, {255, 160, 0}));
  b.parts.push_back(tissue(column(2, 12, 3, 1.5), -400));
  b.parts.push_back(organ("Trachea", elliptic_cylinder({0, -8, 80}, 9, 8, 60), air_hu, {160, 160, 255}));
  add_spine(b.parts, {0, 66}, 5.5, -half_z, half_z);
  b.parts.push_back(organ("Chestwall",
                          with_hole(column(0, 0, semi_x - 8, semi_y - 6), column(0, 0, semi_x - 32, semi_y - 22)),
                          std::nullopt, {255, 200, 150}));
  b.parts.push_back(target("GTV", gtv));
  b.scanned = scan(semi_x, semi_y, half_z);
  b.spacing_mm = {1.5, 1.5, 2};
  b.hosts = {{"GTV", "Lung_R"}};
  // TG-101, five fractions; lung V20 as in RTOG 0813.
  b.plan = {{"GTV"},
            {},
            5,
            {"50Gy/5fx@75%"},
            {"SpinalCord:D0.03cc <= 30 Gy", "SpinalCord:D0.35cc <= 23 Gy", "Esophagus:D0.03cc <= 35 Gy",
             "Heart:D15cc <= 32 Gy", "Lungs-GTV:V20Gy[%] <= 10 %"},
            97,
            "body"};
  return b;
}

Blueprint spine_lesion(const Request& request) {
  constexpr double semi_x = 165, semi_y = 112, half_z = 90, cord_radius = 5, gap = 3;
  const PlanePoint canal{0, 62};
  const double radius = request.diameter_mm / 2;
  // Without an offset the target's surface lies 3 mm from the cord's whatever its size.
  const Solid gtv = sphere(PatientPoint{0, canal.y - cord_radius - gap - radius, 0} + request.offset_mm, radius);
  const Solid outline = column(0, 0, semi_x, semi_y);
  const Solid kidney = ellipsoid({-68, 48, -20}, {24, 22, 52});
  const Solid liver =
      subtracted(intersected(ellipsoid({-75, -25, 60}, {75, 70, 75}), column(0, 0, semi_x - 26, semi_y - 24)), kidney);

  Blueprint b;
  b.parts.push_back(body(outline, fat_hu));
  b.parts.push_back(tissue(column(0, 0, semi_x - 16, semi_y - 13), soft_hu));
  b.parts.push_back(organ("Liver", liver, liver_hu, {160, 80, 0}));
  b.parts.push_back(organ("Stomach", ellipsoid({62, -40, 60}, {40, 32, 45}), 20, {255, 160, 100}));
  b.parts.push_back(organ("Bowel", ellipsoid({15, -48, -50}, {85, 36, 48}), 20, {200, 120, 60}));
  b.parts.push_back(organ("Kidney_R", kidney, kidney_hu, {200, 100, 0}));
  b.parts.push_back(organ("Kidney_L", ellipsoid({68, 48, -10}, {24, 22, 52}), kidney_hu, {200, 140, 0}));
  b.parts.push_back(organ("A_Aorta", column(14, 4, 10, 10), blood_hu, {200, 0, 0}));
  add_spine(b.parts, canal, cord_radius, -half_z, half_z);
  b.parts.push_back(target("GTV", gtv, 120));
  b.scanned = scan(semi_x, semi_y, half_z);
  b.spacing_mm = {1.5, 1.5, 1.5};
  b.hosts = {{"GTV", "External"}};
  // TG-101, three fractions.
  b.plan = {{"GTV"},
            {},
            2,
            {"27Gy/3fx@75%"},
            {"SpinalCord:D0.03cc <= 21.9 Gy", "SpinalCord:D0.35cc <= 18 Gy", "Bowel:D0.03cc <= 25.2 Gy"},
            92,
            "body"};
  return b;
}

Blueprint liver_lesion(const Request& request) {
  constexpr double semi_x = 168, semi_y = 115, half_z = 100;
  const Solid outline = column(0, 0, semi_x, semi_y), inner = column(0, 0, semi_x - 24, semi_y - 22);
  // A loop of bowel under the liver, about 12 mm from the default target.
  const Solid ring = torus({-38, -38, -62}, 40, 15), kidney = ellipsoid({-70, 55, -50}, {24, 20, 45});
  const Solid about_the_spine = column(5, 58, 43, 68);
  const Solid liver = subtracted(
      subtracted(subtracted(intersected(ellipsoid({-62, -12, 15}, {92, 82, 74}), inner), about_the_spine), kidney),
      ring);
  const Solid gtv = sphere(PatientPoint{-58, -18, -18} + request.offset_mm, request.diameter_mm / 2);

  Blueprint b;
  b.parts.push_back(body(outline, fat_hu));
  b.parts.push_back(tissue(column(0, 0, semi_x - 16, semi_y - 13), soft_hu));
  b.parts.push_back(organ("Liver", liver, liver_hu, {160, 80, 0}));
  b.parts.push_back(organ("Liver-GTV", with_hole(liver, gtv), std::nullopt, {160, 110, 60}));
  b.parts.push_back(organ("Stomach", ellipsoid({66, -38, 45}, {42, 34, 42}), 20, {255, 160, 100}));
  b.parts.push_back(tissue(ellipsoid({66, -56, 45}, {22, 9, 22}), air_hu));
  b.parts.push_back(organ("Bowel", intersected(ring, inner), 20, {200, 120, 60}));
  b.parts.push_back(tissue(torus({-38, -38, -59}, 40, 7), -850));
  b.parts.push_back(organ("Kidney_R", kidney, kidney_hu, {200, 100, 0}));
  b.parts.push_back(organ("Kidney_L", ellipsoid({70, 52, -25}, {24, 21, 50}), kidney_hu, {200, 140, 0}));
  b.parts.push_back(organ("A_Aorta", column(16, 8, 10, 10), blood_hu, {200, 0, 0}));
  add_spine(b.parts, {0, 64}, 5.5, -half_z, half_z);
  b.parts.push_back(target("GTV", gtv, 30));
  b.scanned = scan(semi_x, semi_y, half_z);
  b.spacing_mm = {1.5, 1.5, 2};
  b.hosts = {{"GTV", "Liver"}};
  // TG-101, five fractions.
  b.plan = {{"GTV"},
            {},
            5,
            {"45Gy/5fx@75%"},
            {"Bowel:D0.03cc <= 35 Gy", "Bowel:D5cc <= 19.5 Gy", "Stomach:D0.03cc <= 32 Gy", "Stomach:D10cc <= 18 Gy",
             "Liver-GTV:CV21Gy[cc] >= 700 cc", "SpinalCord:D0.03cc <= 30 Gy", "SpinalCord:D0.35cc <= 23 Gy"},
            95,
            "body"};
  return b;
}

}  // namespace sbrt::phantoms
