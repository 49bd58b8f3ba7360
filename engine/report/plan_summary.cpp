#include "engine/report/plan_summary.h"

#include "engine/report/text_table.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sbrt {
namespace {

constexpr std::array<const char*, 9> marks{" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                           "\u2585", "\u2586", "\u2587", "\u2588"};

}  // namespace

std::string compact_index_table(const Evaluation& evaluation) {
  constexpr std::array<const char*, 7> shown{"coverage_pct", "ci", "nci", "hi", "gi", "r50", "isodose_pct"};
  std::vector<TextTable::Column> columns{{"target"}};
  for (const char* id : shown) columns.push_back({id, TextTable::Align::right});
  TextTable table(columns);
  for (const TargetResult& target : evaluation.targets) {
    std::vector<std::string> row{target.name};
    for (const char* id : shown) {
      const auto found = target.indices.find(id);
      row.push_back(found == target.indices.end() ? "-" : short_number(found->second.value));
    }
    table.add_row(std::move(row));
  }
  return table.empty() ? "" : table.text();
}

std::string dvh_sparklines(const Evaluation& evaluation, int columns) {
  double largest_gy = 0;
  for (const StructureResult& s : evaluation.structures)
    if (s.has_dose) largest_gy = std::max(largest_gy, s.max_gy);
  if (!(largest_gy > 0)) return "";
  TextTable table({{"DVH"}, {"0 to " + short_number(largest_gy) + " Gy"}});
  for (const StructureResult& s : evaluation.structures) {
    if (!s.has_dose || s.dvh.empty()) continue;
    std::string line;
    for (int c = 0; c < columns; ++c) {
      const double share = s.dvh.volume_at_dose_mm3((c + 0.5) / columns * largest_gy) / s.dvh.volume_mm3();
      line += marks[std::size_t(std::clamp(std::ceil(8 * share), 0.0, 8.0))];
    }
    table.add_row({s.name, line});
  }
  return table.text();
}

}  // namespace sbrt
