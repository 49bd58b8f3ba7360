/// The indices of every target: isodose volumes, extremes, radiobiology.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/isodose_volume.h"
#include "engine/evaluation/structure_dose.h"

#include <vector>

namespace sbrt {

/// One target with what was already found about it.
struct JudgedTarget {
  const Shape* shape = nullptr;
  Prescription prescription;
  SampledStructure fine;
  std::vector<SampledStructure> coarse;  //!< draws of pieces twice as long
  StructureResult* structure = nullptr;  //!< its maximum may be raised to the body's when that lies inside
};

/// @return results in the order of the targets
std::vector<TargetResult> judge_targets(const DoseInterpolator& dose, const Region& region,
                                        std::vector<JudgedTarget>& targets, Evaluation& evaluation, Progress& progress);

}  // namespace sbrt
