/// Dose of a given weighted beam set on a patient, without any planning.
#pragma once

#include "dose/dose_engine.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"
#include "engine/planning/plan_files.h"

namespace sbrt {

struct ForwardRequest {
  CaseSelection selection;
  PatientModelOptions patient;
  BeamSet beams;
  std::string collimator_kind;  //!< that the beams are of; empty: not told
  std::string beam_data = "generic-6mv-fff";
  double grid_mm = 1.5;
  std::optional<Grid> grid;  //!< compute at these points instead of over the body
  std::string region;        //!< structure over whose box the grid lies; empty: the body
  double region_margin_mm = 20;
  DepthMode depth = DepthMode::per_point_ray;
  DosePath path = DosePath::fast;
  SimdChoice simd = SimdChoice::widest;
  std::string expected_beam_data_sha256;     //!< of plan.json
  std::vector<InputRecord> expected_inputs;  //!< of plan.json: the CT and RTSTRUCT it was made on
  std::optional<PatientPoint> trace;         //!< explain the dose at this point [mm]
};

struct ForwardOutcome {
  ImportedCase input;
  PatientModel patient;
  DoseResult dose;
  std::vector<BeamContribution> trace;
  Warnings warnings;
};

/// @throws InputError, Cancelled
ForwardOutcome forward_dose(const ForwardRequest& request, Progress& progress = no_progress);

/// Takes from plan.json what its dose follows from: beams, beam data, density table and overrides, body, couch,
/// contours, depth and dose grid. @throws InputError
void take_settings_of_plan(const std::filesystem::path& plan_json, ForwardRequest& request);

/// True for a JSON file of schema sbrtplan-plan/1.
bool is_plan_file(const std::filesystem::path& path);

/// Beams of beams.json, plan.json or beams.csv, told apart by extension and schema. @throws InputError
/// The kind of collimator is empty for CSV, which does not tell it.
BeamFile read_beams(const std::filesystem::path& path);

}  // namespace sbrt
