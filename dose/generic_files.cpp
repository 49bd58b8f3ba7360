#include "dose/generic_files.h"

#include "geometry/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace sbrt {
namespace {

constexpr double model_from_mm = 15;  // shallower depths: Monte Carlo build-up, profile of 15 mm
constexpr double tail_mm = 30;        // profiles end this far beyond the nominal field edge, on the next 0.1 mm
constexpr double radius_lattice_mm = 0.1;
constexpr double radius_tolerance = 1e-4;  // OCR error of linear interpolation between the radii that are kept

std::vector<double> range(double first, double last, double step) {
  std::vector<double> all;
  for (int i = 0; first + i * step < last + step / 2; ++i) all.push_back(first + i * step);
  return all;
}

std::vector<double> tpr_depths_mm() {
  std::vector<double> all = range(0, 4.75, 0.25);
  for (const double d : range(5, 14.5, 0.5)) all.push_back(d);
  for (const double d : range(15, 39, 1)) all.push_back(d);
  for (const double d : range(40, 450, 5)) all.push_back(d);
  return all;
}

const std::vector<double> ocr_depths_mm{15, 20, 30, 40, 50, 75, 100, 125, 150, 200, 250, 300, 350, 400, 450};

/// Fields below and above the collimators occur in planes nearer or farther than 800 mm.
const std::vector<double> tpr_fields_mm{3.75, 5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 105};

/// Keeps the fewest lattice nodes, greedily, whose linear interpolation stays within the tolerance at every depth.
std::vector<std::size_t> thinned(const std::vector<double>& radii,
                                 const std::vector<std::vector<double>>& ocr_by_radius) {
  const auto fits = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from + 1; i < to; ++i) {
      const double f = (radii[i] - radii[from]) / (radii[to] - radii[from]);
      for (std::size_t d = 0; d < ocr_by_radius[i].size(); ++d) {
        const double line = ocr_by_radius[from][d] + f * (ocr_by_radius[to][d] - ocr_by_radius[from][d]);
        if (std::abs(line - ocr_by_radius[i][d]) > radius_tolerance) return false;
      }
    }
    return true;
  };
  std::vector<std::size_t> kept{0};
  while (kept.back() + 1 < radii.size()) {
    std::size_t to = kept.back() + 1;
    while (to + 1 < radii.size() && fits(kept.back(), to + 1)) ++to;
    kept.push_back(to);
  }
  return kept;
}

std::string ocr_block(const GenericModelParameters& parameters, double collimator_mm) {
  const GenericField field(parameters, collimator_mm);
  const std::vector<double> radii = range(
      0, std::ceil((collimator_mm / 2 + tail_mm) / radius_lattice_mm - 1e-9) * radius_lattice_mm, radius_lattice_mm);
  std::vector<std::vector<double>> ocr;
  for (const double r : radii) ocr.push_back(field.dose(r, ocr_depths_mm));
  const std::vector<double> axis = ocr.front();
  for (auto& profile : ocr)
    for (std::size_t d = 0; d < axis.size(); ++d) profile[d] /= axis[d];
  const auto kept = thinned(radii, ocr);
  std::string text;
  const auto rows = [&](double depth, std::size_t d) {
    for (const std::size_t i : kept)
      text += fmt::format("{},{},{:.1f},{:.5f}\n", collimator_mm, depth, radii[i], ocr[i][d]);
  };
  rows(0, 0);
  for (std::size_t d = 0; d < ocr_depths_mm.size(); ++d) rows(ocr_depths_mm[d], d);
  return text;
}

std::string tpr_block(const GenericModelParameters& parameters, double field_mm) {
  const GenericField field(parameters, field_mm);
  const double reference = field.axis_dose(model_from_mm);
  std::string text;
  for (const double depth : tpr_depths_mm()) {
    const double tpr = depth < model_from_mm ? build_up(field_mm, depth) : field.axis_dose(depth) / reference;
    text += fmt::format("{},{},{:.5f}\n", field_mm, depth, tpr);
  }
  return text;
}

std::string of_block(const GenericModelParameters& parameters, double collimator_mm, double reference_dose) {
  std::string text;
  for (const double z : range(600, 1400, 10)) {
    const double dose = GenericField(parameters, collimator_mm * z / 800).axis_dose(model_from_mm);
    text += fmt::format("{},{},{:.5f}\n", collimator_mm, z, dose / reference_dose);
  }
  return text;
}

/// Blocks are made side by side and joined in order.
std::string joined(std::size_t count, const std::function<std::string(std::size_t)>& make) {
  std::vector<std::string> blocks(count);
  parallel_for(std::int64_t(count), [&](std::int64_t i) { blocks[i] = make(std::size_t(i)); });
  std::string all;
  for (const std::string& b : blocks) all += b;
  return all;
}

}  // namespace

BeamDataFiles make_generic_files(const GenericModelParameters& parameters) {
  const auto& apertures = parameters.apertures;
  const double reference_dose = GenericField(parameters, 60).axis_dose(model_from_mm);
  BeamDataFiles files;
  files.description = R"({
  "schema": "sbrtplan-beam-data/1",
  "name": "generic-6mv-fff",
  "version": "2",
  "collimator_kind": "fixed",
  "clinical": false,
  "source": "Computed from a closed-form pencil-kernel model (dose/generic_model.cpp): Nyholm kernel for TPR20,10 = 0.670, blurred circular aperture, no head scatter. Output factors of small cones are 3-6 % above measured ones at 10 mm. Build-up above 15 mm from a Monte Carlo run without contamination electrons. Not commissioned on any machine.",
  "licence": "Apache-2.0",
  "reference": {"distance_mm": 800, "depth_mm": 15, "collimator_mm": 60, "gy_per_mu": 0.01}
}
)";
  const std::string origin =
      "# Made by dose/generic_files.cpp from the model of dose/generic_model.h; do not edit. Not for clinical use.\n";
  files.output_factors = origin +
                         "# OF(c, z) = OF(c z / 800): phantom scatter of the true field size, no head "
                         "scatter.\ncollimator_mm,distance_mm,output_factor\n" +
                         joined(apertures.size(), [&](std::size_t i) {
                           return of_block(parameters, apertures[i].collimator_mm, reference_dose);
                         });
  files.tpr = origin +
              "# Above 15 mm: build-up of a Monte Carlo run without contamination electrons.\nfield_mm,depth_mm,tpr\n" +
              joined(tpr_fields_mm.size(), [&](std::size_t i) { return tpr_block(parameters, tpr_fields_mm[i]); });
  files.ocr =
      origin +
      "# Radius at 800 mm. The profile of 15 mm also stands at depth 0.\ncollimator_mm,depth_mm,radius_mm,ocr\n" +
      joined(apertures.size(), [&](std::size_t i) { return ocr_block(parameters, apertures[i].collimator_mm); });
  return files;
}

}  // namespace sbrt
