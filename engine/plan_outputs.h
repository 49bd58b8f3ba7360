/// The files of a plan: plan.json, beams.csv, dose.dcm, structures.dcm, plan.dcm and those of the report.
#pragma once

#include "engine/pipeline.h"
#include "engine/report/plan_report.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

/// Names of the files, in the order in which they are announced.
const std::vector<std::string>& plan_output_files();

PlanReport make_report(const PlanRequest& request, const PlanOutcome& outcome);

/// Content of plan.json: enough to compute the same bytes again.
std::string plan_json(const PlanRequest& request, const PlanOutcome& outcome);

/// Writes all files into an existing folder. @param anonymous keeps the patient out of report.json and report.html only
/// @return the report that was written @throws InputError on a write error
PlanReport write_plan_outputs(const PlanRequest& request, const PlanOutcome& outcome,
                              const std::filesystem::path& folder, Progress& progress = no_progress,
                              bool anonymous = false);

/// Seed of the UID of a computed dose: equal content and references give an equal UID.
std::string uid_seed_of(const DoseGrid& dose, const std::string& structure_uid, const std::string& ct_uid);

}  // namespace sbrt
