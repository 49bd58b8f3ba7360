/// What was delivered then, judged as the new plan is: same structures, same indices, its own prescription.
#pragma once

#include "dicom/objects.h"
#include "engine/archive/replan_protocol.h"
#include "engine/pipeline.h"

#include <map>
#include <optional>
#include <string>

namespace sbrt {

struct ArchivedPlan {
  std::optional<Evaluation> evaluation;      //!< of the archived dose, where it can be used
  std::optional<Prescription> prescription;  //!< that the indices refer to
  bool prescription_from_plan = false;       //!< else it is the new plan's
  std::optional<int> beams;
  std::optional<double> total_mu;  //!< of plans of static circular fields
  std::optional<double> gamma_pct;
  Warnings warnings;  //!< why a part is missing
};

/// Never throws for archived objects that cannot be used: the new plan does not need them.
/// @param neighbours other lesions that the archived dose may treat: their part of an isodose is not this lesion's
/// @throws Cancelled
ArchivedPlan judge_archived(const dicom::Catalogue& catalogue, const PlanRequest& request, const PlanOutcome& outcome,
                            const std::vector<std::string>& neighbours, const GammaCriteria& gamma,
                            Progress& progress = no_progress);

/// One structure under both doses, new - archived.
struct DvhDifference {
  double mean_gy = 0, min_gy = 0, max_gy = 0;
  double largest_volume_pct = 0, at_dose_gy = 0;  //!< largest difference of the cumulative curves [% of the structure]
  std::map<std::string, double> queries;          //!< that both have, by their text
};
DvhDifference dvh_difference(const StructureResult& replanned, const StructureResult& archived);

}  // namespace sbrt
