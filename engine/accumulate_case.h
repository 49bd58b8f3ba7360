/// RTDOSE files of one patient converted to BED or EQD2, or summed in one of these quantities.
#pragma once

#include "dicom/export.h"
#include "engine/evaluation/accumulation.h"
#include "engine/report/input_record.h"
#include "geometry/progress.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// One RTDOSE with what the command line says about it.
struct AccumulateInput {
  std::filesystem::path path;
  std::optional<int> fractions;  //!< none: from the RTPLAN that the dose refers to, in the dose's folder
  bool as_is = false;            //!< an EFFECTIVE dose in the asked quantity already
  /// Reads "A.dcm:5", "A.dcm:as-is" or "A.dcm". @throws InputError
  static AccumulateInput parse(const std::string& text);
};

struct AccumulateRequest {
  std::vector<AccumulateInput> inputs;
  DoseQuantity quantity = DoseQuantity::eqd2;
  Tissue tissue;
  std::string grid = "first";  //!< "first", "finest" or an RTDOSE file whose grid is taken
  OutsideRule outside = OutsideRule::omit;
  Interpolation interpolation = Interpolation::cubic;
};

struct AccumulatedDose {
  InputRecord file;
  std::string dose_type;
  int fractions = 0;           //!< 0: taken as it is
  std::string fractions_from;  //!< "command line" or the RTPLAN's path
  double largest_gy = 0;       //!< on its own grid, as it came
  PartCoverage coverage;
};

struct AccumulateOutcome {
  DoseQuantity quantity = DoseQuantity::eqd2;
  Tissue tissue;
  DoseGrid dose;
  std::vector<AccumulatedDose> inputs;
  std::string grid_from;  //!< "first dose", "finest dose" or a path
  OutsideRule outside = OutsideRule::omit;
  Interpolation interpolation = Interpolation::cubic;
  double largest_gy = 0;
  PatientPoint largest_at;
  dicom::DoseExport info;  //!< patient, references and texts of the RTDOSE
  Warnings warnings;
};

/// Warnings: accumulate-cropped, accumulate-outside, patient-unknown, frame-unknown, dose-summation,
/// repair-not-applied, repopulation-not-applied, and those of the files.
/// @throws InputError: a file that is no RTDOSE or not in Gy, other patients or frames of reference, fractions that
/// nobody states, a dose of one beam, an EFFECTIVE dose that is to be converted again, and what accumulate() refuses
AccumulateOutcome accumulate_doses(const AccumulateRequest& request, Progress& progress = no_progress);

/// How the dose was made, in words, for the RTDOSE and the report.
std::string derivation_text(const AccumulateOutcome& outcome);

/// accumulation.json, schema "sbrtplan-accumulation/1" (docs/formats.md).
std::string to_json(const AccumulateOutcome& outcome, const std::string& version, const std::string& revision);

/// Comment of an effective dose for the 23 bytes there are: "EQD2 a/b 3 LQ".
std::string effective_comment(DoseQuantity quantity, const Tissue& tissue);

}  // namespace sbrt
