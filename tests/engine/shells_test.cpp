#include "engine/shells.h"

#include "geometry/error.h"
#include "planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double volume_pct = 0.4;  // margins on planes of 2 mm are good to 0.3 %

double ball_mm3(double r) { return 4 * pi / 3 * r * r * r; }

/// Of a sphere of radius r beyond a plane at distance h from its centre.
double cap_mm3(double r, double h) { return pi * (r - h) * (r - h) * (2 * r + h) / 3; }

struct Shells {
  Grid planes{{90, 60, 60}, {2, 2, 2}, {-90, -60, -60}};
  ShapeRule rule;
  Warnings warnings;

  std::vector<NamedShape> make(const std::vector<std::string>& names, const std::vector<Shape>& targets,
                               const Shape* body = nullptr) {
    std::vector<NamedShape> existing;
    for (const Shape& t : targets) existing.push_back({t, RoiRole::ptv});
    return make_shells(names, existing, targets, body, planes, rule, warnings);
  }
};

TEST(ShellName, ReadsDistances) {
  EXPECT_FALSE(shell_name("Shell"));
  EXPECT_FALSE(shell_name("PTV"));
  EXPECT_FALSE(shell_name("OuterShell(3mm)"));
  const ShellName a = *shell_name("Shell(20mm)"), b = *shell_name("shell( 5 - 15.5 mm )");
  EXPECT_EQ(a.from_mm, 20);
  EXPECT_EQ(a.to_mm, 25);
  EXPECT_EQ(b.from_mm, 5);
  EXPECT_EQ(b.to_mm, 15.5);
  for (const char* bad : {"Shell()", "Shell(x)", "Shell(-5mm)", "Shell(20mm", "Shell(20-10mm)", "Shell(20-20.5mm)",
                          "Shell(99mm)", "Shell(5,10)mm", "Shell(1e3mm)", "Shell(20)"})
    EXPECT_THROW(shell_name(bad), InputError) << bad;
}

TEST(Shells, AboutASphereIsTheDifferenceOfTwo) {
  Shells s;
  const auto made = s.make({"Shell(10mm)", "PTV", "Shell(3-8mm)", "Shell(10mm)"}, {ball_shape("PTV", {2, 1, -1}, 12)});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].shape.name(), "Shell(10mm)");
  const double wide = ball_mm3(27) - ball_mm3(22), narrow = ball_mm3(20) - ball_mm3(15);
  EXPECT_NEAR(made[0].shape.volume_mm3(), wide, volume_pct / 100 * wide);
  EXPECT_NEAR(made[1].shape.volume_mm3(), narrow, volume_pct / 100 * narrow);
  EXPECT_TRUE(made[0].shape.contains({2 + 24, 1, -1}));
  EXPECT_FALSE(made[0].shape.contains({2 + 21, 1, -1}));
  EXPECT_FALSE(made[0].shape.contains({2 + 28, 1, -1}));
  ASSERT_EQ(s.warnings.size(), 1u);
  EXPECT_EQ(s.warnings[0].code, "shell-not-cut");
}

TEST(Shells, OfTwoTargetsKeepClearOfBoth) {
  Shells s;
  // Two balls of 8 mm, 40 mm apart; their shells from 10 to 15 mm meet in the middle.
  const std::vector<Shape> targets{ball_shape("A", {-20, 0, 0}, 8), ball_shape("B", {20, 0, 0}, 8)};
  const auto made = s.make({"Shell(10mm)"}, targets);
  ASSERT_EQ(made.size(), 1u);
  const double both = 2 * (ball_mm3(23) - cap_mm3(23, 20) - ball_mm3(18));  // the two outer balls share two caps
  EXPECT_NEAR(made[0].shape.volume_mm3(), both, volume_pct / 100 * both);
}

TEST(Shells, EndAtTheBody) {
  Shells s;
  const Shape body = ball_shape("BODY", {0, 0, 0}, 20);
  const auto made = s.make({"Shell(5-15mm)"}, {ball_shape("PTV", {0, 0, 0}, 10)}, &body);
  ASSERT_EQ(made.size(), 1u);
  const double expected = ball_mm3(20) - ball_mm3(15);
  EXPECT_NEAR(made[0].shape.volume_mm3(), expected, volume_pct / 100 * expected);
  EXPECT_TRUE(s.warnings.empty());
  EXPECT_THROW(s.make({"Shell(11-13mm)"}, {ball_shape("PTV", {0, 0, 0}, 10)}, &body), InputError);
}

TEST(Shells, NeedATarget) {
  Shells s;
  EXPECT_THROW(s.make({"Shell(5mm)"}, {}), InputError);
  const Shape drawn = ball_shape("Shell(5mm)", {0, 0, 0}, 8);  // a structure of that name is taken as it is
  EXPECT_TRUE(
      make_shells({"Shell(5mm)"}, {{drawn, RoiRole::other}}, {}, nullptr, s.planes, s.rule, s.warnings).empty());
}

}  // namespace
}  // namespace sbrt
