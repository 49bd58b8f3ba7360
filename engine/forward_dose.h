/// Dose of a given weighted beam set on a patient, without any planning.
#pragma once

#include "dose/dose_engine.h"
#include "engine/case_import.h"
#include "engine/patient_model.h"

namespace sbrt {

struct ForwardRequest {
  CaseSelection selection;
  PatientModelOptions patient;
  BeamSet beams;
  std::string beam_data = "generic-6mv-fff";
  double grid_mm = 1.5;
  DepthMode depth = DepthMode::per_point_ray;
  DosePath path = DosePath::fast;
  SimdChoice simd = SimdChoice::widest;
  std::optional<PatientPoint> trace;  //!< explain the dose at this point [mm]
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

/// Beams of beams.json, plan.json or beams.csv, told apart by extension and schema. @throws InputError
BeamSet read_beams(const std::filesystem::path& path);

}  // namespace sbrt
