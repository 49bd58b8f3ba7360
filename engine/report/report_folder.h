/// The report as files: report.html, and beside it volumes and tables for those who script.
#pragma once

#include "engine/report/plan_report.h"
#include "engine/report/report_view.h"
#include "geometry/progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

/// What the function below puts into a folder, top level only.
const std::vector<std::string>& report_folder_entries();

/// Writes report.json, report.html, volumes/ (dose and masks), tables/ and pictures/ into an existing folder. Adds the
/// files to `report.files`, so that the report names them. @throws InputError on a write error
void write_report_folder(PlanReport& report, const ReportView& view, const std::filesystem::path& folder,
                         Progress& progress = no_progress);

}  // namespace sbrt
