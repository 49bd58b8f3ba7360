#include "phantoms/series_anatomy.h"

#include "geometry/error.h"

#include <algorithm>

namespace sbrt::phantoms {
namespace {

constexpr double endless_mm = 700;  // longer than any scan here: what runs through the whole CT
constexpr double disc_range_mm = 200;

Solid column(double x, double y, double semi_x, double semi_y) {
  return elliptic_cylinder({x, y, 0}, semi_x, semi_y, endless_mm);
}

SeriesAnatomy thorax(Site site, int which) {
  constexpr double semi_x = 160, semi_y = 105, cord_y = 66, cord_radius = 5.5;
  const Solid outline = column(0, 0, semi_x, semi_y);
  const Solid cage = column(0, 0, semi_x - 30, semi_y - 22), mediastinum = column(4, 5, 36, 95);
  const Solid heart = ellipsoid({28, -32, -40}, {48, 40, 48});
  const auto lung = [&](double x, double wide) {
    return subtracted(subtracted(intersected(ellipsoid({x, 0, 0}, {wide, 90, 120}), cage), mediastinum), heart);
  };
  const Solid right = lung(-72, 70), left = lung(76, 66);
  std::vector<Part> parts;
  parts.push_back(body(outline, fat_hu));
  parts.push_back(tissue(column(0, 0, semi_x - 14, semi_y - 11), soft_hu));
  parts.push_back(organ("Lung_R", right, lung_hu, {0, 255, 255}));
  parts.push_back(organ("Lung_L", left, lung_hu, {0, 200, 255}));
  parts.push_back(organ("Heart", heart, blood_hu, {255, 0, 255}));
  parts.push_back(organ("A_Aorta", column(27, 13, 10, 10), blood_hu, {200, 0, 0}));
  parts.push_back(organ("Esophagus", column(2, 12, 9, 7), soft_hu, {255, 160, 0}));
  parts.push_back(organ("Trachea", elliptic_cylinder({0, -8, 110}, 9, 8, 120), air_hu, {160, 160, 255}));
  add_spine(parts, {0, cord_y}, cord_radius, -disc_range_mm, disc_range_mm);
  const Solid cord = column(0, cord_y, cord_radius + 3, cord_radius + 3);
  if (site == Site::lung) {
    const bool on_the_right = which == 0;
    return {parts,
            outline,
            on_the_right ? right : left,
            {cord},
            {on_the_right ? -74.0 : 80.0, 5, 24},
            {14, 30, 36},
            semi_x,
            semi_y,
            0,
            false};
  }
  return {parts, outline, column(0, 0, semi_x - 24, semi_y - 16), {cord}, {8, -32, 12}, {30, 12, 18}, semi_x, semi_y,
          0,     false};
}

SeriesAnatomy abdomen(int which) {
  constexpr double semi_x = 172, semi_y = 118, cord_y = 66, cord_radius = 5.5;
  const Solid outline = column(0, 0, semi_x, semi_y), inner = column(0, 0, semi_x - 22, semi_y - 20);
  const Solid kidney = ellipsoid({-72, 52, -40}, {24, 22, 50});
  const Solid liver = subtracted(
      subtracted(intersected(ellipsoid({-62, -12, 40}, {92, 82, 74}), inner), column(5, 58, 43, 68)), kidney);
  std::vector<Part> parts;
  parts.push_back(body(outline, fat_hu));
  parts.push_back(tissue(column(0, 0, semi_x - 16, semi_y - 13), soft_hu));
  parts.push_back(organ("Liver", liver, liver_hu, {160, 80, 0}));
  parts.push_back(organ("Stomach", ellipsoid({72, -38, 70}, {42, 34, 42}), 20, {255, 160, 100}));
  parts.push_back(organ("Bowel", ellipsoid({15, -52, -75}, {88, 34, 50}), 20, {200, 120, 60}));
  parts.push_back(organ("Kidney_R", kidney, kidney_hu, {200, 100, 0}));
  parts.push_back(organ("Kidney_L", ellipsoid({72, 50, -15}, {24, 22, 50}), kidney_hu, {200, 140, 0}));
  parts.push_back(organ("A_Aorta", column(18, 10, 10, 10), blood_hu, {200, 0, 0}));
  add_spine(parts, {0, cord_y}, cord_radius, -disc_range_mm, disc_range_mm);
  return {parts,
          outline,
          inner,
          {column(0, cord_y, cord_radius + 3, cord_radius + 3)},
          {which == 0 ? -58.0 : 62.0, -14, 9},
          {30, 14, 24},
          semi_x,
          semi_y,
          0,
          false};
}

SeriesAnatomy vertebra(int which, PatientVec semi) {
  constexpr double semi_x = 165, semi_y = 112, cord_y = 62, cord_radius = 5, gap = 3;
  const Solid outline = column(0, 0, semi_x, semi_y);
  std::vector<Part> parts;
  parts.push_back(body(outline, fat_hu));
  parts.push_back(tissue(column(0, 0, semi_x - 16, semi_y - 13), soft_hu));
  parts.push_back(organ("Bowel", ellipsoid({10, -48, -40}, {85, 36, 70}), 20, {200, 120, 60}));
  parts.push_back(organ("Kidney_R", ellipsoid({-68, 48, -20}, {24, 22, 52}), kidney_hu, {200, 100, 0}));
  parts.push_back(organ("Kidney_L", ellipsoid({68, 48, -10}, {24, 22, 52}), kidney_hu, {200, 140, 0}));
  parts.push_back(organ("A_Aorta", column(14, 0, 9, 9), blood_hu, {200, 0, 0}));
  add_spine(parts, {0, cord_y}, cord_radius, -disc_range_mm, disc_range_mm);
  const double y = cord_y - cord_radius - gap - 1.15 * std::max(semi.y, semi.z);
  return {parts,
          outline,
          column(0, 0, semi_x - 20, semi_y - 18),
          {column(0, cord_y, cord_radius + gap, cord_radius + gap)},
          {0, y, which == 0 ? 33.0 : -57.0},
          {6, 3, 9},
          semi_x,
          semi_y,
          0,
          true};
}

SeriesAnatomy head_and_neck(int which) {
  const Solid scalp = ellipsoid({0, 0, 0}, {78, 98, 108}), neck = elliptic_cylinder({0, 22, -160}, 64, 66, 280);
  const Solid skull = ellipsoid({0, 2, 4}, {71, 90, 98}), inside = ellipsoid({0, 2, 4}, {64, 83, 91});
  const Solid outline = united(scalp, neck),
              deep = united(ellipsoid({0, 0, 0}, {72, 92, 102}), elliptic_cylinder({0, 22, -160}, 58, 60, 280));
  std::vector<Part> parts;
  parts.push_back(body(outline, soft_hu));
  parts.push_back(tissue(with_hole(skull, inside), cortical_hu));
  parts.push_back(organ("Brain", inside, brain_hu, {200, 200, 255}));
  parts.push_back(tissue(elliptic_cylinder({0, 36, -170}, 16, 14, 180), cancellous_hu));
  parts.push_back(tissue(elliptic_cylinder({0, 40, -160}, 9, 9, 180), 10));
  const Solid cord = elliptic_cylinder({0, 40, -167}, 5.5, 5.5, 180), stem = ellipsoid({0, 26, -42}, {14, 12, 27});
  parts.push_back(organ("SpinalCord", cord, cord_hu, {255, 255, 0}));
  parts.push_back(organ("Brainstem", stem, brain_hu + 5, {0, 128, 255}));
  parts.push_back(organ("Larynx", elliptic_cylinder({0, -16, -150}, 14, 12, 44), soft_hu, {255, 160, 0}));
  parts.push_back(tissue(elliptic_cylinder({0, -16, -190}, 8, 8, 160), air_hu));
  for (const double side : {-1.0, 1.0})
    parts.push_back(
        organ(side < 0 ? "Parotid_R" : "Parotid_L", ellipsoid({side * 52, 20, -60}, {9, 14, 20}), 10, {255, 128, 0}));
  const Solid free_cord = elliptic_cylinder({0, 40, -167}, 8.5, 8.5, 190),
              free_stem = ellipsoid({0, 26, -42}, {17, 15, 30});
  return {parts,
          outline,
          deep,
          {free_cord, free_stem},
          {which == 0 ? -24.0 : 26.0, 0, which == 0 ? -87.0 : -135.0},
          {9, 12, 12},
          78,
          98,
          0,
          true};
}

SeriesAnatomy thigh() {
  constexpr double semi_x = 88, semi_y = 82;
  const Solid outline = column(0, 0, semi_x, semi_y), femur = column(-26, 8, 14, 14);
  std::vector<Part> parts;
  parts.push_back(body(outline, fat_hu));
  parts.push_back(tissue(column(0, 0, semi_x - 9, semi_y - 9), soft_hu));
  parts.push_back(organ("Femur_L", femur, cortical_hu, {255, 255, 200}));
  parts.push_back(tissue(column(-26, 8, 7, 7), fat_hu));
  return {parts, outline, column(0, 0, semi_x - 10, semi_y - 10), {femur}, {30, -6, 0}, {6, 8, 12}, semi_x, semi_y,
          0,     true};
}

}  // namespace

SeriesAnatomy series_anatomy(Site site, int which, PatientVec semi_axes_mm) {
  SBRT_EXPECT(which == 0 || which == 1);
  switch (site) {
    case Site::lung:
    case Site::chest:
      return thorax(site, which);
    case Site::abdomen_pelvis:
      return abdomen(which);
    case Site::vertebra:
      return vertebra(which, semi_axes_mm);
    case Site::head_and_neck:
      return head_and_neck(which);
    case Site::limb:
      break;
  }
  return thigh();
}

}  // namespace sbrt::phantoms
