#include "engine/report/plan_report.h"

#include "engine/report/dvh_csv.h"
#include "engine/report/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sbrt {
namespace {

using testing::HasSubstr;
using testing::Not;

PlanReport sample_report() {
  PlanReport report;
  report.program_version = "1.2.3";
  report.program_revision = "abcdef";
  report.inputs = {{"dose.dcm", "RTDOSE", "1.2.3.4", std::string(64, 'a')}};
  Evaluation& e = report.evaluation;
  StructureResult ptv;
  ptv.name = "PTV";
  ptv.role = RoiRole::ptv;
  ptv.volume_cc = 12.345;
  ptv.volume_interval_cc = {12.340, 12.350};
  ptv.has_dose = true;
  ptv.min_gy = 40;
  ptv.mean_gy = 50.1;
  ptv.max_gy = 60;
  ptv.queries = {{"D95%", 45.1}, {"V45Gy[%]", 95.5}};
  ptv.query_intervals = {{"D95%", {45.0, 45.2}}};
  ptv.dvh_dose_gy = {0, 0.05};
  ptv.dvh_volume_cc = {12.345, 12.3};
  StructureResult gone;
  gone.name = "Cord, \"old\"\x1b[31m";
  gone.role = RoiRole::organ;
  gone.volume_cc = gone.outside_grid_cc = 3;
  e.structures = {ptv, gone};
  TargetResult target;
  target.name = "PTV";
  target.prescription = {45, 5, 75.0};
  target.prescription_bed_gy = 85.5;
  target.prescription_eqd2_gy = 71.25;
  target.indices["ci"] = {1.134, {1.131, 1.137}};
  target.indices["coverage_pct"] = {0.1 + 0.2, {0.1, 0.4}};
  e.targets = {target};
  e.goals = {{Goal::parse("PTV:D95% >= 45 Gy"), 45.1, true, ""},
             {Goal::parse("PTV:D90cc >= 45 Gy"), std::nullopt, false, "too small"}};
  e.piv_region = "body contour 'External'";
  e.warnings = {{"piv-at-grid-edge", "cut"}};
  report.warnings = {{"lung-path", "much lung"}, {"piv-at-grid-edge", "cut"}};
  return report;
}

TEST(PlanReportJson, HasTheKeysOfTheSchema) {
  const auto json = nlohmann::json::parse(to_json(sample_report()));
  EXPECT_EQ(json.at("schema"), "sbrtplan-report/1");
  EXPECT_EQ(json.at("program").at("version"), "1.2.3");
  EXPECT_EQ(json.at("inputs").at(0).at("sha256"), std::string(64, 'a'));
  EXPECT_EQ(json.at("prescription"),
            nlohmann::json::parse(R"({"dose_gy": 45.0, "fractions": 5, "isodose_pct": 75.0})"));
  const auto& ptv = json.at("structures").at("PTV");
  EXPECT_EQ(ptv.at("role"), "PTV");
  EXPECT_EQ(ptv.at("volume_interval_cc"), nlohmann::json::parse("[12.34, 12.35]"));
  EXPECT_EQ(ptv.at("queries").at("V45Gy[%]"), 95.5);
  EXPECT_EQ(json.at("targets").at("PTV").at("ci"),
            nlohmann::json::parse(R"({"value": 1.134, "interval": [1.131, 1.137]})"));
  EXPECT_EQ(json.at("radiobiology"), nlohmann::json::parse(R"({"alpha_beta_gy": 10.0, "model": "LQ",
                                                  "source": "default of the program", "prescription_bed_gy": 85.5, "prescription_eqd2_gy": 71.25})"));
  EXPECT_EQ(json.at("goals").at(0),
            nlohmann::json::parse(R"({"text": "PTV:D95% >= 45 Gy", "value": 45.1, "met": true})"));
  EXPECT_EQ(json.at("definitions").at("ci").at("formula"), "PIV/TIV");
  EXPECT_EQ(json.at("method").at("piv_region"), "body contour 'External'");
}

TEST(PlanReportJson, NumbersReadBackToTheSameDoubles) {
  const auto json = nlohmann::json::parse(to_json(sample_report()));
  EXPECT_EQ(json.at("targets").at("PTV").at("coverage_pct").at("value").get<double>(), 0.1 + 0.2);
}

TEST(PlanReportJson, WhatDoesNotApplyIsAbsent) {
  const std::string text = to_json(sample_report());
  const auto json = nlohmann::json::parse(text);
  EXPECT_FALSE(json.contains("delivery"));
  EXPECT_FALSE(json.contains("prescriptions"));
  EXPECT_FALSE(json.at("targets").at("PTV").contains("gi"));
  EXPECT_FALSE(json.at("goals").at(1).contains("value"));
  for (const auto& [name, structure] : json.at("structures").items())
    EXPECT_EQ(structure.contains("mean_gy"), name == "PTV");
  EXPECT_THAT(text, Not(HasSubstr("null")));
}

TEST(PlanReportJson, AWarningAppearsOnce) {
  const auto json = nlohmann::json::parse(to_json(sample_report()));
  ASSERT_EQ(json.at("warnings").size(), 2u);
  EXPECT_EQ(json.at("warnings").at(0).at("code"), "lung-path");
}

TEST(PlanReportJson, SeveralTargetsListTheirPrescriptions) {
  PlanReport report = sample_report();
  TargetResult second = report.evaluation.targets[0];
  second.name = "PTV_2";
  second.prescription = {54, 3, std::nullopt};
  report.evaluation.targets.push_back(second);
  const auto json = nlohmann::json::parse(to_json(report));
  ASSERT_EQ(json.at("prescriptions").size(), 2u);
  EXPECT_EQ(json.at("prescriptions").at(1).at("target"), "PTV_2");
  EXPECT_FALSE(json.at("prescriptions").at(1).contains("isodose_pct"));
}

TEST(AllGoalsMet, AGoalWithoutValueIsNotMet) {
  PlanReport report = sample_report();
  EXPECT_FALSE(all_goals_met(report));
  report.evaluation.goals.pop_back();
  EXPECT_TRUE(all_goals_met(report));
}

TEST(TextReport, ShowsValueIntervalAndDefinition) {
  const std::string text = text_report(sample_report(), false);
  EXPECT_THAT(text, HasSubstr("1.134  [1.131, 1.137]"));
  EXPECT_THAT(text, HasSubstr("PIV/TIV"));
  EXPECT_THAT(text, HasSubstr("45Gy/5fx@75%"));
  EXPECT_THAT(text, HasSubstr("MISSED: too small"));
  EXPECT_THAT(text, HasSubstr("warning [lung-path]: much lung"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));  // neither colour nor what a structure's name brings along
}

TEST(TextReport, ColourMarksGoals) {
  const std::string text = text_report(sample_report(), true);
  EXPECT_THAT(text, HasSubstr("\x1b[32mPTV:D95%"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mPTV:D90cc"));
}

TEST(TextTable, AlignsByCharactersNotBytes) {
  TextTable table({{"name"}, {"value", TextTable::Align::right}});
  table.add_row({"L\xC3\xB6we", "1.5"});
  table.add_row({"Lion", "12.5"});
  EXPECT_EQ(table.text(), "name  value\nL\xC3\xB6we    1.5\nLion   12.5\n");
}

TEST(DvhCsv, QuotesNamesAndGivesBothVolumes) {
  Evaluation evaluation = sample_report().evaluation;
  evaluation.structures[0].name = "PTV, \"new\"";
  const std::string csv = dvh_csv(evaluation);
  EXPECT_THAT(csv, HasSubstr("structure,role,dose_gy,volume_cc,volume_pct,differential_cc_per_gy\n\"PTV, "
                             "\"\"new\"\"\",PTV,0,12.345,100,0.9\n"));
  EXPECT_THAT(csv, Not(HasSubstr("Cord")));
}

}  // namespace
}  // namespace sbrt
