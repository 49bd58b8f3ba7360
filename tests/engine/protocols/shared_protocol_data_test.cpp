#include "engine/protocols/protocol.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace sbrt {
namespace {

using Row = std::map<std::string, std::string>;

// Neither table has quoted cells.
std::vector<Row> read_csv(const std::string& name) {
  std::ifstream in(std::string(SBRT_SHARED_DIR) + "/data/physics/" + name);
  EXPECT_TRUE(in) << name;
  std::vector<std::string> header;
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> cells;
    std::stringstream list(line);
    for (std::string cell; std::getline(list, cell, ',');) cells.push_back(cell);
    if (header.empty()) {
      header = cells;
      continue;
    }
    Row row;
    for (std::size_t c = 0; c < header.size(); ++c) row[header[c]] = c < cells.size() ? cells[c] : "";
    rows.push_back(row);
  }
  return rows;
}

// Metric and limit as the CSV's kinds mean them.
void expect_limit(const Row& row, const std::string& text, const ProtocolLimit& limit) {
  const double gy = std::stod(text);
  const std::string& kind = row.at("kind");
  ASSERT_TRUE(limit.metric);
  const Metric& m = *limit.metric;
  if (kind == "spare") {
    EXPECT_EQ(m.kind, Metric::Kind::cold_volume_at_dose);
    EXPECT_EQ(m.result_unit, Metric::Unit::cc);
    EXPECT_EQ(limit.relation, Goal::Relation::at_least);
    EXPECT_DOUBLE_EQ(m.argument, gy);
    EXPECT_DOUBLE_EQ(limit.limit, std::stod(row.at("vol_cc")));
    return;
  }
  EXPECT_EQ(m.kind, Metric::Kind::dose_at_volume);
  EXPECT_EQ(m.result_unit, Metric::Unit::gy);
  EXPECT_EQ(limit.relation, Goal::Relation::at_most);
  EXPECT_DOUBLE_EQ(limit.limit, gy);
  const double volume = kind == "max" ? 0.035 : std::stod(row.at("vol_cc"));
  EXPECT_EQ(m.argument_unit, kind == "frac" ? Metric::Unit::percent : Metric::Unit::cc);
  EXPECT_DOUBLE_EQ(m.argument, kind == "frac" ? 100 * volume : volume);
}

TEST(SharedProtocolData, EveryNumberOfTg101) {
  const std::vector<Row> rows = read_csv("tg101_oar_limits.csv");
  const Protocol tg101 = protocol_named_or_file("tg101");
  ASSERT_EQ(rows.size(), tg101.goals.size());
  int cells = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].at("organ") + " " + rows[i].at("kind") + ", line " + std::to_string(i));
    EXPECT_EQ(tg101.goals[i].endpoint, rows[i].at("endpoint"));
    for (const int n : {1, 3, 5}) {
      const std::string& text = rows[i].at("limit_" + std::to_string(n) + "fx");
      const auto limit = tg101.goals[i].limits.find(n);
      ASSERT_EQ(limit == tg101.goals[i].limits.end(), text.empty()) << n;
      if (text.empty()) continue;
      expect_limit(rows[i], text, limit->second);
      ++cells;
    }
  }
  EXPECT_EQ(cells, 3 * int(rows.size()) - 2);  // the rib's 30 cc are given for three fractions only
}

TEST(SharedProtocolData, OrgansOfTg101InTheOrderOfTheTable) {
  const std::vector<Row> rows = read_csv("tg101_oar_limits.csv");
  const Protocol tg101 = protocol_named_or_file("tg101");
  const std::map<std::string, std::string> first{{"Optic pathway", "OpticPathway"},
                                                 {"Spinal cord and medulla", "SpinalCord"},
                                                 {"Great vessels", "GreatVes"},
                                                 {"Trachea and large bronchus", "Trachea_Bronchus"},
                                                 {"Femoral heads (R and L)", "Femur_Heads"},
                                                 {"Lung (R and L) spare", "Lungs"},
                                                 {"Renal cortex (R and L) spare", "Kidney_Cortex"},
                                                 {"Liver spare", "Liver"}};
  std::map<std::string, std::string> seen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& organ = tg101.goals.at(i).structures.front();
    const auto [at, is_new] = seen.emplace(rows[i].at("organ"), organ);
    EXPECT_EQ(at->second, organ);  // one organ of the table is one of ours
    const auto known = first.find(rows[i].at("organ"));
    if (known != first.end()) {
      EXPECT_EQ(organ, known->second);
    }
  }
}

TEST(SharedProtocolData, EveryNumberOfTheRtogTable) {
  const std::vector<Row> rows = read_csv("rtog_0813_0915_r50_d2cm.csv");
  for (const char* name : {"rtog-0813", "rtog-0915"}) {
    const Protocol p = protocol_named_or_file(name);
    const char* columns[3][2] = {
        {"vrx_ratio_none", "vrx_ratio_minor"}, {"r50_none", "r50_minor"}, {"d2cm_none_pct", "d2cm_minor_pct"}};
    for (std::size_t g = 0; g < 3; ++g) {
      const LimitTable& table = *p.goals.at(g).limits.begin()->second.table;
      ASSERT_EQ(table.tv_cc.size(), rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) {
        EXPECT_DOUBLE_EQ(table.tv_cc[r], std::stod(rows[r].at("ptv_cc")));
        EXPECT_DOUBLE_EQ(table.limit[r], std::stod(rows[r].at(columns[g][0])));
        EXPECT_DOUBLE_EQ(table.minor[r], std::stod(rows[r].at(columns[g][1])));
      }
    }
  }
}

TEST(SharedProtocolData, MaximaOfTheRtogSets) {
  std::map<std::string, std::vector<std::string>> organs{
      {"Spinal cord", {"SpinalCord"}},
      {"Esophagus", {"Esophagus"}},
      {"Brachial plexus", {"BrachialPlex", "BrachialPlexs"}},
      {"Heart/pericardium", {"Heart", "Pericardium"}},
      {"Great vessels", {"GreatVes"}},
      {"Trachea and proximal bronchi", {"AirWay_Prox", "Trachea_Bronchus"}},
      {"Rib", {"Rib"}},
      {"Skin", {"Skin"}},
      {"Stomach", {"Stomach"}}};
  int compared = 0;
  for (const Row& row : read_csv("other_oar_limits.csv")) {
    if (row.at("source") != "NCCN") continue;
    for (const auto& [name, fractions] :
         std::map<std::string, std::vector<int>>{{"rtog-0813", {5}}, {"rtog-0915", {1, 4}}}) {
      const Protocol p = protocol_named_or_file(name);
      for (const int n : fractions) {
        const std::string& text = row.at("fx" + std::to_string(n));
        const ProtocolLimit* limit = nullptr;
        for (const ProtocolGoal& goal : p.goals)
          if (goal.structures == organs.at(row.at("organ")) && goal.limits.contains(n)) limit = &goal.limits.at(n);
        ASSERT_EQ(limit == nullptr, text.empty()) << row.at("organ") << " " << n;
        if (!limit) continue;
        EXPECT_DOUBLE_EQ(limit->limit, std::stod(text)) << row.at("organ") << " " << n;
        EXPECT_EQ(limit->unit, text.ends_with("% Rx") ? "%" : "Gy");
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 7 + 18);
}

}  // namespace
}  // namespace sbrt
