#include "phantoms/catalogue.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace sbrt::phantoms {
namespace {

PhantomOptions coarse() {
  PhantomOptions options;
  options.spacing_mm = {4, 4, 3};
  return options;
}

std::string structure_of(const std::string& goal) { return goal.substr(0, goal.find(':')); }

double nearest_mm(const Structure& a, const Structure& b) {
  double nearest = HUGE_VAL;
  for (const Contour& c : a.contours)
    for (const Contour& d : b.contours)
      for (const PatientPoint& p : c.points)
        for (const PatientPoint& q : d.points) nearest = std::min(nearest, distance(p, q));
  return nearest;
}

class EveryPhantom : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPhantom, IsCompleteAndConsistent) {
  const Phantom phantom = build(GetParam(), coarse());
  ASSERT_NE(phantom.structures.body(), nullptr);
  EXPECT_EQ(phantom.structures.body()->name, "External");
  EXPECT_FALSE(phantom.structures.frame_of_reference_uid().empty());
  for (const Structure& s : phantom.structures.structures()) {
    EXPECT_FALSE(s.contours.empty()) << s.name;
    EXPECT_LE(s.name.size(), 16u) << "TG-263 allows 16 characters: " << s.name;
  }
  const PhantomCase& plan = phantom.plan;
  const std::size_t targets = plan.gtvs.size() + plan.targets.size();
  EXPECT_GE(targets, 1u);
  EXPECT_TRUE(plan.prescriptions.size() == 1 || plan.prescriptions.size() == targets);
  for (const std::string& name : plan.gtvs) EXPECT_EQ(phantom.structures.at(name).role, RoiRole::gtv);
  for (const std::string& goal : plan.goals) EXPECT_NE(phantom.structures.find(structure_of(goal)), nullptr) << goal;
}

TEST_P(EveryPhantom, ContoursHoldTheClosedFormVolume) {
  const Phantom phantom = build(GetParam());
  EXPECT_FALSE(phantom.truths.empty());
  const double gap = phantom.image.grid().spacing_mm()[2];
  for (const Truth& truth : phantom.truths) {
    const Structure& s = phantom.structures.at(truth.structure);
    if (s.name == "Liver-GTV" || s.name == "Lungs-GTV") continue;  // with holes: sums of areas do not apply
    double slabs = 0, height = 0;
    std::set<double> planes;
    for (const Contour& c : s.contours) {
      double twice = 0;
      for (std::size_t n = 0; n < c.points.size(); ++n) {
        const PatientPoint p = c.points[n], q = c.points[(n + 1) % c.points.size()];
        twice += p.x * q.y - q.x * p.y;
      }
      slabs += std::abs(twice) / 2 * gap;
      planes.insert(c.points[0].z);
    }
    height = double(planes.size()) * gap;
    // Slabs through a round solid of height h miss at most about (gap / h)^2 of it, twice that for unlucky positions; a
    // flat end may lie half a gap off.
    const bool flat = s.role == RoiRole::external || phantom.name == "c-shape";
    const double tolerance = flat ? 0.5 * gap / height : 2 * std::pow(gap / height, 2);
    EXPECT_NEAR(slabs / truth.volume_mm3, 1, std::max(1e-3, tolerance)) << s.name;
  }
}

TEST_P(EveryPhantom, TargetShowsInTheCtAndLiesInsideTheBody) {
  const Phantom phantom = build(GetParam());
  const Grid& grid = phantom.image.grid();
  for (const Part& part : phantom.parts) {
    if (part.role != RoiRole::gtv || phantom.name == "c-shape") continue;
    const VoxelPoint v = grid.to_voxel(part.solid.bounding_box().centre());
    EXPECT_FLOAT_EQ(phantom.image(int(std::lround(v.x)), int(std::lround(v.y)), int(std::lround(v.z))),
                    float(*part.ct_number_hu));
  }
  EXPECT_LE(grid.size().nz, 150);
  EXPECT_LE(grid.size().nx, 256);
  EXPECT_LE(grid.size().ny, 256);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryPhantom,
                         ::testing::Values("water-cube", "sphere-in-water", "slabs", "lung-lesion", "spine-lesion",
                                           "liver-lesion", "head-three-targets", "c-shape", "shapes"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Catalogue, ListsTheNamesInOrder) {
  std::vector<std::string> names;
  for (const CatalogueEntry& e : catalogue()) names.push_back(e.name);
  EXPECT_EQ(names, (std::vector<std::string>{"water-cube", "sphere-in-water", "slabs", "lung-lesion", "spine-lesion",
                                             "liver-lesion", "head-three-targets", "c-shape", "shapes"}));
}

TEST(Catalogue, OtherOptionsAreAnotherPatient) {
  std::set<std::string> patients, studies;
  std::vector<PhantomOptions> all(7, coarse());
  all[1].diameter_mm = 21;
  all[2].offset_mm = {1, 0, 0};
  all[3].noise_hu = 5;
  all[4].noise_hu = 5;
  all[4].seed = 2;
  all[5].spacing_mm = {4, 4, 3.5};
  all[6].patient_id = "mine";
  for (const PhantomOptions& options : all) {
    const Phantom phantom = build("water-cube", options);
    patients.insert(phantom.patient_study.patient_id);
    studies.insert(phantom.patient_study.study_instance_uid);
  }
  EXPECT_EQ(patients.size(), all.size());
  EXPECT_EQ(studies.size(), all.size());
  EXPECT_TRUE(patients.count("mine"));
  EXPECT_EQ(build("water-cube", coarse()).uid_seed, build("water-cube", coarse()).uid_seed);
}

TEST(Catalogue, CordIsThreeMillimetresFromTheSpineLesionOfAnySize) {
  // Contour points are polygon corners: within 0.01 mm of the surfaces and at most 1 mm apart, so the nearest pair may
  // miss the gap by (1 mm)^2 / (8 x 3 mm).
  constexpr double corners = 0.06;
  for (const double diameter : {15.0, 25.0, 35.0}) {
    PhantomOptions options;
    options.spacing_mm = {4, 4, 1};
    options.diameter_mm = diameter;
    const Phantom phantom = build("spine-lesion", options);
    EXPECT_NEAR(nearest_mm(phantom.structures.at("GTV"), phantom.structures.at("SpinalCord")), 3, corners) << diameter;
  }
}

TEST(Catalogue, CShapeHasTheSizesOfTg119) {
  const Phantom phantom = build("c-shape");
  double inner = HUGE_VAL, outer = 0;
  Box extent;
  for (const Contour& c : phantom.structures.at("GTV").contours)
    for (const PatientPoint& p : c.points) {
      inner = std::min(inner, std::hypot(p.x, p.y));
      outer = std::max(outer, std::hypot(p.x, p.y));
      extent.add(p);
    }
  EXPECT_NEAR(inner, 15, 0.02);
  EXPECT_NEAR(outer, 37, 0.02);
  EXPECT_NEAR(extent.high.z - extent.low.z + phantom.image.grid().spacing_mm()[2], 80, 1e-9);
  const Structure& core = phantom.structures.at("Core");
  for (const PatientPoint& p : core.contours[0].points) EXPECT_NEAR(std::hypot(p.x, p.y), 10, 0.02);
}

TEST(Catalogue, LargeSpheresGetALargerBody) {
  PhantomOptions options;
  options.diameter_mm = 200;
  options.spacing_mm = {4, 4, 4};
  const Phantom phantom = build("sphere-in-water", options);
  for (const Truth& t : phantom.truths)
    if (t.structure == "External") {
      EXPECT_NEAR(t.volume_mm3, std::numbers::pi * 160 * 140 * 300, 1);
    }
}

TEST(Catalogue, BoneVariantOfTheSlabs) {
  PhantomOptions options = coarse();
  options.variant = "bone";
  EXPECT_NE(build("slabs", options).structures.find("Bone"), nullptr);
  EXPECT_NE(build("slabs", coarse()).structures.find("Lung"), nullptr);
}

void expect_refused(const std::string& name, const PhantomOptions& options, const std::string& part_of_message) {
  try {
    build(name, options);
    ADD_FAILURE() << "accepted: " << part_of_message;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(part_of_message), std::string::npos) << error.what();
  }
}

TEST(Catalogue, RefusesBadOptionsByName) {
  const auto with = [](auto change) {
    PhantomOptions options;
    change(options);
    return options;
  };
  expect_refused("lung-leson", {}, "lung-lesion");
  for (const double bad : {0.0, -1.0, 11.0, double(NAN), double(INFINITY)})
    expect_refused("water-cube", with([&](PhantomOptions& o) { o.spacing_mm = {1, bad, 1}; }), "--spacing-mm");
  for (const double bad : {0.0, -5.0, 1e9, double(NAN)})
    expect_refused("water-cube", with([&](PhantomOptions& o) { o.diameter_mm = bad; }), "--diameter-mm");
  expect_refused("water-cube", with([](PhantomOptions& o) { o.offset_mm.y = NAN; }), "--offset-mm");
  expect_refused("water-cube", with([](PhantomOptions& o) { o.noise_hu = -1; }), "--noise-hu");
  expect_refused("water-cube", with([](PhantomOptions& o) { o.patient_id = "a\\b"; }), "--patient-id");
  expect_refused("water-cube", with([](PhantomOptions& o) { o.variant = "bone"; }), "variant");
  expect_refused("slabs", with([](PhantomOptions& o) { o.variant = "steel"; }), "lung, bone");
  expect_refused("head-three-targets", with([](PhantomOptions& o) { o.spacing_mm = {0.2, 0.2, 0.2}; }), "too large");
}

TEST(Catalogue, RefusesTargetsOutsideTheirOrganBodyOrScan) {
  PhantomOptions options;
  options.offset_mm = {60, 0, 0};  // into the mediastinum
  expect_refused("lung-lesion", options, "GTV does not lie inside Lung_R");
  options.offset_mm = {0, 0, 95};
  expect_refused("spine-lesion", options, "GTV does not lie inside External");
  options.offset_mm = {};
  options.diameter_mm = 210;
  expect_refused("water-cube", options, "GTV does not lie inside External");
  options.diameter_mm = 1;
  options.offset_mm = {0, 0, 5};
  options.spacing_mm = {2, 2, 10};
  expect_refused("water-cube", options, "between two slices");
}

}  // namespace
}  // namespace sbrt::phantoms
