#include "engine/planning/delivery.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sbrt {

BeamSet in_delivery_order(const BeamSet& beams, const NodeSet& nodes) {
  std::map<std::string, std::size_t> place;
  for (const Node& node : nodes.nodes) place.emplace(node.id, place.size());
  BeamSet used;
  for (const Beam& beam : beams)
    if (beam.weight_mu > 0) {
      place.emplace(beam.node, place.size());
      used.push_back(beam);
    }
  std::stable_sort(used.begin(), used.end(),
                   [&](const Beam& a, const Beam& b) { return place.at(a.node) < place.at(b.node); });
  return used;
}

DeliveryEstimate estimate_delivery(const BeamSet& beams, const NodeSet& nodes, int fractions,
                                   const DeliveryModel& model) {
  if (fractions < 1)
    throw InputError(fmt::format("{} fractions", fractions), "delivery", "at least one is needed",
                     "correct the prescription");
  SBRT_EXPECT(model.dose_rate_mu_per_min > 0 && model.robot_speed_mm_per_s > 0 && model.image_interval_s > 0);
  const BeamSet ordered = in_delivery_order(beams, nodes);
  DeliveryEstimate e;
  double node_mu = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Beam& beam = ordered[i];
    const bool new_node = i == 0 || beam.node != ordered[i - 1].node;
    if (new_node) {
      ++e.nodes;
      node_mu = 0;
      if (i > 0) e.travel_mm += distance(beam.source, ordered[i - 1].source);
    }
    ++e.beams;
    e.total_mu += beam.weight_mu;
    node_mu += beam.weight_mu;
    e.largest_beam_mu = std::max(e.largest_beam_mu, beam.weight_mu / fractions);
    e.largest_node_mu = std::max(e.largest_node_mu, node_mu / fractions);
  }
  if (ordered.empty()) return e;
  e.mu_per_fraction = e.total_mu / fractions;
  e.setup_min = model.setup_s / 60;
  e.beam_on_min = e.mu_per_fraction / model.dose_rate_mu_per_min;
  e.travel_min = ((e.nodes - 1) * model.node_move_s + e.travel_mm / model.robot_speed_mm_per_s) / 60;
  e.aiming_min = e.beams * model.beam_s / 60;
  const double treatment_min = e.beam_on_min + e.travel_min + e.aiming_min;
  e.imaging_min = std::ceil(treatment_min * 60 / model.image_interval_s) * model.image_s / 60;
  e.minutes = e.setup_min + treatment_min + e.imaging_min;
  return e;
}

}  // namespace sbrt
