/// From anatomy and intent to a weighted beam set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "dose/dose_engine.h"
#include "engine/evaluation/query.h"
#include "engine/planning/node_set.h"
#include "engine/planning/prescription.h"
#include "geometry/progress.h"
#include "geometry/shape.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

namespace sbrt {

struct PlanningTarget {
  Shape shape;                 //!< the PTV
  Prescription prescription;
};

/// What the optimiser sees. Everything is in the CT's frame of reference.
struct PlanningProblem {
  std::vector<PlanningTarget> targets;
  std::vector<Shape> organs;           //!< structures with goals or to be spared
  std::vector<Goal> goals;
  const DensityMap* density = nullptr;
  const BeamData* beam_data = nullptr;
  const Occupancy* body = nullptr;     //!< on the CT's grid
};

struct PlanningOptions {
  NodeSet nodes;
  std::vector<double> collimators_mm;  //!< empty: chosen from the target's size
  int count = 0;                       //!< candidates; 0: chosen from the target's size
  std::uint64_t seed = 1;
  double coverage_pct = 95;            //!< share of each PTV that gets the prescription
  DepthMode depth = DepthMode::per_point_ray;
};

/// Candidate beams: aim points on the shrunk target surface and in the interior, seeded, the same on every machine.
/// Weights are 0.
BeamSet make_candidates(const PlanningProblem& problem, const PlanningOptions& options, Warnings& warnings);

struct PlanningResult {
  BeamSet beams;      //!< weight > 0 only; MU totals over all fractions, before the final normalisation on the full grid
  Warnings warnings;
  int iterations = 0;
  double objective = 0;
};
PlanningResult optimise(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                        Progress& progress = no_progress);

/// Factor on all MU that makes the least covered target (relative to its wish) receive its prescription in exactly coverage_pct of its volume.
double normalisation_factor(const std::vector<PlanningTarget>& targets, const DoseGrid& dose, double coverage_pct);

}  // namespace sbrt
