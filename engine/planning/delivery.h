/// What a plan costs on the machine: MU, nodes and the time of one fraction.
#pragma once

#include "dose/beam.h"
#include "engine/planning/node_set.h"

#include <string>
#include <vector>

namespace sbrt {

/// Constants of the time model; general knowledge of robotic machines, not measured on one. Per fraction.
struct DeliveryModel {
  double dose_rate_mu_per_min = 1000;
  double setup_s = 300;
  double node_move_s = 3;             //!< start, stop and checks of one move between nodes
  double robot_speed_mm_per_s = 150;  //!< source speed between nodes
  double beam_s = 1.5;                //!< aiming and collimator change per beam
  double image_interval_s = 45;       //!< treatment time between two images
  double image_s = 4;                 //!< time one image costs
};

/// Time of one fraction, docs/physics.md: setup + beam on + travel + beams + images.
struct DeliveryEstimate {
  int beams = 0, nodes = 0;
  double total_mu = 0;  //!< all fractions [MU]
  double mu_per_fraction = 0;
  double largest_beam_mu = 0;  //!< per fraction
  double largest_node_mu = 0;  //!< per fraction
  double travel_mm = 0;        //!< along the used nodes in path order
  double setup_min = 0, beam_on_min = 0, travel_min = 0, aiming_min = 0, imaging_min = 0;
  double minutes = 0;  //!< of one fraction, setup included
};

/// Beams of positive weight, sorted by the place of their node in the set's path; beams of one node keep their order.
/// Nodes that the set does not hold come last, in the order of their first beam.
BeamSet in_delivery_order(const BeamSet& beams, const NodeSet& nodes);

/// Source positions are taken from the beams, the order of nodes from the set.
/// @throws InputError unless fractions >= 1
DeliveryEstimate estimate_delivery(const BeamSet& beams, const NodeSet& nodes, int fractions,
                                   const DeliveryModel& model = {});

}  // namespace sbrt
