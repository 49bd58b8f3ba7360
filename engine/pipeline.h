/// The main job on one page: from a request to a plan, its dose and its judgement.
#pragma once

#include "dose/dose_engine.h"
#include "engine/case_import.h"
#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/query.h"
#include "engine/patient_model.h"
#include "engine/planning/planner.h"
#include "engine/protocols/protocol_judgement.h"
#include "engine/robustness.h"
#include "engine/structure_shapes.h"
#include "engine/target_builder.h"
#include "geometry/progress.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

constexpr double least_reduce_pct = 0.1, most_reduce_pct = 20;  //!< of PlanRequest::reduce_pct, where it is stated

/// Everything the user decides.
struct PlanRequest {
  CaseSelection selection;
  TargetRequest targets;
  PatientModelOptions patient;
  std::vector<Goal> goals;
  std::vector<StructureQuery> queries;
  ProtocolRequest protocols;
  double coverage_pct = 95;  //!< share of each PTV that receives its prescription
  std::string nodes = "body";
  int every_node = 1;                  //!< keeps the first of every n nodes of the set's path
  std::vector<std::string> avoid;      //!< structures that no beam may pass before it reaches its aim point
  std::vector<double> collimators_mm;  //!< empty: chosen from the target's size
  int count = 0;                       //!< candidate beams; 0: chosen from the target's size
  std::uint64_t seed = 1;
  bool isocentric = false;  //!< every beam aims at its target's centre, the baseline of comparisons
  DeliveryLimits limits;
  SolverChoice solver = SolverChoice::penalty;
  std::string write_mps;     //!< file for the linear programme; empty: none
  bool prove_goals = false;  //!< by a linear programme, whether a missed goal could be met at all
  double reduce_pct = 0;     //!< give up beams and nodes while the plan gets no worse than this
  bool robustness = false;
  double grid_mm = 0;                      //!< dose grid; 0: 1 mm for targets under 10 cc, 1.5 mm above
  std::string region;                      //!< structure over whose box the dose grid lies; empty: the body
  std::optional<double> region_margin_mm;  //!< around the region's box; nothing: 20
  std::string beam_data = "generic-6mv-fff";
  DepthMode depth = DepthMode::per_point_ray;
  SimdChoice simd = SimdChoice::widest;  //!< of the forward dose
  Biology biology;
  std::optional<BeamSet> candidates;  //!< weigh these instead of making candidates
  std::string candidates_kind;        //!< of collimator; empty: not told
};

/// What is fixed before any beam is chosen.
struct PreparedCase {
  ImportedCase input;
  BuiltTargets targets;
  PatientModel patient;
  BeamData beam_data;
  NodeSet nodes;                   //!< turned to the patient's position
  std::vector<NamedShape> shapes;  //!< all structures that can be evaluated, new PTVs included
  Grid dose_grid;
  Warnings warnings;
  BoundProtocols protocols;
  std::vector<Goal> goals;  //!< that the weights are made for: the request's and those of its protocols
};

/// Everything that was decided and found.
struct PlanOutcome {
  PreparedCase prepared;
  BeamSet beams;  //!< weights are final: totals over all fractions [MU]
  DoseResult dose;
  Evaluation evaluation;
  ProtocolJudgement protocols;
  Warnings warnings;  //!< of the whole run
  std::optional<SolverRecord> solver;
  std::string mps;  //!< the linear programme as text; empty: not asked for
  std::optional<Robustness> robustness;
  std::optional<double> searched_isodose_pct;  //!< of targets whose prescription leaves it open
};

/// Import, targets, body, density, beam data, nodes. @throws InputError, Cancelled
PreparedCase prepare_case(const PlanRequest& request, Progress& progress = no_progress);

/// What the planner sees of a prepared case. Refers to `prepared`, which must outlive it.
PlanningProblem planning_problem(const PlanRequest& request, const PreparedCase& prepared);
PlanningOptions planning_options(const PlanRequest& request, const PreparedCase& prepared);

/// The main job. @throws InputError, Cancelled
PlanOutcome plan_case(const PlanRequest& request, Progress& progress = no_progress);

/// The same from a case that is prepared. What `request` says of inputs, targets and patient is not looked at again.
PlanOutcome plan_prepared(const PlanRequest& request, PreparedCase prepared, Progress& progress = no_progress);

/// 1 mm for targets under 10 cc, 1.5 mm above, unless the user chose.
double dose_grid_spacing_mm(double chosen_mm, const std::vector<BuiltTarget>& targets);

/// Grid over the whole body, and over targets that reach beyond it, with the CT's axes.
Grid dose_grid_over(const Occupancy& body, double spacing_mm, const std::vector<BuiltTarget>& targets = {});

/// Grid over the box of a structure, grown by a margin, with the CT's axes.
Grid dose_grid_about(const Shape& region, double margin_mm, double spacing_mm, const Grid& ct);

/// Node offsets turned from a head-first supine patient to `patient_position` (HFS, HFP, FFS, ... DICOM C.7.3.1.1.2).
/// @throws InputError for a position that is not one of the eight
NodeSet turned_to(const NodeSet& nodes, const std::string& patient_position);

/// The request's nodes, thinned by every_node and turned. @throws InputError
NodeSet nodes_of(const PlanRequest& request, const std::string& patient_position);

}  // namespace sbrt
