/// Judges a dose: DVH queries per structure and the indices per target, each with its interval.
#pragma once

#include "engine/evaluation/dvh.h"
#include "engine/evaluation/goals.h"
#include "engine/evaluation/indices.h"
#include "engine/evaluation/query.h"
#include "engine/evaluation/tissue.h"
#include "engine/planning/prescription.h"
#include "geometry/interpolate.h"
#include "geometry/progress.h"
#include "geometry/shape.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct EvaluatedTarget {
  std::string structure;  //!< name of a structure in EvaluationInput::structures
  Prescription prescription;
};

struct NamedShape {
  Shape shape;
  RoiRole role = RoiRole::other;
};

/// Half width that the sampling part of the numerical intervals of a structure's numbers shall not exceed; the sampling
/// step follows from it.
struct WantedInterval {
  double volume_pct = 0.05;  //!< of volumes, in % of the structure
  double dose_pct = 0.3;     //!< of doses, in % of the largest dose in the grid
};

/// Several structures judged as one; what two of them share counts once.
struct StructureUnion {
  std::string name;
  std::vector<std::string> members;  //!< names of structures in EvaluationInput::structures
};

struct EvaluationInput {
  const DoseGrid* dose = nullptr;      //!< total dose over all fractions [Gy]
  std::vector<NamedShape> structures;  //!< all structures to report, targets included
  std::vector<EvaluatedTarget> targets;
  std::optional<Shape> body;  //!< region of PIV; else `body_mask`; else the whole dose grid (stated)
  const Occupancy* body_mask = nullptr;
  std::vector<StructureQuery> queries;  //!< beyond the default list
  std::vector<Goal> goals;
  Biology biology;
  std::optional<int> fractions;        //!< of the dose where no prescription says so; else they must agree
  bool effective_dose = false;         //!< the dose is a biologically effective one (RTDOSE of type EFFECTIVE)
  std::vector<StructureQuery> judged;  //!< metrics of goals judged elsewhere: the sampling step serves them too
  std::vector<StructureUnion> unions;
  Interpolation interpolation = Interpolation::cubic;
  WantedInterval wanted;  //!< of targets half of it
};

/// Curves of pieces of twice the step, and the first of them with the ends of the contours smaller and larger.
struct CoarseCurves {
  std::vector<Dvh> coarse;
  Dvh smaller, larger;
};

struct StructureResult {
  std::string name;
  RoiRole role = RoiRole::other;
  double volume_cc = 0;
  Interval volume_interval_cc;
  double outside_grid_cc = 0;  //!< part of the structure that the dose grid does not cover
  double step_mm = 0;          //!< sampling step
  bool has_dose = false;       //!< false when the grid covers nothing of it; then only the lines above have a meaning
  double min_gy = 0, mean_gy = 0, max_gy = 0;       //!< of the covered part
  std::optional<PatientPoint> max_point;            //!< where the maximum is, when it was found by search
  std::map<std::string, double> queries;            //!< text after the colon -> value in the query's unit
  std::map<std::string, Interval> query_intervals;  //!< sampling and end caps (measured_metrics.h); not of Min and Max
  Dvh dvh;
  CoarseCurves check;                              //!< what tells the intervals of further metrics (measure())
  std::vector<double> dvh_dose_gy, dvh_volume_cc;  //!< cumulative, on bins of Evaluation::dvh_bin_gy
  std::optional<DoseReference> reference;          //!< what % of dose, BED, EQD2, NTCP and TCP refer to
};

/// R50 and D2cm against the RTOG 0813/0915 table: "none", "minor", "major" deviation; "out of range" outside 1.8...163
/// cc.
struct RtogComparison {
  std::string r50, d2cm;
  std::optional<RtogLimits> limits;
};

struct TargetResult {
  std::string name;
  Prescription prescription;
  Tissue tissue;
  /// By the tissue's model, repopulation included. Nothing for a dose that is effective already.
  std::optional<double> prescription_bed_gy, prescription_eqd2_gy;
  Indices indices;
  std::optional<RtogComparison> rtog;
};

struct Evaluation {
  std::vector<StructureResult> structures;
  std::vector<StructureResult> unions;  //!< in the order of EvaluationInput::unions; without queries and curve
  std::vector<TargetResult> targets;
  std::vector<GoalResult> goals;
  std::string piv_region;          //!< "body contour 'NAME'", "body found in the CT", "dose grid"
  std::string piv_partition;       //!< how PIV is divided between targets, in words
  std::string contour_rule;        //!< between-plane rule
  std::string dose_interpolation;  //!< "cubic", "linear"
  Tissue standard_tissue;          //!< of structures without their own
  bool effective_dose = false;
  double dvh_bin_gy = 0;  //!< 0.05 Gy, or 0.1 % of the largest dose in the grid where that is finer
  std::optional<double> max_in_body_gy;
  Warnings warnings;
};

/// Queries every structure gets: targets D98%, D95%, D50%, D2%, D0.03cc, V<Rx>Gy[%]; others D0.03cc, D2%.
/// Warnings: structure-outside-grid, query-without-value, interval-not-reached, piv-at-grid-edge, piv-at-body-edge,
/// piv-merged, piv50-..., targets-overlap, target-outside-body, no-body, effective-dose, biology-unused.
/// @throws InputError for an unknown structure in a query, goal or target, fractions that disagree with a prescription,
/// or a dose that is not finite
Evaluation evaluate(const EvaluationInput& input, Progress& progress = no_progress);

}  // namespace sbrt
