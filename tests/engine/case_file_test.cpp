#include "engine/case_file.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

namespace sbrt {
namespace {

class CaseFile : public testing::Test {
 protected:
  CaseFile() : folder(std::filesystem::temp_directory_path() / ("sbrt-case-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder);
  }
  ~CaseFile() override { std::filesystem::remove_all(folder); }

  PlanRequest read(const std::string& further) const {
    std::ofstream(folder / "case.json")
        << R"({"schema": "sbrtplan-case/1", "dicom": ".", "target": "PTV", "prescription": "45Gy/5fx@75%")" << further
        << "}";
    return read_case_file(folder / "case.json");
  }
  std::filesystem::path folder;
};

TEST_F(CaseFile, SaysWhatTheOptionsOfWeightsAndDoseSay) {
  const PlanRequest r = read(R"(, "solver": "lp", "reduce_pct": 2.5, "prove_goals": true, "robustness": true,
                                 "depth": "axis", "couch": "in", "contours": "slab")");
  EXPECT_EQ(r.solver, SolverChoice::ordered_lp);
  EXPECT_EQ(r.reduce_pct, 2.5);
  EXPECT_TRUE(r.prove_goals);
  EXPECT_TRUE(r.robustness);
  EXPECT_EQ(r.depth, DepthMode::central_axis);
  EXPECT_TRUE(r.patient.couch_in);
  EXPECT_EQ(r.patient.between, BetweenPlanes::slab);
}

TEST_F(CaseFile, WhatIsNotSaidHasTheDefaultsOfTheOptions) {
  const PlanRequest r = read("");
  EXPECT_EQ(r.solver, SolverChoice::penalty);
  EXPECT_EQ(r.reduce_pct, 0);
  EXPECT_FALSE(r.prove_goals);
  EXPECT_FALSE(r.robustness);
  EXPECT_EQ(r.depth, DepthMode::per_point_ray);
  EXPECT_FALSE(r.patient.couch_in);
  EXPECT_EQ(r.patient.between, BetweenPlanes::shape_following);
}

TEST_F(CaseFile, RefusesWhatTheOptionsRefuse) {
  for (const char* bad :
       {R"(, "solver": "simplex")", R"(, "reduce_pct": 0)", R"(, "reduce_pct": 21)", R"(, "reduce_pct": "1%")",
        R"(, "robustness": 1)", R"(, "prove_goals": "yes")", R"(, "depth": "point")", R"(, "couch": true)",
        R"(, "contours": "linear")", R"(, "solvers": "lp")"})
    EXPECT_THROW(read(bad), InputError) << bad;
}

TEST_F(CaseFile, TheCommandLineSwitchesOn) {
  PlanRequest options;
  options.prove_goals = options.robustness = true;
  const auto merged = [&](const std::set<std::string>& stated) {
    return merge(read(R"(, "solver": "lp")"), options, [&](const std::string& o) { return stated.count(o) > 0; });
  };
  EXPECT_FALSE(merged({}).prove_goals);
  EXPECT_FALSE(merged({}).robustness);
  EXPECT_TRUE(merged({"--prove-goals"}).prove_goals);
  EXPECT_TRUE(merged({"--robustness"}).robustness);
  EXPECT_EQ(merged({}).solver, SolverChoice::ordered_lp);
}

}  // namespace
}  // namespace sbrt
