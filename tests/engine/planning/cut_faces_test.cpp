#include "engine/planning/cut_faces.h"

#include "engine/planning/planner.h"
#include "geometry/error.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <set>

namespace sbrt {
namespace {

/// A box |x| <= 100, |y| <= 80 about the origin that goes on beyond both ends of a scan of z = -62.5 ... 57.5 mm.
struct CutBox {
  Grid grid{{65, 58, 24}, {4, 3.5, 5}, {-128, -99.75, -60}};
  DensityMap density{grid, 0.0f};
  Occupancy body{grid, 0.0f};
  BeamData beam_data = BeamData::named_or_folder("generic-6mv-fff");

  explicit CutBox(int empty_slices = 0) {
    for (int k = empty_slices; k < grid.size().nz - empty_slices; ++k)
      for (int j = 0; j < grid.size().ny; ++j)
        for (int i = 0; i < grid.size().nx; ++i) {
          const PatientPoint p = grid.voxel_centre(i, j, k);
          if (std::abs(p.x) > 100 || std::abs(p.y) > 80) continue;
          density(i, j, k) = 1;
          body(i, j, k) = 1;
        }
  }
  /// Beam at the origin from 900 mm away, `tilt_deg` from +x towards `towards`.
  bool cut(double tilt_deg, PatientVec towards, double collimator_mm = 5) const {
    const double a = tilt_deg * 3.14159265358979323846 / 180;
    const PatientVec way = std::cos(a) * PatientVec{1, 0, 0} + std::sin(a) * towards;
    return enters_through_cut_face({"1", "n", PatientPoint{} + 900 * way, PatientPoint{}, collimator_mm, 1}, body,
                                   beam_data);
  }
};

TEST(CutFaces, AngleAtWhichABeamLeavesTheScanInsideTheBody) {
  const CutBox box;
  // A line through the origin meets z = 57.5 inside |x| <= 100 (voxel edges 102) where tan(tilt) > 57.5 / 102, tilt >
  // 29.41 deg, and z = -62.5 from 31.50 deg on. A 5 mm cone, 2.8 mm in radius at the origin and 2.5 mm at the face,
  // reaches 0.9 to 1.9 deg farther.
  for (const double tilt : {0.0, 10.0, 20.0, 27.0}) {
    EXPECT_FALSE(box.cut(tilt, {0, 0, 1})) << tilt;
    EXPECT_FALSE(box.cut(tilt, {0, 0, -1})) << tilt;
  }
  for (const double tilt : {29.5, 32.0, 45.0, 80.0, 90.0}) EXPECT_TRUE(box.cut(tilt, {0, 0, 1})) << tilt;
  EXPECT_FALSE(box.cut(29.2, {0, 0, -1}));
  for (const double tilt : {31.6, 45.0, 90.0}) EXPECT_TRUE(box.cut(tilt, {0, 0, -1})) << tilt;
}

TEST(CutFaces, TheWholeConeCounts) {
  const CutBox box;
  EXPECT_FALSE(box.cut(20, {0, 0, 1}, 5));
  EXPECT_FALSE(box.cut(20, {0, 0, 1}, 25));
  // A 60 mm cone has a radius of 33.8 mm at the origin: its edge meets the face 33.8 mm / cos(20 deg) higher.
  EXPECT_TRUE(box.cut(20, {0, 0, 1}, 60));
}

TEST(CutFaces, SkinInsideTheScanIsNoCut) {
  const CutBox box;
  for (double tilt = 0; tilt < 360; tilt += 15) EXPECT_FALSE(box.cut(tilt, {0, 1, 0}, 60)) << tilt;
}

TEST(CutFaces, ContoursThatEndOneSliceShortAreStillACut) {
  EXPECT_TRUE(CutBox(1).cut(45, {0, 0, 1}));
  EXPECT_FALSE(CutBox(2).cut(45, {0, 0, 1}));
}

TEST(CutFaces, AScanCutInPlane) {
  CutBox box;
  const GridSize n = box.grid.size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = n.nx / 2; i < n.nx; ++i) box.body(i, j, k) = box.body(n.nx / 2, j, k);
  EXPECT_TRUE(box.cut(0, {0, 1, 0}));
  EXPECT_FALSE(box.cut(180, {0, 1, 0}));
  EXPECT_FALSE(box.cut(90, {0, 1, 0}));
}

TEST(CutFaces, ASourceInsideTheScanHasAWholePath) {
  const CutBox box;
  const Beam inside{"1", "n", {120, 0, 50}, {0, 0, 50}, 5, 1};
  EXPECT_FALSE(enters_through_cut_face(inside, box.body, box.beam_data));
}

TEST(CutFaces, CandidatesKeepToWholePaths) {
  const CutBox box;
  PlanningProblem problem;
  problem.targets.push_back({ball_shape("PTV", {}, 10), Prescription{45, 5, 75.0}});
  problem.density = &box.density;
  problem.beam_data = &box.beam_data;
  problem.body = &box.body;
  PlanningOptions options;
  options.nodes = NodeSet::body();
  options.count = 1000;
  Warnings warnings;
  const BeamSet beams = make_candidates(problem, options, warnings);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code, "ct-truncated");
  EXPECT_EQ(beams.size(), 1000u);  // the others make up for those left out
  for (const Beam& b : beams) {
    // Closed form on the axis: the ray must leave the box through a side, not through the ends of the scan.
    const PatientVec out = b.source - b.aim;
    const double side =
        std::min(((out.x > 0 ? 102 : -102) - b.aim.x) / out.x, ((out.y > 0 ? 80.5 : -80.5) - b.aim.y) / out.y);
    const double end = ((out.z > 0 ? 57.5 : -62.5) - b.aim.z) / out.z;
    EXPECT_LT(side, end) << b.id;
  }
}

TEST(CutFaces, WarningsNameTheBeams) {
  const CutBox box;
  const Beam good{"7", "n", {900, 0, 0}, {}, 10, 300}, bad{"9", "m", {500, 0, 700}, {}, 10, 100};
  Beam unused = bad;
  unused.weight_mu = 0;
  EXPECT_TRUE(truncated_path_warnings({good, unused}, box.body, box.beam_data).empty());
  const Warnings warnings = truncated_path_warnings({good, bad}, box.body, box.beam_data);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code, "beam-through-ct-edge");
  EXPECT_NE(warnings[0].text.find("1 of 2 beams (25.0 % of the MU)"), std::string::npos) << warnings[0].text;
  EXPECT_NE(warnings[0].text.find("(beams 9)"), std::string::npos) << warnings[0].text;
}

}  // namespace
}  // namespace sbrt
