#include "geometry/body.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace sbrt {
namespace {

// Ellipse of 300 x 200 mm with two lungs and a couch below; x and y spacings differ, the patient lies off the centre.
struct Scene {
  Grid grid{{256, 200, 30}, {1.7, 1.9, 3}, {-215, -200, -40}};
  CtImage ct{grid, -1000.f};

  void paint(const std::function<bool(double, double, double)>& where, float hu) {
    const GridSize n = grid.size();
    for (int k = 0; k < n.nz; ++k)
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i) {
          const PatientPoint p = grid.voxel_centre(i, j, k);
          if (where(p.x, p.y, p.z)) ct(i, j, k) = hu;
        }
  }
};

bool in_body(double x, double y) { return std::pow(x / 150, 2) + std::pow(y / 100, 2) <= 1; }
bool in_lung(double x, double y) { return std::pow((std::abs(x) - 70) / 45, 2) + std::pow(y / 60, 2) <= 1; }

Scene thorax() {
  Scene s;
  s.paint([](double x, double y, double) { return in_body(x, y); }, 20.f);
  s.paint([](double x, double y, double) { return in_lung(x, y); }, -780.f);
  return s;
}

/// Voxels that differ from the ellipse.
int wrong_voxels(const Occupancy& body) {
  int wrong = 0;
  const GridSize n = body.grid().size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) {
        const PatientPoint p = body.grid().voxel_centre(i, j, k);
        wrong += (body(i, j, k) != 0) != in_body(p.x, p.y);
      }
  return wrong;
}

TEST(FindBody, FillsTheLungs) {
  const Scene s = thorax();
  EXPECT_EQ(wrong_voxels(find_body(s.ct)), 0);
}

TEST(FindBody, LeavesACouchBelowAGapAway) {
  Scene s = thorax();
  // Hollow couch: two 4 mm sheets with foam between.
  s.paint([](double, double y, double) { return (y > 104 && y < 108) || (y > 140 && y < 144); }, 100.f);
  s.paint([](double x, double y, double) { return std::abs(x) < 190 && y >= 108 && y <= 140; }, -900.f);
  EXPECT_EQ(wrong_voxels(find_body(s.ct)), 0);
}

TEST(FindBody, CutsACouchTopThatTouchesTheBack) {
  Scene s = thorax();
  s.paint([](double x, double y, double) { return std::abs(x) < 200 && y > 98 && y < 104 && !in_body(x, y); }, 100.f);
  // What lies within one cell (3 mm) of the skin cannot be told from it: the wedge between skin and couch at |x| < 45
  // mm.
  const int wedge = int(2 * 45 / 1.7 * 8 / 1.9 * 30);
  EXPECT_LT(wrong_voxels(find_body(s.ct)), wedge);
  EXPECT_EQ(find_body(s.ct)(20, 160, 10), 0.f);
}

TEST(FindBody, DoesNotDependOnTheSignOfTheAirOutside) {
  Scene s = thorax();
  for (float& hu : s.ct.values())
    if (hu == -1000.f) hu = -3024.f;  // padding
  EXPECT_EQ(wrong_voxels(find_body(s.ct)), 0);
}

/// The voxels of `first` and those behind it in x and y.
Scene cut_out(const Scene& whole, int first_x, int first_y) {
  const GridSize n = whole.grid.size();
  Scene s;
  s.grid = Grid({n.nx - first_x, n.ny - first_y, n.nz}, whole.grid.spacing_mm(),
                whole.grid.voxel_centre(first_x, first_y, 0));
  s.ct = CtImage(s.grid, 0.f);
  for (int k = 0; k < n.nz; ++k)
    for (int j = first_y; j < n.ny; ++j)
      for (int i = first_x; i < n.nx; ++i) s.ct(i - first_x, j - first_y, k) = whole.ct(i, j, k);
  return s;
}

TEST(FindBody, CountsLungThatTheScanCutsOpenAsInside) {
  // Across the middle of the left lung, and of both from the front.
  for (const auto& [x, y] : {std::pair{85, 0}, {0, 95}}) {
    const Scene s = cut_out(thorax(), x, y);
    Warnings warnings;
    EXPECT_EQ(wrong_voxels(find_body(s.ct, body_threshold_hu, &warnings)), 0);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0].code, "lung-cut-by-scan");
  }
}

TEST(FindBody, LeavesAnOpenCushionAndAirAtTheSidesAway) {
  Scene s = thorax();
  // A cushion from the back to the lower side of the scan, between walls that part it from the air.
  s.paint([](double x, double y, double) { return y > 80 && std::abs(x) < 90 && !in_body(x, y); }, -900.f);
  s.paint([](double x, double y, double) { return y > 60 && std::abs(x) > 90 && std::abs(x) < 96 && !in_body(x, y); },
          100.f);
  Warnings warnings;
  EXPECT_LT(wrong_voxels(find_body(s.ct, body_threshold_hu, &warnings)), 2000);  // the walls' feet at the skin
  EXPECT_TRUE(warnings.empty());
  // Air in a bay of the body that the scan's side closes.
  Scene bay = cut_out(thorax(), 0, 95);
  for (float& hu : bay.ct.values())
    if (hu == -780.f) hu = -995.f;
  EXPECT_GT(wrong_voxels(find_body(bay.ct, body_threshold_hu, &warnings)), 10000);
  EXPECT_TRUE(warnings.empty());
}

TEST(FindBody, TakesASmallPhantomAsItIs) {
  Scene s;
  s.paint([](double x, double y, double z) { return x * x + y * y + z * z < 36; }, 0.f);
  double sum = 0;
  const Occupancy body = find_body(s.ct);
  for (const float f : body.values()) sum += f;
  // Voxel centres inside the 6 mm ball, at least those not at its rim.
  EXPECT_GT(sum * s.grid.voxel_volume_mm3(), 4.0 / 3 * 3.14159 * 125 * 0.9);
}

TEST(FindBody, RefusesAnEmptyImage) { EXPECT_THROW(find_body(Scene().ct), InputError); }

}  // namespace
}  // namespace sbrt
