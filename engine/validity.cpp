#include "engine/validity.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt {
namespace {

// Below one per cent of the weight the effect on the plan is below what the tables are worth.
constexpr double lung_share_worth_saying = 0.01;
constexpr double island_share = 0.5;  // of the directions around the target
constexpr double clamped_share_worth_saying = 0.001;

}  // namespace

Warnings validity_warnings(const BeamSet& beams, const DoseResult& dose, const DensityMap& density,
                           const std::vector<BuiltTarget>& targets) {
  Warnings warnings;
  for (const BuiltTarget& target : targets) {
    const Occupancy occupancy = occupancy_of(target.shape, density.grid());
    const double share = lung_path_share(beams, density, occupancy);
    if (share >= lung_share_worth_saying)
      warnings.push_back(
          {"lung-path",
           fmt::format(
               "{:.0f} % of the MU reach '{}' through lung or air (relative density below 0.4) in the last 50 mm; ray "
               "tracing neglects the lateral electron transport there, and the true dose in and around the target is "
               "lower",
               100 * share, target.shape.name())});
    const double around = lung_surround_share(density, occupancy);
    if (around >= island_share)
      warnings.push_back(
          {"lung-island",
           fmt::format("'{}' is an island in lung: in {:.0f} % of the directions the 10 mm around it are of relative "
                       "density below 0.4; ray tracing overestimates the dose at its edge and in the lung around it "
                       "(docs/validation.md), most with small collimators",
                       target.shape.name(), 100 * around)});
  }
  append(warnings, table_warnings(dose));
  return warnings;
}

Warnings table_warnings(const DoseResult& dose) {
  Warnings warnings;
  const DoseValidity& v = dose.validity;
  const auto say = [&](std::int64_t clamped, const char* what) {
    const double share = v.points_total > 0 ? double(clamped) / double(v.points_total) : 0;
    if (share >= clamped_share_worth_saying)
      warnings.push_back(
          {"outside-tables", fmt::format("for {:.1f} % of the beam-point pairs the {} lies outside the beam data; the "
                                         "table's last value was used",
                                         100 * share, what)});
  };
  say(v.depth_clamped, "depth");
  say(v.field_clamped, "field size");
  say(v.distance_clamped, "distance from the source");
  return warnings;
}

void check_collimator_kind(const std::string& of_beams, const BeamData& beam_data, Warnings& warnings) {
  if (!of_beams.empty() && of_beams != beam_data.collimator_kind())
    warnings.push_back({"other-collimator-kind",
                        fmt::format("the beams are made for collimators of kind '{}', beam data '{}' are of kind '{}': "
                                    "the dose is that of the beam data's collimators",
                                    of_beams, beam_data.name(), beam_data.collimator_kind())});
}

}  // namespace sbrt
