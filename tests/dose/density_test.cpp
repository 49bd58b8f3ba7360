#include "dose/density.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sbrt {
namespace {

constexpr double rounding = 1e-12;

TEST(DensityTable, WaterIsOneAndAirIsNothingInEveryShippedTable) {
  for (const std::string& name : DensityTable::names()) {
    const DensityTable table = DensityTable::named(name);
    EXPECT_EQ(table(0), 1.0) << name;
    EXPECT_EQ(table(-950.001), 0.0) << name;
    EXPECT_GT(table(-950), 0.0) << name;
    EXPECT_EQ(table.name(), name);
    EXPECT_EQ(table.sha256().size(), 64u);
  }
  EXPECT_EQ(DensityTable::names().front(), "schneider");
}

TEST(DensityTable, PublishedKnotsAndLinearBetween) {
  // Schneider 2000 (segment densities times electrons per gram), Thomas 1999.
  const DensityTable schneider = DensityTable::named("schneider"), thomas = DensityTable::named("thomas");
  EXPECT_NEAR(schneider(-800), 0.2054, rounding);
  EXPECT_NEAR(schneider(1000), 1.5145, rounding);
  EXPECT_NEAR(schneider(-825), (0.1544 + 0.2054) / 2, rounding);
  EXPECT_NEAR(thomas(-500), 0.5, rounding);
  EXPECT_NEAR(thomas(1000), 1.052 + 0.48, rounding);
}

TEST(DensityTable, EndValueHoldsBeyondTheLastKnot) {
  const DensityTable table = DensityTable::named("schneider");
  EXPECT_EQ(table(30000), table(table.highest_hu()));
}

TEST(DensityTable, UnknownNameOffersTheShippedOnes) {
  try {
    DensityTable::named_or_file("schnieder");
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("schneider, matrad, thomas"), std::string::npos);
  }
}

std::filesystem::path written(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(::testing::TempDir()) / ("density_" + name + ".csv");
  std::ofstream(path) << text;
  return path;
}

std::string refusal(const std::string& name, const std::string& text) {
  try {
    DensityTable::from_csv(written(name, text));
    return "accepted";
  } catch (const InputError& e) {
    return e.what();
  }
}

TEST(DensityTable, ReadsACsvAndRefusesOthersByLine) {
  const std::string head = "# a site's table\nhu,relative_electron_density\n";
  EXPECT_NEAR(DensityTable::from_csv(written("good", head + "-1000,0\n0,0.99\n1000,1.5\n"))(500), 1.245, rounding);
  EXPECT_NE(refusal("header", "hu,density\n0,1\n").find("line 1"), std::string::npos);
  EXPECT_NE(refusal("word", head + "-1000,0\n0,one\n").find("line 4"), std::string::npos);
  EXPECT_NE(refusal("order", head + "0,1\n-100,0.9\n").find("line 4"), std::string::npos);
  EXPECT_NE(refusal("negative", head + "-1000,-0.1\n0,1\n").find("line 3"), std::string::npos);
  EXPECT_NE(refusal("columns", head + "-1000,0,1\n").find("3 columns"), std::string::npos);
  EXPECT_NE(refusal("nan", head + "-1000,nan\n0,1\n").find("not finite"), std::string::npos);
  EXPECT_NE(refusal("scale", head + "-1000,0\n0,1000\n").find("0 HU"), std::string::npos);
  EXPECT_NE(refusal("nowater", head + "-1000,0\n-10,0.99\n").find("0 HU"), std::string::npos);
  EXPECT_NE(refusal("empty", head).find("no rows"), std::string::npos);
  EXPECT_NE(refusal("nothing", "").find("no header"), std::string::npos);
}

TEST(DensityFromCt, CutsTheBodyAppliesOverridesInOrderAndCountsClampedVoxels) {
  const Grid grid({4, 3, 2}, {1, 2, 3}, {10, 20, 30});
  CtImage ct(grid, 0.0f);
  Occupancy body(grid, 1.0f);
  body(0, 0, 0) = 0.4f;
  ct(1, 0, 0) = -990;
  ct(2, 0, 0) = 5000;
  ct(0, 0, 0) = 5000;  // outside the body: neither density nor warning
  // The first override lies on another grid and covers x > 12.5 only; the second covers one voxel of it again.
  Occupancy right(Grid({1, 1, 1}, {1, 100, 100}, {13, 20, 30}), 1.0f), one(grid, 0.0f);
  one(3, 2, 1) = 1;
  const DensityResult r = density_from_ct(ct, DensityTable::named("thomas"), body, {{right, 1000}, {one, -2000}});
  EXPECT_EQ(r.density(0, 0, 0), 0.0f);
  EXPECT_EQ(r.density(1, 0, 0), 0.0f);
  EXPECT_EQ(r.density(1, 1, 0), 1.0f);
  EXPECT_FLOAT_EQ(r.density(2, 0, 0), 2.4891f);
  EXPECT_FLOAT_EQ(r.density(3, 1, 0), 1.532f);
  EXPECT_EQ(r.density(3, 2, 1), 0.0f);
  ASSERT_EQ(r.warnings.size(), 1u);
  EXPECT_EQ(r.warnings[0].code, "ct-above-density-table");
  EXPECT_EQ(r.warnings[0].text.substr(0, 2), "1 ");
}

TEST(DensityFromCt, RefusesACtNumberThatIsNotFinite) {
  const Grid grid({2, 1, 1}, {1, 1, 1}, {});
  CtImage ct(grid, 0.0f);
  ct(1, 0, 0) = NAN;
  EXPECT_THROW(density_from_ct(ct, DensityTable::named("schneider"), Occupancy(grid, 1.0f)), InputError);
}

}  // namespace
}  // namespace sbrt
