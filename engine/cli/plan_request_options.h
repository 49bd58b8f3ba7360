/// The options that say what is to be planned, shared by `plan` and `compare`.
#pragma once

#include "engine/cli/biology_options.h"
#include "engine/cli/plan_options.h"

#include <functional>
#include <string>

namespace sbrt::cli {

struct PlanRequestOptions {
  PlanRequest request;
  PlanOptionTexts texts;
  BiologyTexts biology;
  std::function<bool(const std::string&)> stated;  //!< was this option given?
};

/// DIR or case.json, targets, prescriptions, goals, candidates, dose, patient. `options` must outlive the verb.
void add_plan_request_options(CLI::App& verb, PlanRequestOptions& options);

/// The request as the case file and the command line state it. @throws InputError
PlanRequest take_plan_request(PlanRequestOptions& options);

/// Replacing a folder that holds the input would delete the patient's data. @throws InputError
void refuse_input_in_output(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out);

}  // namespace sbrt::cli
