#include "engine/planning/plan_files.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

namespace sbrt {
namespace {

using testing::HasSubstr;

std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/plan_files_" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

template <class Call>
std::string complaint(Call&& call) {
  try {
    call();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

// Values without a short decimal form, and a negative zero.
BeamSet beams() {
  return {{"1", "b001", {1.0 / 3, -800.1, -0.0}, {0.1, 2e-17, 3}, 12.5, 1234.5678901234567},
          {"x-2", "b007", {700, 1e-300, std::sqrt(2.0)}, {0, 0, 0}, 20, 0}};
}

PlanFile plan() {
  PlanFile p;
  p.program_version = "0.1.0";
  p.program_revision = "abc";
  p.beams = beams();
  p.targets = {{"PTV", {45, 5, 75.5}}, {"PTV 2", {13.5, 1, std::nullopt}}};
  p.goals = {"SpinalCord:D0.03cc <= 21.9 Gy"};
  p.coverage_pct = 98.1;
  p.beam_data_name = "generic";
  p.beam_data_version = "1";
  p.beam_data_sha256 = "aa";
  p.density_name = "schneider";
  p.density_sha256 = "bb";
  p.density_overrides = {{"Implant", -1.5}};
  p.body = "External";
  const double c = std::cos(0.3), s = std::sin(0.3);
  p.dose_grid = Grid({3, 5, 7}, {0.9, 1.1, 2.5}, {-12, 7, 31.1}, {{c, s, 0}, {-s, c, 0}, {0, 0, 1}});
  p.depth = DepthMode::central_axis;
  p.options = {{"seed", "1"}, {"nodes", "body"}};
  p.inputs = {{"ct", "CT", "1.2.3", "cc"}, {"goals.json", "goals", "", "dd"}};
  return p;
}

TEST(PlanFiles, BeamsRoundTripBitForBit) {
  const BeamFile file{"iris", beams()};
  const BeamFile back = read_beam_file(written("beams.json", beam_file_text(file)));
  EXPECT_EQ(back, file);
  EXPECT_TRUE(std::signbit(back.beams[0].source.z));
  EXPECT_EQ(beam_file_text(back), beam_file_text(file));
}

TEST(PlanFiles, CsvRoundTripsBitForBit) {
  const BeamSet back = read_beam_csv(written("beams.csv", beam_csv_text(beams())));
  EXPECT_EQ(back, beams());
  EXPECT_EQ(beam_csv_text(back), beam_csv_text(beams()));
}

TEST(PlanFiles, PlanRoundTripsBitForBit) {
  const PlanFile file = plan();
  const PlanFile back = read_plan_file(written("plan.json", plan_file_text(file)));
  EXPECT_EQ(plan_file_text(back), plan_file_text(file));
  EXPECT_EQ(back.beams, file.beams);
  EXPECT_EQ(back.targets, file.targets);
  EXPECT_EQ(back.goals, file.goals);
  EXPECT_EQ(back.coverage_pct, file.coverage_pct);
  EXPECT_EQ(back.dose_grid, file.dose_grid);
  EXPECT_EQ(back.depth, file.depth);
  EXPECT_EQ(back.options, file.options);
  EXPECT_EQ(back.inputs, file.inputs);
  EXPECT_EQ(back.density_overrides, file.density_overrides);
  EXPECT_EQ(back.body, "External");
}

TEST(PlanFiles, ReadsTheDocumentedForm) {
  const BeamFile file = read_beam_file(written("doc.json", R"({"schema": "sbrtplan-beams/1", "collimator_kind": "fixed",
    "beams": [{"id": "1", "node": "b017", "source_mm": [0.0, -800.0, 0.0], "aim_mm": [1.5, 2.0, -3.0], "collimator_mm": 20, "weight_mu": 120.5}]})"));
  EXPECT_EQ(file.beams, (BeamSet{{"1", "b017", {0, -800, 0}, {1.5, 2, -3}, 20, 120.5}}));
}

TEST(PlanFiles, RefusesWhatNoDoseFollowsFrom) {
  const auto with = [](auto change) {
    BeamSet b = beams();
    change(b);
    return complaint([&] { check_beams(b, "beams.json"); });
  };
  EXPECT_THAT(with([](BeamSet& b) { b[1].id = "1"; }), HasSubstr("beam '1'"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].weight_mu = -1; }), HasSubstr("MU cannot be negative"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].weight_mu = std::nan(""); }), HasSubstr("not finite"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].aim.x = std::numeric_limits<double>::infinity(); }), HasSubstr("not finite"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].aim = b[0].source; }), HasSubstr("source is its aim point"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].source = {0, -299, 3}; }), HasSubstr("between 300 and 1500 mm"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].source = {0, -1600, 3}; }), HasSubstr("between 300 and 1500 mm"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].collimator_mm = 0; }), HasSubstr("positive"));
  EXPECT_THAT(with([](BeamSet& b) { b[0].node = "a,b"; }), HasSubstr("plain id"));
  EXPECT_THAT(with([](BeamSet& b) { b.clear(); }), HasSubstr("empty"));
}

TEST(PlanFiles, RefusesUnknownKeysAndSchemas) {
  std::string text = plan_file_text(plan());
  EXPECT_THAT(complaint([&] { read_beam_file(written("schema.json", text)); }), HasSubstr("sbrtplan-beams/1"));
  text.replace(text.find("\"coverage_pct\""), 14, "\"coverage\"");
  EXPECT_THAT(complaint([&] { read_plan_file(written("key.json", text)); }), HasSubstr("\"coverage_pct\" is missing"));
  std::string more = plan_file_text(plan());
  more.replace(more.find("\"depth\""), 7, "\"colour\": \"red\", \"depth\"");
  EXPECT_THAT(complaint([&] { read_plan_file(written("more.json", more)); }), HasSubstr("$.colour"));
  EXPECT_THAT(complaint([&] { read_beam_csv(written("short.csv", "id,node\n1,2\n")); }),
              HasSubstr("the first line must read id,node,source_x_mm"));
}

TEST(PlanFiles, DepthNames) {
  EXPECT_EQ(depth_mode_named(std::string(to_string(DepthMode::central_axis))), DepthMode::central_axis);
  EXPECT_EQ(depth_mode_named("ray"), DepthMode::per_point_ray);
  EXPECT_THROW(depth_mode_named("rays"), InputError);
}

}  // namespace
}  // namespace sbrt
