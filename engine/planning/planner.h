/// From anatomy and intent to a weighted beam set.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "dose/dose_engine.h"
#include "engine/evaluation/query.h"
#include "engine/planning/node_set.h"
#include "engine/planning/prescription.h"
#include "engine/planning/solver_record.h"
#include "geometry/progress.h"
#include "geometry/shape.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct PlanningTarget {
  Shape shape;  //!< the PTV
  Prescription prescription;
};

/// What the optimiser sees. Everything is in the CT's frame of reference.
struct PlanningProblem {
  std::vector<PlanningTarget> targets;
  std::vector<Shape> organs;  //!< structures with goals
  std::vector<Goal> goals;    //!< each names an organ or a target
  const DensityMap* density = nullptr;
  const BeamData* beam_data = nullptr;
  const Occupancy* body = nullptr;  //!< on the CT's grid
  std::vector<Shape> avoidance;     //!< no beam may pass these before it reaches its aim point
};

/// What the machine can deliver in one fraction; general knowledge of such machines (docs/physics.md).
struct DeliveryLimits {
  int max_beams = 0;         //!< beams of the finished plan; 0: chosen from the targets' size, 150 to 300
  double min_beam_mu = 5;    //!< a beam has none or at least this [MU]
  double max_beam_mu = 500;  //!< [MU]
  double max_node_mu = 0;    //!< all beams of a node together [MU]; 0: no limit
  int max_nodes = 0;         //!< of the finished plan; 0: no limit
  /// A limit of the user's own holds for the finished MU, the default one before they are scaled to the coverage.
  bool caps_stated() const { return max_beam_mu != DeliveryLimits{}.max_beam_mu || max_node_mu > 0; }
  bool operator==(const DeliveryLimits&) const = default;
};

enum class SolverChoice {
  penalty,     ///< one-sided quadratic penalties: seconds
  ordered_lp,  ///< ordered linear programme with bounds (ordered_lp.h): half a minute to two minutes
};

struct PlanningOptions {
  NodeSet nodes;
  std::vector<double> collimators_mm;  //!< empty: chosen from the target's size
  int count = 0;                       //!< candidates; 0: chosen from the target's size
  std::uint64_t seed = 1;
  double coverage_pct = 95;  //!< share of each PTV that gets the prescription
  DepthMode depth = DepthMode::per_point_ray;
  bool isocentric = false;  //!< aim every beam at its target's centre (the baseline of comparisons)
  /// Where the prescription leaves it open; nothing: searched (docs/physics.md, "Weights").
  std::optional<double> default_isodose_pct;
  DeliveryLimits limits;
  SolverChoice solver = SolverChoice::penalty;
  bool write_mps = false;         //!< ordered_lp: the last stage over all candidates as MPS
  bool prove_goals = false;       //!< a missed goal is followed by a linear programme that bounds it
  double reduce_pct = 0;          //!< beams and nodes are given up while the plan gets no worse than this; 0: none
  std::optional<Grid> full_grid;  //!< the weights are checked on and mended until it agrees; nothing: not checked
};

/// Volume-weighted mean of the targets' centroids: the point that node offsets refer to. @pre at least one target
PatientPoint alignment_centre(const std::vector<PlanningTarget>& targets);

/// Collimators for these targets out of the beam data's, one to four per target (target_views.h).
std::vector<double> automatic_collimators(const std::vector<PlanningTarget>& targets, const BeamData& beam_data,
                                          const NodeSet& nodes);

/// Candidate beams: from every node fields that touch the target's outline, as seen from that node, from inside, and
/// some deeper inside (node_fields.h); quasi-random, the same on every machine. Every node gets the same number,
/// targets share them by size. The aim is the middle of the axis's longest way inside the target. Weights are 0. Beams
/// that pass an avoidance structure or enter through a cut face of the CT (cut_faces.h) are left out and made up for by
/// others.
/// @throws InputError: no target, node set empty, collimator not in the beam data, no beam left
BeamSet make_candidates(const PlanningProblem& problem, const PlanningOptions& options, Warnings& warnings);

struct PlanningResult {
  BeamSet beams;  //!< weight > 0 only; MU totals over all fractions, before the final normalisation on the full grid
  Warnings warnings;
  int iterations = 0;
  double objective = 0;
  int grid_checks = 0;                         //!< on the full grid
  std::size_t added_points = 0;                //!< that these checks found
  std::optional<SolverRecord> solver;          //!< of the ordered linear programme
  std::string mps;                             //!< empty: not asked for
  std::optional<double> searched_isodose_pct;  //!< of targets whose prescription leaves it open
  double expected_isodose_pct = 0;  //!< prescription over maximum on the optimiser's points, lowest of the targets
};

/// MU of at most `limits.max_beams` of the candidates by one-sided quadratic penalties (docs/physics.md, "Weights").
///
/// The penalties ask for the prescription in coverage_pct of each target, no more than prescription/isodose anywhere, a
/// steep fall-off around it, and the goals. Doses are judged on quasi-random points; the chosen beams are weighted
/// again on denser ones. Stages reported: "influence" and "optimise". The result depends on neither thread count nor
/// machine.
/// @throws InputError: no candidates, a goal for an unknown structure or with a metric that cannot be planned for, no
/// beam
///         reaches a target
PlanningResult optimise(const PlanningProblem& problem, const PlanningOptions& options, const BeamSet& candidates,
                        Progress& progress = no_progress);

/// Factor on all MU that makes the least covered target (relative to its prescription) receive its prescription in
/// exactly coverage_pct of its volume. Where more than the rest of a target lies outside the body, coverage_pct of the
/// part inside (warning "coverage-not-possible").
/// @param body null: everything counts as inside
/// @throws InputError: a target leaves the dose grid or receives no dose
double normalisation_factor(const std::vector<PlanningTarget>& targets, const DoseGrid& dose, double coverage_pct,
                            const Occupancy* body = nullptr, Warnings* warnings = nullptr);

}  // namespace sbrt
