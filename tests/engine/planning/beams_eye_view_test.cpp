#include "engine/planning/beams_eye_view.h"

#include "engine/planning/node_fields.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

constexpr double reference_mm = 800;
constexpr double spacing_mm = 0.4;
// One step of the view's lattice: 1.2 spacings, magnified by at most 800 / 760.
constexpr double pitch_mm = 1.2 * spacing_mm * 800 / 760;

/// A ball of 12 mm radius whose middle is 800 mm from the source.
BeamsEyeView view_of_ball() {
  const Shape ball = ball_shape("PTV", {10, 20, 30}, 12);
  return BeamsEyeView(surface_points(ball, spacing_mm), spacing_mm, {10, 20 - reference_mm, 30}, {10, 20, 30},
                      reference_mm);
}

TEST(BeamsEyeView, BallIsADisc) {
  const BeamsEyeView view = view_of_ball();
  // Seen from 800 mm the outline is the cone that touches the ball: tan(asin(12 / 800)) * 800.
  const double radius = reference_mm * std::tan(std::asin(12 / reference_mm));
  EXPECT_NEAR(view.largest_depth_mm(), radius, pitch_mm);
  EXPECT_NEAR(std::sqrt(view.area_mm2() / std::numbers::pi), radius, pitch_mm);
  EXPECT_NEAR(view.perimeter_mm(), 2 * std::numbers::pi * radius, 0.1 * 2 * std::numbers::pi * radius);  // a staircase
  for (const double share : {0.0, 0.3, 0.7, 0.99}) {
    const planar::Uv p = view.on_outline(share);
    EXPECT_NEAR(std::hypot(p.u, p.v), radius, 1.5 * pitch_mm) << share;
  }
}

TEST(BeamsEyeView, DirectionLeadsThroughThePoint) {
  const BeamsEyeView view = view_of_ball();
  const PatientVec axis{0, 1, 0};
  for (const planar::Uv p : {planar::Uv{0, 0}, planar::Uv{12, -5}, planar::Uv{-3, 40}}) {
    const PatientVec d = view.direction(p);
    EXPECT_NEAR(norm(d), 1, 1e-12);
    const PatientVec at = reference_mm / dot(d, axis) * d;
    EXPECT_NEAR(norm(at - reference_mm * axis), std::hypot(p.u, p.v), 1e-9);
  }
}

TEST(BeamsEyeView, AimsKeepTheFieldInside) {
  const BeamsEyeView view = view_of_ball();
  for (const double field_radius : {2.5, 5.0, 9.0}) {
    const auto aims = view.aims_for(field_radius);
    ASSERT_TRUE(aims);
    // Fields at an outline of 24 mm overlap it by 0.02 (24 - 20) mm.
    EXPECT_NEAR(aims->radius_mm, field_radius - 0.08, 0.02 * 2 * pitch_mm);
    EXPECT_EQ(aims->wide, false);
    for (const planar::Loop& loop : aims->border)
      for (const planar::Uv p : loop) EXPECT_NEAR(std::hypot(p.u, p.v) + field_radius, 12, 1.5 * pitch_mm);
    for (const planar::Uv p : aims->interior) EXPECT_LT(std::hypot(p.u, p.v) + field_radius, 12);
  }
  // A little wider than the ball: aims at its middle. Much wider: none, unless asked for.
  const auto wide = view.aims_for(14);
  ASSERT_TRUE(wide);
  EXPECT_TRUE(wide->wide);
  for (const planar::Loop& loop : wide->border)
    for (const planar::Uv p : loop) EXPECT_LT(std::hypot(p.u, p.v), 0.2 * 12 + 1.5 * pitch_mm);
  EXPECT_FALSE(view.aims_for(20));
  EXPECT_FALSE(view.aims_for_any(20).border.empty());
}

TEST(BeamsEyeView, OpeningReachesWhatDiscsReach) {
  // A ball with a thin rod: two outlines that different fields reach.
  std::vector<PatientPoint> points = surface_points(ball_shape("ball", {0, 0, 0}, 12), spacing_mm);
  for (const PatientPoint p : surface_points(ball_shape("knob", {40, 0, 0}, 4), spacing_mm)) points.push_back(p);
  const BeamsEyeView view(points, spacing_mm, {0, -reference_mm, 0}, {0, 0, 0}, reference_mm);
  const double large = 144.0 / (144 + 16);  // of the area
  // The knob's area, a tenth of all, is known to 2 pitch / 4 mm.
  constexpr double share_tolerance = 0.1 * 2 * pitch_mm / 4;
  EXPECT_NEAR(view.reached_share(3), 1, share_tolerance);
  EXPECT_NEAR(view.reached_share(6), large, share_tolerance);
  EXPECT_EQ(view.reached_share(13), 0);
  // Places of the knob get the small cone only; the wide one does not reach it.
  const NodeFields fields(view, {6, 16});
  int small = 0, at_knob = 0;
  for (int i = 0; i < 400; ++i) {
    const Field f = fields.field((i % 2 + 0.5) / 2, (i + 0.5) / 400, 0.3);
    const bool knob = std::hypot(f.at.u, f.at.v) > 20;
    at_knob += knob;
    small += f.collimator_mm == 6;
    if (knob) {
      EXPECT_EQ(f.collimator_mm, 6);
    }
    EXPECT_LE(std::abs(knob ? std::hypot(f.at.u, f.at.v) - 40 : std::hypot(f.at.u, f.at.v)) + 0.5 * f.collimator_mm,
              (knob ? 4 : 12) + 1.5 * pitch_mm);
  }
  EXPECT_NEAR(at_knob, 400 * 4 / 16, 10);  // by length of outline
  EXPECT_GT(small, 200);
}

TEST(BeamsEyeView, NarrowPartsAreAimedAtInTheirMiddle) {
  const BeamsEyeView view(surface_points(ball_shape("ball", {0, 0, 0}, 4), spacing_mm), spacing_mm,
                          {0, -reference_mm, 0}, {0, 0, 0}, reference_mm);
  const planar::Uv middle = view.middle_near({2.5, -1});
  EXPECT_LT(std::hypot(middle.u, middle.v), 1.5 * pitch_mm);
  // A field four times as wide as the target still gets an aim where no other cone is given.
  const Field f = NodeFields(view, {30}).field(0.5, 0.5, 0.5);
  EXPECT_EQ(f.collimator_mm, 30);
  EXPECT_LT(std::hypot(f.at.u, f.at.v), 0.2 * 4 + 1.5 * pitch_mm);
}

}  // namespace
}  // namespace sbrt
