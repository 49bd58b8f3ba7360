// Spheres of 3 to 20 mm in a Gaussian dose whose prescription isodose is the sphere: volume, V100, V50 and the indices
// of RTSTRUCT and RTDOSE on 1 mm planes and grids, and how the indices converge with the grid.
#include "phantoms/analytic_dose.h"
#include "phantoms/closed_form.h"
#include "tests/validation/dicom_case.h"

#include <random>

namespace sbrt::validation {
namespace {

constexpr double rx_gy = 45, isodose = 0.7;
const double r50_exact = phantoms::gaussian_r50(1 / isodose);

phantoms::GaussianDose gaussian(PatientPoint centre, double radius) {
  return {centre, rx_gy / isodose, radius / std::sqrt(2 * std::log(1 / isodose))};
}

Grid grid_around(double reach_mm, double spacing_mm) {
  const int n = int(std::ceil(2 * reach_mm / spacing_mm));
  const double first = -0.5 * (n - 1) * spacing_mm;
  return Grid({n, n + 1, n + 2}, {spacing_mm, spacing_mm, spacing_mm}, {first, first, first});
}

EvaluateRequest request() {
  EvaluateRequest r;
  r.targets = {"PTV"};
  r.prescriptions = {Prescription{rx_gy, 5, std::nullopt}};
  return r;
}

class SmallSpheres : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Diameters, SmallSpheres, testing::Values(3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0),
                         [](const testing::TestParamInfo<double>& param_info) {
                           return "tenths_of_mm_" + std::to_string(int(10 * param_info.param));
                         });

// PMC8248418 reports ranges of -10.9...+9.5 % (volume), -6.1...+2.6 % (V100) and -0.8...+0.4 % (V50) for the best
// commercial tools on the same spheres.
TEST_P(SmallSpheres, VolumeV100AndV50AreTheClosedForm) {
  const double diameter = GetParam(), radius = diameter / 2, share = diameter < 5 ? 0.02 : 0.01, half_share = 0.004;
  const double exact = phantoms::sphere_volume_mm3(radius) / 1000;
  std::mt19937_64 random(std::uint64_t(100 * diameter));
  std::uniform_real_distribution<double> offset(-0.5, 0.5);
  DicomCase files;
  for (int n = 0; n < 6; ++n) {
    // The last centre lies half way between planes and grid points, the one before on both.
    const PatientPoint centre = n == 4   ? PatientPoint{0, 0, 0}
                                : n == 5 ? PatientPoint{0.5, 0.5, 0.5}
                                         : PatientPoint{offset(random), offset(random), offset(random)};
    files.write({drawn("PTV", phantoms::sphere(centre, radius), planes(-20, 20, 1))},
                phantoms::sample(gaussian(centre, radius), grid_around(2 * radius + 5, 1)));
    const TargetResult target = files.evaluate(request()).targets.at(0);
    const auto value = [&](const char* id) { return target.indices.at(id).value; };
    EXPECT_NEAR(value("tv_cc") / exact, 1, share) << n;
    EXPECT_NEAR(value("piv_cc") / exact, 1, share) << n;
    EXPECT_NEAR(value("piv50_cc") / (r50_exact * exact), 1, half_share) << n;
    EXPECT_NEAR(value("gi") / r50_exact, 1, share) << n;
  }
}

// Halving the grid spacing divides the error of a cubic interpolation of a smooth dose by at least 4 (order 2), until
// what remains is the rounding of the stored dose and the sampling.
TEST(GaussianSphere, IsodoseIndicesConvergeAtLeastAtOrderTwo) {
  constexpr double order_two = 4, nothing_left = 2e-4;
  const PatientPoint centre{0.31, -0.17, 0.23};
  for (const double radius : {3.0, 5.0, 10.0}) {
    std::map<std::string, double> before;
    DicomCase files;
    for (const double spacing : {2.0, 1.0, 0.5}) {
      files.write({drawn("PTV", phantoms::sphere(centre, radius), planes(-20.1, 20, 0.5))},
                  phantoms::sample(gaussian(centre, radius), grid_around(2 * radius + 5, spacing)));
      const TargetResult target = files.evaluate(request()).targets.at(0);
      const double exact = phantoms::sphere_volume_mm3(radius) / 1000;
      const std::map<std::string, double> error = {
          {"piv_cc", target.indices.at("piv_cc").value / exact - 1},
          {"ci_rtog", target.indices.at("ci_rtog").value - 1},
          {"piv50_cc", target.indices.at("piv50_cc").value / exact / r50_exact - 1},
          {"r50", target.indices.at("r50").value / r50_exact - 1},
          {"hi", target.indices.at("hi").value * isodose - 1}};
      for (const auto& [id, e] : error)
        if (before.contains(id)) {
          EXPECT_LE(std::abs(e), std::max(std::abs(before[id]) / order_two, nothing_left))
              << id << " " << radius << " mm at " << spacing << " mm";
        }
      before = error;
    }
  }
}

// Asked on 1 mm planes and grid from 5 mm radius on: 0.5 %. nCI and Paddick's index multiply CI and coverage, so both
// errors add.
TEST(GaussianSphere, IndicesAreThoseOfTheClosedForm) {
  constexpr double share = 0.005;
  DicomCase files;
  for (const double radius : {5.0, 7.5, 12.0})
    for (const PatientPoint centre :
         {PatientPoint{0, 0, 0}, PatientPoint{0.31, -0.17, 0.23}, PatientPoint{0.5, 0.5, 0.5}}) {
      files.write({drawn("PTV", phantoms::sphere(centre, radius), planes(-20, 20, 1))},
                  phantoms::sample(gaussian(centre, radius), grid_around(2 * radius + 5, 1)));
      const TargetResult target = files.evaluate(request()).targets.at(0);
      const auto value = [&](const char* id) { return target.indices.at(id).value; };
      EXPECT_NEAR(value("ci"), 1, share) << radius;
      EXPECT_NEAR(value("nci"), 1, 2 * share) << radius;
      EXPECT_NEAR(value("ci_paddick"), 1, 2 * share) << radius;
      EXPECT_NEAR(value("coverage_pct"), 100, 100 * share) << radius;
      EXPECT_NEAR(value("gi") / r50_exact, 1, share) << radius;
      EXPECT_NEAR(value("r50") / r50_exact, 1, share) << radius;
      EXPECT_NEAR(value("hi") * isodose, 1, share) << radius;
      constexpr double rounding = 1e-12;
      EXPECT_NEAR(value("nci") * value("ci_paddick"), 1, rounding);
      EXPECT_NEAR(value("nci"), 100 * value("ci") / value("coverage_pct"), rounding);
    }
}

}  // namespace
}  // namespace sbrt::validation
