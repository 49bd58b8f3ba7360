/// Judges an RTDOSE of any system with its RTSTRUCT; a CT is welcome but not needed.
#pragma once

#include "engine/dose_total.h"
#include "engine/evaluation/evaluate.h"
#include "engine/protocols/protocol_judgement.h"
#include "engine/report/dose_origin.h"
#include "engine/report/input_record.h"
#include "geometry/progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

struct EvaluateRequest {
  std::vector<std::filesystem::path> inputs;
  std::string rtstruct, ct_uid;  //!< file or UID where the folder leaves a choice
  DoseTotalRequest dose;
  std::vector<std::string> targets;
  std::vector<Prescription> prescriptions;  //!< one for all targets or one each
  std::string body;
  std::vector<StructureQuery> queries;
  std::vector<Goal> goals;
  Biology biology;
  std::optional<int> fractions;  //!< of the dose; for biological doses without a target
  ProtocolRequest protocols;
  Interpolation interpolation = Interpolation::cubic;
  BetweenPlanes between = BetweenPlanes::shape_following;
  WantedInterval wanted;
  bool keep_for_pictures = false;  //!< fill EvaluateOutcome::seen; loads the CT where there is one
};

/// What the pictures of a report need.
struct SeenCase {
  std::optional<CtImage> ct;
  std::optional<DoseGrid> dose;
  StructureSet structures;
  std::vector<NamedShape> shapes;
};

struct EvaluateOutcome {
  Evaluation evaluation;
  DoseOrigin dose_origin;
  ProtocolJudgement protocols;
  std::vector<InputRecord> inputs;
  GridSize dose_size;
  std::array<double, 3> dose_spacing_mm{};
  Warnings warnings;
  std::string patient_name, patient_id;  //!< of the RTSTRUCT
  SeenCase seen;
};

/// @throws InputError: no or several RTSTRUCT (listed with --rtstruct), what total_dose refuses, unknown structure
EvaluateOutcome evaluate_case(const EvaluateRequest& request, Progress& progress = no_progress);

}  // namespace sbrt
