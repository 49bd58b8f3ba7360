// The shapes and doses of Nelms 2015 (10.1118/1.4923175) on planes of 0.2, 1, 2 and 3 mm, aligned and shifted, with
// dose grids of 1, 2 and 3 mm: RTSTRUCT and RTDOSE written, read back and judged.
#include "phantoms/analytic_dose.h"
#include "tests/validation/dicom_case.h"

#include <algorithm>

namespace sbrt::validation {
namespace {

constexpr double radius = 12, height = 24;
const PatientPoint centre{0, -6, 6};

struct Setup {
  double gap_mm, shift, grid_mm;  // shift of the planes in gaps; 0: a plane through the centre
};

// What the rule for flat ends makes of a standing shape: it ends half a gap beyond its outermost planes.
struct Ends {
  double below, above;  // how far beyond the true end, may be negative
};
Ends ends_of(const std::vector<double>& at, double gap) {
  const double low = centre.z - height / 2, high = centre.z + height / 2;
  const auto inside = [&](double z) { return z >= low && z < high; };
  const double first = *std::find_if(at.begin(), at.end(), inside);
  const double last = *std::find_if(at.rbegin(), at.rend(), inside);
  return {low - (first - gap / 2), last + gap / 2 - high};
}

// Closed form of every shape with its ends as the rule places them, u along +gradient from the shape's centre.
phantoms::LinearDvh exact(const std::string& name, bool along_z, Ends ends) {
  using namespace phantoms;
  const double longer = height + ends.below + ends.above, middle = (ends.above - ends.below) / 2;
  const auto make = [](std::function<double(double)> above, double low, double high) {
    return LinearDvh(std::move(above), low, high, 16, 1);
  };
  if (name == "sphere") return make([](double u) { return sphere_volume_above(radius, u); }, -radius, radius);
  if (name == "cylinder" && along_z)
    return make([=](double u) { return cylinder_along_volume_above(radius, longer, u - middle); }, middle - longer / 2,
                middle + longer / 2);
  if (name == "cylinder")
    return make([=](double u) { return cylinder_across_volume_above(radius, longer, u); }, -radius, radius);
  if (name == "lying-cylinder" && along_z)
    return make([](double u) { return cylinder_across_volume_above(radius, height, u); }, -radius, radius);
  if (name == "lying-cylinder")
    return make([](double u) { return cylinder_along_volume_above(radius, height, u); }, -height / 2, height / 2);
  // The standing cone goes on below its base as a cone.
  const double taller = height + ends.below, wider = radius * taller / height, lower = -ends.below / 2;
  if (name == "cone" && along_z)
    return make([=](double u) { return cone_base_low_volume_above(wider, taller, u - lower); }, lower - taller / 2,
                lower + taller / 2);
  if (name == "cone") return make([=](double u) { return cone_across_volume_above(wider, taller, u); }, -wider, wider);
  if (along_z) return make([](double u) { return cone_across_volume_above(radius, height, u); }, -radius, radius);
  return make([](double u) { return cone_base_high_volume_above(radius, height, u); }, -height / 2, height / 2);
}

class NelmsDicom : public testing::TestWithParam<Setup> {};

std::vector<Setup> setups() {
  std::vector<Setup> all;
  for (const double gap : {0.2, 1.0, 2.0, 3.0})
    for (const double shift : {0.0, 0.37})
      for (const double grid : {1.0, 2.0, 3.0}) all.push_back({gap, shift, grid});
  return all;
}
INSTANTIATE_TEST_SUITE_P(PlanesAndGrids, NelmsDicom, testing::ValuesIn(setups()),
                         [](const testing::TestParamInfo<Setup>& param_info) {
                           return "planes" + std::to_string(int(10 * param_info.param.gap_mm)) +
                                  (param_info.param.shift > 0 ? "shifted" : "aligned") + "grid" +
                                  std::to_string(int(param_info.param.grid_mm));
                         });

// Asked on planes of 1 mm at 1 Gy/mm: volume 0.5 %, doses 0.5 % or 0.1 Gy, D0.03cc 1 %. The drawn surface is a curve
// through the planes; what it misses between them goes with the square of the gap.
constexpr double volume_share = 0.005, dose_share = 0.005, least_gy = 0.1, hot_share = 0.01;

TEST_P(NelmsDicom, VolumesAndDosesAreTheClosedForm) {
  const auto [gap, shift, grid_mm] = GetParam();
  const double coarser = std::max(1.0, gap * gap);
  const std::vector<double> at = planes(centre.z - 30 + shift * gap, centre.z + 30, gap);
  const Ends ends = ends_of(at, gap);
  std::vector<Structure> structures;
  for (const phantoms::NelmsCase& c : phantoms::nelms_cases(centre))
    structures.push_back(drawn(c.name, c.solid, at, int(structures.size()) + 1, RoiRole::organ));
  EvaluateRequest request;
  for (const Structure& s : structures)
    for (const char* metric : {"D99%", "D95%", "D50%", "D5%", "D1%", "D0.03cc"})
      request.queries.push_back({s.name, Metric::parse(metric)});
  const int n = int(40 / grid_mm) + 2;
  const Grid grid({n, n + 1, n + 2}, {grid_mm, grid_mm, grid_mm}, {-20.3, -26.4, -14.2});
  DicomCase files;
  for (const bool along_z : {true, false}) {
    files.write(structures,
                phantoms::sample(along_z ? phantoms::nelms_dose_along_z : phantoms::nelms_dose_along_y, grid));
    const Evaluation evaluation = files.evaluate(request);
    ASSERT_EQ(evaluation.structures.size(), structures.size());
    for (const StructureResult& s : evaluation.structures) {
      const phantoms::LinearDvh truth = exact(s.name, along_z, ends);
      const std::string what = s.name + (along_z ? " along z" : " along y");
      EXPECT_NEAR(s.volume_cc * 1000 / truth.volume_mm3(), 1, volume_share * coarser) << what;
      EXPECT_LE(s.volume_interval_cc.low, s.volume_cc);
      const auto near = [&](const char* metric, double exact_gy, double tolerance) {
        EXPECT_NEAR(s.queries.at(metric), exact_gy, tolerance * coarser) << what << " " << metric;
      };
      for (const double percent : {99.0, 95.0, 50.0, 5.0, 1.0}) {
        const double gy = truth.dose_at_percent_gy(percent);
        near(("D" + std::to_string(int(percent)) + "%").c_str(), gy, std::max(dose_share * gy, least_gy));
      }
      const double hot = truth.dose_at_volume_gy(30);
      near("D0.03cc", hot, hot_share * hot);
    }
  }
}

}  // namespace
}  // namespace sbrt::validation
