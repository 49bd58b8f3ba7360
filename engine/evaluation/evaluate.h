/// Judges a dose: DVH queries per structure and the indices of docs/physics.md / EVALUATION per target, each with its interval.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/query.h"
#include "engine/planning/prescription.h"
#include "geometry/interpolate.h"
#include "geometry/progress.h"
#include "geometry/shape.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

namespace sbrt {

struct EvaluatedTarget {
  std::string structure;      //!< name of a structure in EvaluationInput::structures
  Prescription prescription;
};

struct NamedShape {
  Shape shape;
  RoiRole role = RoiRole::other;
};

struct EvaluationInput {
  const DoseGrid* dose = nullptr;         //!< total dose over all fractions [Gy]
  std::vector<NamedShape> structures;     //!< all structures to report, targets included
  std::vector<EvaluatedTarget> targets;
  std::optional<Shape> body;              //!< region of PIV; else `body_mask`; else the whole dose grid (stated)
  const Occupancy* body_mask = nullptr;
  std::vector<StructureQuery> queries;    //!< beyond the default list
  double alpha_beta_gy = 10.0;
  Interpolation interpolation = Interpolation::cubic;
};

/// Id (docs/physics.md and the definitions table) -> value with interval; an index that does not apply is absent.
using Indices = std::map<std::string, Measured>;

struct StructureResult {
  std::string name;
  RoiRole role = RoiRole::other;
  double volume_cc = 0;
  Interval volume_interval_cc;
  double min_gy = 0, mean_gy = 0, max_gy = 0;
  double outside_grid_cc = 0;                    //!< part of the structure that the dose grid does not cover
  std::map<std::string, double> queries;         //!< text after the colon -> value in the query's unit
  std::vector<double> dvh_dose_gy, dvh_volume_cc;  //!< cumulative DVH
};

struct TargetResult {
  std::string name;
  Prescription prescription;
  Indices indices;
};

struct Evaluation {
  std::vector<StructureResult> structures;
  std::vector<TargetResult> targets;
  std::string piv_region;   //!< "body contour", "body found in the CT", "dose grid"
  std::string contour_rule; //!< between-plane rule
  std::string dose_interpolation;
  Warnings warnings;
};

/// @throws InputError for an unknown structure in a query or target, or a dose that is not finite
Evaluation evaluate(const EvaluationInput& input, Progress& progress = no_progress);

/// Definition of an index or query metric in words with its unit, for tables and the report: {"ci", "PIV/TIV ...", "1"}.
struct IndexDefinition {
  std::string id, formula, unit, source;
};
const std::vector<IndexDefinition>& index_definitions();

}  // namespace sbrt
