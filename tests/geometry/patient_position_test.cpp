#include "geometry/patient_position.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sbrt {
namespace {

constexpr double rounding = 1e-12;

void expect_near(PatientVec a, PatientVec b) { EXPECT_LT(norm(a - b), rounding) << a.x << " " << a.y << " " << a.z; }

TEST(PatientPosition, HeadFirstSupineBeamsComeFromWhereIecPutsThem) {
  const Axes room = room_axes("HFS");
  expect_near(direction_to_source({0, 0}, room), {0, -1, 0});    // from the front
  expect_near(direction_to_source({90, 0}, room), {1, 0, 0});    // from the patient's left
  expect_near(direction_to_source({180, 0}, room), {0, 1, 0});   // from the back
  expect_near(direction_to_source({270, 0}, room), {-1, 0, 0});  // from the patient's right
  // Turntable counterclockwise by a quarter: the head points to the viewer's left, where the gantry stands at 270.
  expect_near(direction_to_source({270, 90}, room), {0, 0, 1});
  expect_near(direction_to_source({90, 90}, room), {0, 0, -1});
}

TEST(PatientPosition, FeetFirstAndProneTurnTheSides) {
  expect_near(direction_to_source({90, 0}, room_axes("FFS")), {-1, 0, 0});
  expect_near(direction_to_source({0, 0}, room_axes("HFP")), {0, 1, 0});
  expect_near(direction_to_source({90, 0}, room_axes("HFP")), {-1, 0, 0});
  expect_near(direction_to_source({0, 0}, room_axes("HFDR")), {1, 0, 0});  // right side down: the left side is on top
}

TEST(PatientPosition, AnglesGiveTheDirectionBackInEveryPosition) {
  for (const char* position : {"HFS", "HFP", "FFS", "FFP", "HFDL", "HFDR", "FFDL", "FFDR"}) {
    const Axes room = room_axes(position);
    for (int n = 0; n < 2000; ++n) {
      const double z = 1 - 2 * (n + 0.5) / 2000, turn = n * 2.399963229728653, r = std::sqrt(1 - z * z);
      const PatientVec u{r * std::cos(turn), r * std::sin(turn), z};
      const BeamAngles angles = angles_to_source(731.0 * u, room);
      expect_near(direction_to_source(angles, room), u);
      EXPECT_GE(angles.gantry_deg, 0);
      EXPECT_LT(angles.gantry_deg, 360);
      EXPECT_TRUE(angles.patient_support_deg <= 90 || angles.patient_support_deg >= 270) << angles.patient_support_deg;
      EXPECT_LT(angles.patient_support_deg, 360);
    }
  }
}

TEST(PatientPosition, BeamsFromAboveAndBelowNeedNoTurntable) {
  const Axes room = room_axes("HFS");
  EXPECT_EQ(angles_to_source({0, -800, 0}, room), (BeamAngles{0, 0}));
  EXPECT_EQ(angles_to_source({0, 800, 0}, room), (BeamAngles{180, 0}));
}

TEST(PatientPosition, RefusesAnUnknownPosition) {
  EXPECT_THROW(room_axes("SITTING"), InputError);
  EXPECT_THROW(room_axes(""), InputError);
}

}  // namespace
}  // namespace sbrt
