#include "engine/planning/delivery.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

NodeSet three_nodes() { return {"mine", {{"n1", {0, -800, 0}}, {"n2", {0, 0, 800}}, {"n3", {600, 0, 0}}}}; }

BeamSet beams() {
  return {{"1", "n3", {600, 0, 0}, {0, 0, 0}, 20, 50},
          {"2", "n1", {0, -800, 0}, {0, 0, 1}, 20, 100},
          {"3", "n2", {0, 0, 800}, {0, 0, 0}, 20, 0},
          {"4", "n1", {0, -800, 0}, {0, 1, 0}, 10, 150}};
}

TEST(Delivery, OrderFollowsThePathAndDropsIdleBeams) {
  const BeamSet ordered = in_delivery_order(beams(), three_nodes());
  ASSERT_EQ(ordered.size(), 3u);
  EXPECT_EQ(ordered[0].id, "2");
  EXPECT_EQ(ordered[1].id, "4");
  EXPECT_EQ(ordered[2].id, "1");
}

TEST(Delivery, TimeOfOneFractionByHand) {
  // n1 -> n3 is 1000 mm. Per fraction: 150 MU at 600/min 15 s; one move 2 + 1000/100 = 12 s; 3 beams of 1 s; 30 s make
  // two intervals of 20 s, so two images of 5 s; setup 60 s: 100 s.
  const DeliveryModel model{.dose_rate_mu_per_min = 600,
                            .setup_s = 60,
                            .node_move_s = 2,
                            .robot_speed_mm_per_s = 100,
                            .beam_s = 1,
                            .image_interval_s = 20,
                            .image_s = 5};
  const DeliveryEstimate e = estimate_delivery(beams(), three_nodes(), 2, model);
  EXPECT_EQ(e.beams, 3);
  EXPECT_EQ(e.nodes, 2);
  EXPECT_DOUBLE_EQ(e.total_mu, 300);
  EXPECT_DOUBLE_EQ(e.mu_per_fraction, 150);
  EXPECT_DOUBLE_EQ(e.largest_beam_mu, 75);
  EXPECT_DOUBLE_EQ(e.largest_node_mu, 125);
  EXPECT_DOUBLE_EQ(e.travel_mm, 1000);
  EXPECT_DOUBLE_EQ(e.minutes, 100.0 / 60);
  EXPECT_DOUBLE_EQ(e.minutes, e.setup_min + e.beam_on_min + e.travel_min + e.aiming_min + e.imaging_min);
}

TEST(Delivery, NothingToDeliverTakesNoTime) {
  EXPECT_EQ(estimate_delivery({}, three_nodes(), 1).minutes, 0);
  EXPECT_THROW(estimate_delivery(beams(), three_nodes(), 0), InputError);
}

}  // namespace
}  // namespace sbrt
