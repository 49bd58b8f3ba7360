/// The judgement of a dose with its provenance: what report.json, the terminal and later pages are made of.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/planning/delivery.h"
#include "engine/planning/solver_record.h"
#include "engine/protocols/protocol_judgement.h"
#include "engine/report/dose_origin.h"
#include "engine/report/input_record.h"
#include "engine/robustness.h"
#include "geometry/grid.h"
#include "geometry/warning.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct BeamDataRecord {
  std::string name, version, sha256;
  bool clinical = false;
};

struct DoseGridRecord {
  GridSize size;
  std::array<double, 3> spacing_mm{};
};

/// Who the report is about; left out of anonymous reports.
struct PatientRecord {
  std::string name, id;
};

/// A file that lies beside the report.
struct FileRecord {
  std::string path, content;
};

/// Fill the evaluation and what is known of the rest; empty parts do not appear in the file.
struct PlanReport {
  std::string program_version, program_revision;
  std::vector<InputRecord> inputs;
  Evaluation evaluation;
  ProtocolJudgement protocols;
  std::optional<DoseGridRecord> dose_grid;
  std::optional<DoseOrigin> dose_origin;    //!< of a dose that was read from RTDOSE files
  std::optional<BeamDataRecord> beam_data;  //!< of a dose that this program computed
  std::optional<SolverRecord> solver;       //!< of the ordered linear programme
  std::optional<Robustness> robustness;
  std::optional<DeliveryEstimate> delivery;   //!< of a plan
  std::string density_table, density_sha256;  //!< HU to electron density, of a dose that this program computed
  std::optional<PatientRecord> patient;
  std::vector<FileRecord> files;  //!< plain files written with the report, paths relative to it
  Warnings warnings;              //!< of the whole run; those of the evaluation are added by the writers
};

/// report.json, schema "sbrtplan-report/1" (docs/formats.md). Numbers read back to the same doubles, keys that do not
/// apply are absent, the order is fixed.
std::string to_json(const PlanReport& report);

/// Leaves out who the patient is: name, id, and the paths and UIDs of the inputs; the hashes stay.
void make_anonymous(PlanReport& report);

/// True when no stated goal is missed or without a value. Goals of protocols without a structure do not count.
/// @param minor_counts a minor deviation counts as missed
bool all_goals_met(const PlanReport& report, bool minor_counts = false);

/// Warnings of the run, then those of the evaluation that are not among them.
Warnings all_warnings(const PlanReport& report);

}  // namespace sbrt
