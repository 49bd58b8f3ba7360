/// Gamma of two RTDOSE files and how it is told.
#pragma once

#include "engine/evaluation/gamma.h"
#include "engine/report/input_record.h"
#include "geometry/warning.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

struct GammaOutcome {
  GammaResult result;
  std::vector<InputRecord> inputs;  //!< reference, evaluated
  Warnings warnings;                //!< of the files; "gamma-not-covered", "dose-summation", "gamma-other-patient"
};

/// @throws InputError: a file that is no RTDOSE, doses of different frames of reference, a dose not in Gy, and what
///         compare_gamma() refuses
GammaOutcome compare_dose_files(const std::filesystem::path& reference, const std::filesystem::path& evaluated,
                                const GammaCriteria& criteria, Progress& progress = no_progress);

/// gamma.json, schema "sbrtplan-gamma/1" (docs/formats.md).
std::string to_json(const GammaOutcome& outcome, const std::string& version, const std::string& revision);

}  // namespace sbrt
