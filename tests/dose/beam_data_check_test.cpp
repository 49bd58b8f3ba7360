#include "dose/beam_data_check.h"

#include "dose/beam_data_plots.h"
#include "dose/generic_files.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

/// Sharp numbers for a set of two collimators; a test spoils one of them.
struct Spoiled {
  double of_small = 0.9, tpr_noise = 0, tpr_bump = 0, ocr_bump = 0, edge_mm = 1.5, last_depth_mm = 300, tail_mm = 14;
  double small_tpr_factor = 1;
};

BeamData load(const Spoiled& s) {
  const fs::path folder = fs::path(::testing::TempDir()) /
                          (std::string("check_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "beam-data.json") << R"({"schema": "sbrtplan-beam-data/1", "name": "s", "version": "1",
 "collimator_kind": "fixed", "clinical": false, "source": "by hand", "licence": "CC0-1.0",
 "reference": {"distance_mm": 800, "depth_mm": 15, "collimator_mm": 60, "gy_per_mu": 0.01}})";
  std::ofstream of(folder / "of.csv"), tpr(folder / "tpr.csv"), ocr(folder / "ocr.csv");
  of << "collimator_mm,distance_mm,output_factor\n";
  for (const double c : {20.0, 60.0})
    for (const double z : {600, 800, 1000, 1200})
      of << c << ',' << z << ',' << (c == 20 ? s.of_small : 1) + (z - 800) * 1e-5 << '\n';
  tpr << "field_mm,depth_mm,tpr\n";
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, 1);
  for (const double field : {10.0, 80.0})
    for (double d = 0; d <= s.last_depth_mm; d += 5) {
      double value = d < 15 ? 0.5 + d / 30 : std::exp(-(field == 10 ? 0.006 : 0.004) * (d - 15));
      if (d > 15) value += s.tpr_noise * normal(random) + (d == 100 ? s.tpr_bump : 0);
      if (field == 80 && d > 15) value *= s.small_tpr_factor;
      tpr << field << ',' << d << ',' << value << '\n';
    }
  ocr << "collimator_mm,depth_mm,radius_mm,ocr\n";
  for (const double c : {20.0, 60.0})
    for (const double depth : {10.0, 300.0})
      for (double r = 0; r <= c / 2 + s.tail_mm; r += 0.5) {
        double value = 0.5 * std::erfc((r - c / 2) / s.edge_mm);
        if (r == c / 4) value += s.ocr_bump;
        ocr << c << ',' << depth << ',' << r << ',' << (r == 0 ? 1 : value) << '\n';
      }
  of.close(), tpr.close(), ocr.close();
  return BeamData::from_folder(folder);
}

std::set<std::string> codes(const Spoiled& s) {
  std::set<std::string> all;
  for (const Warning& w : warnings_of(check_beam_data(load(s)))) all.insert(w.code);
  return all;
}

using Codes = std::set<std::string>;

TEST(BeamDataCheck, ASoundSetHasNoWarning) { EXPECT_EQ(codes({}), Codes{}); }

TEST(BeamDataCheck, EachFaultIsNamedAndOnlyIt) {
  Spoiled s;
  s.of_small = 1.01;
  EXPECT_EQ(codes(s), Codes{"beam-data-of-not-rising"});
  s = {};
  s.tpr_bump = 0.03;
  EXPECT_TRUE(codes(s).contains("beam-data-tpr-not-falling"));
  s = {};
  s.small_tpr_factor = 0.6;
  EXPECT_TRUE(codes(s).contains("beam-data-tpr-field-order"));
  s = {};
  s.ocr_bump = 0.05;
  EXPECT_TRUE(codes(s).contains("beam-data-ocr-not-falling"));
  s = {};
  s.edge_mm = 6;
  EXPECT_TRUE(codes(s).contains("beam-data-penumbra"));
  s = {};
  s.last_depth_mm = 250;
  EXPECT_EQ(codes(s), Codes{"beam-data-tpr-depths-end-early"});
  s = {};
  s.tail_mm = 5;
  EXPECT_EQ(codes(s), Codes{"beam-data-ocr-radii-end-early"});
}

TEST(BeamDataCheck, NoiseOfAPercentIsSeenAndOfATenthOfThatIsNot) {
  Spoiled s;
  s.tpr_noise = 0.01;
  EXPECT_TRUE(codes(s).contains("beam-data-tpr-noise"));
  s.tpr_noise = 0.0005;  // of 2 x 57 values; the zigzag stays below 2 sigma
  EXPECT_FALSE(codes(s).contains("beam-data-tpr-noise"));
}

TEST(BeamDataCheck, ZigzagIsZeroForCurvesWithOneInflection) {
  std::vector<double> x, smooth, rough;
  for (int i = 0; i < 20; ++i) {
    x.push_back(i < 10 ? i : 10 + 2 * (i - 10));
    smooth.push_back(std::tanh(0.4 * (x.back() - 12)));
    rough.push_back(i % 2 ? 0.1 : -0.1);
  }
  EXPECT_EQ(zigzag(x, smooth), 0);
  EXPECT_NEAR(zigzag(x, rough), 0.2, 1e-12);  // every node is 0.2 from the line through its neighbours
}

TEST(BeamDataCheck, RadiusOfALevel) {
  const BeamData data = load({});
  // Half of erfc at the nominal radius; 0.5 mm nodes meet it exactly.
  EXPECT_NEAR(radius_at_level(data, 20, 15, 0.5), 10, 1e-6);
  Spoiled cut;
  cut.tail_mm = 2;  // ends at 3 %
  EXPECT_TRUE(std::isnan(radius_at_level(load(cut), 20, 15, 0.01)));
}

TEST(BeamDataCheck, ShippedGenericSetHasNoWarning) {
  Codes found;
  for (const Warning& w : warnings_of(check_beam_data(testing::generic_data()))) found.insert(w.code);
  EXPECT_EQ(found, Codes{});
}

TEST(BeamDataPlots, OneFilePerTableWithUnitsAndEveryNode) {
  const std::vector<PlotFile> plots = beam_data_plots(testing::generic_data());
  ASSERT_EQ(plots.size(), 2 + testing::generic_data().collimators_mm().size());
  EXPECT_EQ(plots[0].name, "of.svg");
  EXPECT_EQ(plots[1].name, "tpr.svg");
  EXPECT_EQ(plots[3].name, "ocr-7.5mm.svg");
  for (const PlotFile& p : plots) {
    EXPECT_EQ(p.svg.find("nan"), std::string::npos) << p.name;
    EXPECT_NE(p.svg.find(" / mm</text>"), std::string::npos) << p.name;
    EXPECT_NE(p.svg.find("not for clinical use"), std::string::npos) << p.name;
    EXPECT_EQ(p.svg.substr(p.svg.size() - 7), "</svg>\n");
  }
  const auto count = [](const std::string& text, const std::string& word) {
    std::size_t n = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count(plots[0].svg, "<circle"), 3 * testing::generic_data().collimators_mm().size());
  EXPECT_EQ(count(plots[1].svg, "<polyline"), 12u);
}

}  // namespace
}  // namespace sbrt
