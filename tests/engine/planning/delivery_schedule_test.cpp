#include "engine/planning/delivery_schedule.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

constexpr double rounding = 1e-12;

Beam beam(const std::string& node, PatientPoint source, double mu) { return {"b", node, source, {0, 0, 0}, 20, mu}; }

TEST(BeamTimes, AddAimingMovesAndImages) {
  const DeliveryModel model{.dose_rate_mu_per_min = 1000,
                            .node_move_s = 3,
                            .robot_speed_mm_per_s = 100,
                            .beam_s = 2,
                            .image_interval_s = 45,
                            .image_s = 4};
  // 5 fractions of 200, 100, 500 and 100 MU; 50 mm from node to node.
  const BeamSet beams{beam("a", {0, -800, 0}, 1000), beam("a", {0, -800, 0}, 500), beam("b", {30, -800, 40}, 2500),
                      beam("b", {30, -800, 40}, 500)};
  const std::vector<BeamTime> times = beam_times(beams, 5, model);
  ASSERT_EQ(times.size(), 4u);
  EXPECT_EQ(times[0].start_min, 0);
  EXPECT_NEAR(times[0].minutes, 0.2, rounding);
  EXPECT_NEAR(times[1].start_min, (12 + 2) / 60.0, rounding);
  EXPECT_NEAR(times[2].start_min, (12 + 2 + 6 + 2 + 3 + 0.5) / 60, rounding);
  // The image due at 45 s falls into the third beam and delays the fourth.
  EXPECT_NEAR(times[3].start_min, (25.5 + 30 + 2 + 4) / 60, rounding);
}

TEST(BeamTimes, EndWithTheEstimatedTime) {
  BeamSet beams;
  for (int b = 0; b < 40; ++b)
    beams.push_back(beam("n" + std::to_string(b / 2), {10.0 * (b / 2), -800, 0}, 100.0 + 7 * b));
  const DeliveryEstimate estimate = estimate_delivery(beams, NodeSet{}, 3);
  const std::vector<BeamTime> times = beam_times(beams, 3);
  // Setup, the aiming of the first beam, the image before it, and any image that falls due in the last beam are not
  // between beams.
  const DeliveryModel model;
  const double all = times.back().start_min + times.back().minutes;
  const double expected = estimate.minutes - estimate.setup_min - model.beam_s / 60 - model.image_s / 60;
  EXPECT_NEAR(all, expected, model.image_s / 60 + rounding);
  for (std::size_t b = 1; b < times.size(); ++b)
    EXPECT_GE(times[b].start_min, times[b - 1].start_min + times[b - 1].minutes);
}

TEST(BeamTimes, RefuseNoFractions) { EXPECT_THROW(beam_times({}, 0), InputError); }

}  // namespace
}  // namespace sbrt
