/// Independent dose check: the dose of a plan computed again, beside the RTDOSE that came with it.
///
/// The dose is computed at the very points of the RTDOSE, so nothing is interpolated for the comparison of the two
/// doses. Neglected: what the ray-tracing dose neglects (docs/physics.md); a difference is no proof of a wrong plan.
#pragma once

#include "engine/dose_total.h"
#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/gamma.h"
#include "engine/forward_dose.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct CheckRequest {
  std::filesystem::path plan;  //!< RT Plan, plan.json or beams.csv/beams.json
  ForwardRequest forward;      //!< selection, patient and beam data; its beams come from `plan`
  DoseTotalRequest dose;
  GammaCriteria gamma;
  std::vector<StructureQuery> queries;
};

/// One number of the DVHs of both doses.
struct CheckedMetric {
  std::string structure, metric, unit;
  double stored = 0, computed = 0;
  std::optional<double> difference_pct;  //!< doses: (computed - stored) in % of the largest stored dose; else points
};

/// One index of a target, of both doses.
struct CheckedIndex {
  std::string target, index, unit;
  double stored = 0, computed = 0;
};

struct CheckOutcome {
  CheckOutcome(GammaResult gamma_index, ForwardOutcome computed)
      : gamma(std::move(gamma_index)), forward(std::move(computed)) {}
  std::string plan_kind;  //!< "RT Plan", "plan.json", "beams"
  std::size_t beams = 0;
  double total_mu = 0;
  double stored_max_gy = 0, computed_max_gy = 0;
  double median_ratio = 0;         //!< computed / stored where the stored dose is half its largest or more
  double mean_difference_pct = 0;  //!< of the points above the cutoff, computed - stored in % of the largest stored
  double rms_difference_pct = 0;   //!< of the same
  GammaResult gamma;               //!< reference: the stored dose
  std::vector<CheckedMetric> metrics;
  std::vector<CheckedIndex> indices;  //!< where the plan says what was prescribed to which structure
  std::vector<InputRecord> inputs;
  std::string beam_data, beam_data_sha256;
  ForwardOutcome forward;
  dicom::InstanceReference stored;  //!< the RTDOSE where it is one file
  Warnings warnings;
};

/// The structure set and the dose that an RT Plan belongs to are taken where the folder leaves a choice.
/// @throws InputError: what the readers of plan, case and dose refuse, frames of reference that differ
CheckOutcome check_case(const CheckRequest& request, Progress& progress = no_progress);

/// check.json, schema "sbrtplan-check/1" (docs/formats.md).
std::string to_json(const CheckOutcome& outcome, const std::string& version, const std::string& revision);
/// Compact tables for a terminal.
std::string text_report(const CheckOutcome& outcome);

}  // namespace sbrt
