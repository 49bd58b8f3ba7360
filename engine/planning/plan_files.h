/// Beam sets and plans as files: beams.json, plan.json, beams.csv. Formats: docs/formats.md.
#pragma once

#include "dose/beam.h"
#include "dose/dose_engine.h"
#include "engine/planning/prescription.h"
#include "engine/report/input_record.h"
#include "geometry/grid.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sbrt {

/// Content of beams.json (schema sbrtplan-beams/1).
struct BeamFile {
  std::string collimator_kind = "fixed";  //!< "fixed" or "iris"
  BeamSet beams;
  bool operator==(const BeamFile&) const = default;
};

struct PlanFileTarget {
  std::string structure;
  Prescription prescription;
  bool operator==(const PlanFileTarget&) const = default;
};

struct PlanFileOverride {
  std::string structure;
  double hu = 0;
  bool operator==(const PlanFileOverride&) const = default;
};

/// Content of plan.json (schema sbrtplan-plan/1): everything the dose follows from, so that the same bytes can be
/// computed again.
struct PlanFile {
  std::string program_name = "sbrtplan", program_version, program_revision;
  std::string collimator_kind = "fixed";
  BeamSet beams;                        //!< MU totals over all fractions, normalised
  std::vector<PlanFileTarget> targets;  //!< at least one
  std::vector<std::string> goals;       //!< as written
  double coverage_pct = 95;
  std::string beam_data_name, beam_data_version, beam_data_sha256;
  std::string density_name, density_sha256;  //!< CT number -> density table
  std::vector<PlanFileOverride> density_overrides;
  std::string body;               //!< structure name; empty: found in the CT
  std::optional<Grid> dose_grid;  //!< required when writing
  DepthMode depth = DepthMode::per_point_ray;
  std::vector<std::pair<std::string, std::string>> options;  //!< further options of the run by name, as text
  std::vector<InputRecord> inputs;
};

/// Refuses what no dose can be computed from. Messages name the beam.
/// @param where file or option for the message
/// @throws InputError: no beam, id empty or twice, id or node with comma, quote or line end, value not finite, negative
/// MU,
///         collimator not positive, source at the aim or not 300...1500 mm from it, unknown collimator kind
void check_beams(const BeamSet& beams, const std::string& where);

BeamFile read_beam_file(const std::filesystem::path& path);
std::string beam_file_text(const BeamFile& file);

PlanFile read_plan_file(const std::filesystem::path& path);
std::string plan_file_text(const PlanFile& file);

/// beams.csv: `id,node,source_x_mm,source_y_mm,source_z_mm,aim_x_mm,aim_y_mm,aim_z_mm,collimator_mm,weight_mu`.
BeamSet read_beam_csv(const std::filesystem::path& path);
std::string beam_csv_text(const BeamSet& beams);

std::string_view to_string(DepthMode depth);  ///< "ray", "axis"
/// @throws InputError offering the names
DepthMode depth_mode_named(const std::string& name);

}  // namespace sbrt
