#include "engine/plan_exchange.h"

#include "engine/planning/delivery.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {

dicom::RoboticPlan robotic_plan_of(const PlanRequest& request, const PlanOutcome& outcome,
                                   const std::vector<std::optional<int>>& roi_numbers) {
  const std::vector<BuiltTarget>& targets = outcome.prepared.targets.targets;
  SBRT_EXPECT(roi_numbers.size() == targets.size());
  dicom::RoboticPlan plan;
  plan.label = "sbrtplan";
  plan.collimator_kind = outcome.prepared.beam_data.collimator_kind();
  plan.patient_position = outcome.prepared.input.ct_series.patient_position;
  plan.fractions = targets.front().prescription.fractions;
  for (std::size_t n = 0; n < targets.size(); ++n) {
    const Prescription& prescription = targets[n].prescription;
    plan.targets.push_back({targets[n].shape.name(), roi_numbers[n], prescription.dose_gy});
    plan.prescription += fmt::format("{}{}: {}, coverage {} %", n == 0 ? "" : "; ", targets[n].shape.name(),
                                     prescription.to_string(), request.coverage_pct);
  }
  for (const Beam& beam : in_delivery_order(outcome.beams, outcome.prepared.nodes))
    plan.beams.push_back({int(plan.beams.size()) + 1, beam.id, beam.node, beam.source, beam.aim, beam.collimator_mm,
                          beam.weight_mu / plan.fractions});
  return plan;
}

BeamSet beams_of(const dicom::RoboticPlan& plan) {
  constexpr double one_node_mm = 1e-3;
  BeamSet beams;
  for (const dicom::RoboticBeam& beam : plan.beams) {
    const auto there = std::find_if(beams.begin(), beams.end(), [&](const Beam& earlier) {
      return distance(earlier.source, beam.source) <= one_node_mm;
    });
    const PatientPoint source = there == beams.end() ? beam.source : there->source;
    beams.push_back({fmt::format("{}", beam.number), beam.node, source, beam.aim, beam.collimator_mm,
                     beam.mu_per_fraction * plan.fractions});
  }
  return beams;
}

}  // namespace sbrt
