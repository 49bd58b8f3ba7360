/// The finished plan under errors of place, density, output and aim, computed with the forward dose.
///
/// A patient who lies off by v is the same as all beams displaced by -v; a rotation about the targets' centre turns
/// sources and aims the other way; a beam's aiming error moves its source and its aim point across its direction.
/// Density errors scale all densities. Every dose is that of the moved beams in the patient as scanned: exact within
/// the dose model, on quasi-uniform samples of each structure. Neglected: deformation, interplay, errors that differ
/// from fraction to fraction (each scenario holds for the whole treatment, which is the worst case).
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "dose/dose_engine.h"
#include "engine/evaluation/query.h"
#include "engine/planning/prescription.h"
#include "geometry/progress.h"
#include "geometry/shape.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct RobustnessOptions {
  std::vector<double> shifts_mm{1, 2};  //!< along each axis, both ways
  double rotation_deg = 1;              //!< about each axis, both ways; 0: none
  double density_pct = 3, output_pct = 2;
  int jitter_draws = 20;
  double jitter_mm = 0.5;  //!< standard deviation of each beam's aim along both axes of its view
  std::uint64_t seed = 1;
};

/// One number of the plan over all scenarios.
struct RobustnessBand {
  std::string text;  //!< "PTV coverage", "PTV maximum", a goal
  std::string unit;
  double nominal = 0, low = 0, high = 0;
  std::string low_scenario, high_scenario;
  bool is_goal = false;
  int missed = 0;  //!< goal: scenarios that miss it, the nominal one left aside
};

struct Robustness {
  RobustnessOptions options;
  int scenarios = 0;  //!< besides the nominal one
  std::vector<RobustnessBand> bands;
};

struct RobustnessTarget {
  const Shape* shape = nullptr;
  Prescription prescription;
};

struct RobustnessCase {
  BeamSet beams;
  std::vector<RobustnessTarget> targets;
  std::vector<const Shape*> organs;  //!< their maxima are reported
  std::vector<Goal> goals;           //!< physical DVH metrics of these targets and organs; others are left out
  const DensityMap* density = nullptr;
  const BeamData* beam_data = nullptr;
  DepthMode depth = DepthMode::per_point_ray;
};

/// Stage reported: "robustness". The same for any thread count. @throws InputError as compute_influence
Robustness test_robustness(const RobustnessCase& c, const RobustnessOptions& options = {},
                           Progress& progress = no_progress);

}  // namespace sbrt
