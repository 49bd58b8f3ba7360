/// The tables of a report as CSV.
#pragma once

#include "engine/report/plan_report.h"

#include <string>
#include <vector>

namespace sbrt {

struct ReportTable {
  std::string file, content, csv;
};

/// indices.csv, structures.csv, goals.csv, robustness.csv, dvh.csv; tables without a row are left out. Numbers read
/// back to the same doubles.
std::vector<ReportTable> report_tables(const PlanReport& report);

/// Quoted where CSV needs it.
std::string csv_field(const std::string& text);

}  // namespace sbrt
