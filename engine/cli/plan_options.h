/// The options of `plan` that other verbs share, parsed into a PlanRequest.
#pragma once

#include "engine/cli/protocol_options.h"
#include "engine/pipeline.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sbrt::cli {

/// Raw text of options that need parsing beyond CLI11's; empty: not stated.
struct PlanOptionTexts {
  std::vector<std::string> inputs;
  std::vector<std::string> prescriptions, overrides, goals, queries;
  std::string goals_file, collimators = "auto", depth, couch, contours, simd, solver, reduce;
  ProtocolOptionTexts protocol;
  double margin_mm = 0;
  CLI::Option* margin = nullptr;
};

/// Which CT and RTSTRUCT of a folder.
void add_selection_options(CLI::App& verb, CaseSelection& selection);
/// Density table, overrides, body, couch.
void add_patient_options(CLI::App& verb, PatientModelOptions& patient, PlanOptionTexts& texts);
/// Instruction set of the fast dose path.
void add_simd_option(CLI::App& verb, PlanOptionTexts& texts);
/// Node set, collimators, count, seed.
void add_candidate_options(CLI::App& verb, PlanRequest& request, PlanOptionTexts& texts);

/// Solver, MU limits, reduction, robustness.
void add_weight_options(CLI::App& verb, PlanRequest& request, PlanOptionTexts& texts);
/// For verbs that make one plan.
void add_mps_option(CLI::App& verb, PlanRequest& request);
/// Water-equivalent depth.
void add_depth_option(CLI::App& verb, PlanOptionTexts& texts);

/// @throws InputError for a text that cannot be read
void parse_texts(const PlanOptionTexts& texts, PlanRequest& request);

/// "auto" -> empty; "10,20" -> {10, 20}.
std::vector<double> parse_collimators(const std::string& text);

}  // namespace sbrt::cli
