// The error bound of the fast dose path on real CTs of the reference data.
#include "dose/dose_engine.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"
#include "engine/planning/plan_files.h"
#include "tests/dose/plan_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sbrt {
namespace {

namespace fs = std::filesystem;
using testing::generic_data;
using testing::plan_of;

/// A case of the reference data, unpacked into a folder of its own.
class RealCase {
 public:
  explicit RealCase(const std::string& name) : folder_(fs::path(::testing::TempDir()) / ("sbrt-fast-path-" + name)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const fs::path data = fs::path(SBRT_SHARED_DIR) / "data/dicom" / name;
    const std::string command = "tar xf '" + (data / "CT.tar.xz").string() + "' -C '" + folder_.string() + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
    fs::copy_file(data / "RTSTRUCT.dcm", folder_ / "RTSTRUCT.dcm");
  }
  RealCase(const RealCase&) = delete;
  RealCase& operator=(const RealCase&) = delete;
  ~RealCase() { fs::remove_all(folder_); }
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

PatientPoint centre_of(const Structure& structure) {
  Box box;
  for (const Contour& contour : structure.contours)
    for (const PatientPoint p : contour.points) box.add(p);
  return box.centre();
}

/// Voxels of the dose grid inside the body, and how the fast path differs there from the exact one.
struct Difference {
  std::size_t voxels = 0, above_0_2_pct = 0;
  double largest = 0;  //!< of the maximum
};
Difference difference_inside(const Occupancy& body, const BeamSet& beams, const DensityMap& density, const Grid& grid) {
  const DoseGrid fast = compute_dose(beams, density, generic_data(), grid).dose;
  const DoseGrid exact = compute_dose(beams, density, generic_data(), grid, {.path = DosePath::exact}).dose;
  const double maximum = *std::max_element(exact.values().begin(), exact.values().end());
  Difference d;
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) {
        const VoxelPoint v = body.grid().to_voxel(grid.voxel_centre(i, j, k));
        const int x = int(std::lround(v.x)), y = int(std::lround(v.y)), z = int(std::lround(v.z));
        const GridSize n = body.grid().size();
        if (x < 0 || y < 0 || z < 0 || x >= n.nx || y >= n.ny || z >= n.nz || body(x, y, z) < 0.5f) continue;
        const double difference = std::abs(double(fast(i, j, k)) - exact(i, j, k)) / maximum;
        ++d.voxels;
        d.above_0_2_pct += difference > 0.002;
        d.largest = std::max(d.largest, difference);
      }
  return d;
}

void expect_within_bound(const std::string& name, const std::string& target_name) {
  const RealCase real(name);
  const ImportedCase input = import_case({{real.folder()}, {}, {}, {}});
  const ShapeRule rule = shape_rule(input.structures, BetweenPlanes::shape_following, input.ct.grid().spacing_mm()[2]);
  const PatientModel patient = make_patient_model(input.ct, input.structures, {}, rule);
  const PatientPoint target = centre_of(input.structures.at(target_name));
  const auto grid_about_target = [&](double side_mm, double spacing_mm) {
    const int n = int(side_mm / spacing_mm);
    const double first = -spacing_mm * (n - 1) / 2;
    return Grid({n, n, n}, {spacing_mm, spacing_mm, spacing_mm}, target + PatientVec{first, first, first});
  };
  // A plan, over the whole depth of the body; then single beams, the fan's hardest case.
  const Difference plan =
      difference_inside(patient.body, plan_of(150, 80, target, 15), patient.density, grid_about_target(300, 7.9));
  std::printf("%s, 150 beams: %zu voxels, %.4f %% off by more than 0.2 %% of the maximum, largest %.3f %%\n",
              name.c_str(), plan.voxels, 100.0 * double(plan.above_0_2_pct) / double(plan.voxels), 100 * plan.largest);
  ASSERT_GT(plan.voxels, 10'000u);
  EXPECT_LE(double(plan.above_0_2_pct), 1e-3 * double(plan.voxels));
  EXPECT_LE(plan.largest, 0.01);
  const BeamSet beams = plan_of(5, 5, target, 15);
  for (const Beam& beam : beams) {
    const Difference single = difference_inside(patient.body, {beam}, patient.density, grid_about_target(200, 4.1));
    std::printf(
        "%s, beam of %g mm: %zu voxels, %.4f %% off by more than 0.2 %% of the beam's maximum, largest %.3f %%\n",
        name.c_str(), beam.collimator_mm, single.voxels, 100.0 * double(single.above_0_2_pct) / double(single.voxels),
        100 * single.largest);
    EXPECT_LE(double(single.above_0_2_pct), 1e-3 * double(single.voxels)) << beam.collimator_mm << " mm";
    EXPECT_LE(single.largest, 0.01) << beam.collimator_mm << " mm";
  }
}

TEST(SharedFastPath, StaysWithinTheBoundOnTheCtOfAnOesophagus) { expect_within_bound("onko_esophagus", "GTVp"); }
TEST(SharedFastPath, StaysWithinTheBoundOnTheCtOfALung) { expect_within_bound("lung4d", "Tumor_c40"); }

}  // namespace
}  // namespace sbrt
