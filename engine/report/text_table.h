/// The report as compact tables for a terminal.
#pragma once

#include "engine/report/plan_report.h"

#include <string>
#include <vector>

namespace sbrt {

/// Columns padded to the widest cell, two spaces apart. Cells count in characters (UTF-8); control characters become
/// '?'.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit TextTable(std::vector<Column> columns);
  /// @pre as many cells as columns  @param colour ANSI code such as "31" for the whole row, empty: none
  void add_row(std::vector<std::string> cells, std::string colour = {});
  std::string text() const;
  bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string colour;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

/// Control characters become '?'.
std::string printable(std::string text);
/// Four significant digits, no exponent for the sizes that plans have.
std::string short_number(double value);
/// "[low, high]"
std::string interval_text(const Interval& interval);

/// Index, value, interval, unit and definition of one target.
std::string index_table(const TargetResult& target);
/// Structure, role, volume, minimum, mean, maximum and the queries.
std::string structure_table(const Evaluation& evaluation);
/// Goal, value, interval, met or MISSED.
std::string goal_table(const std::vector<GoalResult>& goals, bool colour);

/// Everything a person wants to see: prescription, indices of each target, structures, goals, delivery, warnings.
std::string text_report(const PlanReport& report, bool colour);

}  // namespace sbrt
