#include "engine/archive/case_request.h"

#include "dicom/import.h"
#include "engine/archive/lesion_size.h"
#include "engine/shells.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

Prescription prescription_of(const PrescriptionChoice& choice, const dicom::Catalogue& catalogue,
                             const ReplanCase& one) {
  if (!choice.from_plan) return choice.fixed.value();
  const dicom::PlanFile* plan = archived_plan_of(catalogue, one.structure_uid);
  if (plan && plan->prescription_dose_gy && plan->fractions)
    return {*plan->prescription_dose_gy, *plan->fractions, choice.isodose_pct};
  if (choice.fixed) return *choice.fixed;
  throw InputError("no prescription", plan ? plan->path.string() : "RTSTRUCT " + one.structure_uid,
                   plan ? "the archived RTPLAN does not state one dose and one number of fractions"
                        : "the archive has no RTPLAN, or several, of this structure set",
                   "add \"otherwise\" to the protocol's prescription");
}

const CaseRule* rule_for(const ReplanProtocol& protocol, const ReplanCase& one, double diameter_mm) {
  for (const CaseRule& rule : protocol.rules)
    if ((rule.sites.empty() || matches_any(one.site, rule.sites)) &&
        (rule.targets.empty() || matches_any(one.target, rule.targets)) &&
        diameter_mm >= rule.from_diameter_mm.value_or(0) && diameter_mm < rule.below_diameter_mm.value_or(HUGE_VAL))
      return &rule;
  return nullptr;
}

// A protocol serves many cases, and not every case has every organ.
void leave_out_missing(std::vector<Goal>& goals, const StructureSet& structures, bool expand, Warnings& warnings) {
  std::erase_if(goals, [&](const Goal& goal) {
    // The PTV of a GTV and shells are only about to be made.
    const bool there = (expand && goal.query.structure == "PTV") || shell_name(goal.query.structure) ||
                       std::any_of(structures.structures().begin(), structures.structures().end(),
                                   [&](const Structure& s) { return s.name == goal.query.structure; });
    if (!there)
      warnings.push_back(
          {"goal-without-structure", "'" + goal.text + "' is not judged: the case has no such structure"});
    return !there;
  });
}

}  // namespace

const dicom::PlanFile* archived_plan_of(const dicom::Catalogue& catalogue, const std::string& structure_uid) {
  std::vector<const dicom::PlanFile*> plans;
  for (const dicom::PlanFile& plan : catalogue.plans)
    if (plan.referenced_structure_uid.empty() || plan.referenced_structure_uid == structure_uid) plans.push_back(&plan);
  if (plans.size() > 1)
    std::erase_if(plans, [&](const dicom::PlanFile* plan) {
      return std::none_of(catalogue.doses.begin(), catalogue.doses.end(), [&](const dicom::DoseFile& dose) {
        return dose.referenced_plan_uid == plan->reference.sop_instance_uid && dose.summation_type == "PLAN";
      });
    });
  return plans.size() == 1 ? plans.front() : nullptr;
}

CaseRequest request_for(const ReplanCase& one, const ReplanProtocol& protocol, const dicom::Catalogue& catalogue,
                        const std::vector<std::filesystem::path>& files) {
  CaseRequest request{protocol.base, 0, {}};
  PlanRequest& plan = request.plan;
  plan.selection.rtstruct = one.structure_uid;
  plan.selection.inputs = files;
  const dicom::StructureFile& structure_file = dicom::choose_structures(catalogue, one.structure_uid);
  const dicom::LoadedStructures loaded = dicom::load_structures(structure_file);
  request.largest_diameter_mm = largest_diameter_mm(loaded.structures.at(one.gtv.empty() ? one.target : one.gtv));

  PrescriptionChoice prescription = protocol.prescription;
  if (const CaseRule* rule = rule_for(protocol, one, request.largest_diameter_mm)) {
    if (rule->prescription) prescription = *rule->prescription;
    if (rule->margin_mm) plan.targets.margin_mm = *rule->margin_mm;
    if (rule->coverage_pct) plan.coverage_pct = *rule->coverage_pct;
    if (rule->grid_mm) plan.grid_mm = *rule->grid_mm;
    if (rule->goals) plan.goals = *rule->goals;
    if (rule->nodes) plan.nodes = *rule->nodes;
    if (rule->collimators_mm) plan.collimators_mm = *rule->collimators_mm;
  }
  plan.targets.prescriptions = {prescription_of(prescription, catalogue, one)};
  if (one.expand) {
    plan.targets.gtvs = {one.target};
  } else {
    plan.targets.targets = {one.target};
    plan.targets.margin_mm.reset();
  }
  leave_out_missing(plan.goals, loaded.structures, one.expand, request.warnings);
  std::erase_if(plan.queries, [&](const StructureQuery& query) { return !loaded.structures.find(query.structure); });
  return request;
}

}  // namespace sbrt
