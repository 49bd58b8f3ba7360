#include "engine/archive/archived_plan.h"

#include "dicom/robotic_plan.h"
#include "engine/archive/case_request.h"
#include "engine/dose_total.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// Of several doses those of this structure set's plan; the reader's own rules choose among what is left.
dicom::DoseSelection doses_of(const dicom::Catalogue& catalogue, const std::string& structure_uid,
                              const dicom::PlanFile* plan) {
  dicom::DoseSelection selection;
  if (catalogue.doses.size() < 2) return selection;
  std::vector<std::string> totals;
  for (const dicom::DoseFile& dose : catalogue.doses) {
    const bool of_plan = plan && dose.referenced_plan_uid == plan->reference.sop_instance_uid;
    if ((of_plan || dose.referenced_structure_uid == structure_uid) && dose.summation_type == "PLAN")
      totals.push_back(dose.reference.sop_instance_uid);
  }
  if (totals.size() == 1) selection.wanted = totals;
  return selection;
}

void read_plan(const dicom::PlanFile& file, const std::string& patient_position, ArchivedPlan& archived) {
  if (!file.beams.empty()) archived.beams = int(file.beams.size());
  try {
    const dicom::LoadedRoboticPlan loaded = dicom::load_robotic_plan(file.path, patient_position);
    double total = 0;
    for (const dicom::RoboticBeam& beam : loaded.plan.beams) total += beam.mu_per_fraction * loaded.plan.fractions;
    archived.beams = int(loaded.plan.beams.size());
    archived.total_mu = total;
  } catch (const InputError& error) {
    archived.warnings.push_back({"archived-plan-mu", std::string("no MU of the archived plan: ") + error.what()});
  }
}

}  // namespace

ArchivedPlan judge_archived(const dicom::Catalogue& catalogue, const PlanRequest& request, const PlanOutcome& outcome,
                            const std::vector<std::string>& neighbours, const GammaCriteria& gamma,
                            Progress& progress) {
  ArchivedPlan archived;
  const PreparedCase& prepared = outcome.prepared;
  const dicom::StructureFile& structure_file = prepared.input.structure_file;
  const std::string& structure_uid = structure_file.reference.sop_instance_uid;
  const dicom::PlanFile* plan = archived_plan_of(catalogue, structure_uid);
  Prescription prescription = prepared.targets.targets.front().prescription;
  if (plan) {
    read_plan(*plan, prepared.input.ct_series.patient_position, archived);
    if (plan->prescription_dose_gy && plan->fractions) {
      prescription = {*plan->prescription_dose_gy, *plan->fractions, std::nullopt};
      archived.prescription_from_plan = true;
    }
  }
  if (catalogue.doses.empty()) return archived;

  std::optional<DoseTotal> total;
  try {
    DoseTotalRequest wanted;
    wanted.selection = doses_of(catalogue, structure_uid, plan);
    total = total_dose(catalogue, structure_file, wanted);
    append(archived.warnings, total->warnings);

    EvaluationInput input;
    input.dose = &total->dose;
    input.structures = prepared.shapes;
    for (const BuiltTarget& target : prepared.targets.targets)
      input.targets.push_back({target.shape.name(), prescription});
    for (const NamedShape& one : prepared.shapes)
      if (std::find(neighbours.begin(), neighbours.end(), one.shape.name()) != neighbours.end() &&
          total->dose.grid().bounding_box().contains(one.shape.centroid()))
        input.targets.push_back({one.shape.name(), prescription});
    input.body = prepared.patient.body_shape;
    input.body_mask = &prepared.patient.body;
    input.queries = request.queries;
    input.biology = request.biology;
    archived.evaluation = evaluate(input, progress);
    archived.prescription = prescription;
  } catch (const InputError& error) {
    archived.warnings.push_back(
        {"archived-dose-not-used", std::string("the archived dose is not compared: ") + error.what()});
    return archived;
  }
  try {
    archived.gamma_pct = compare_gamma(total->dose, outcome.dose.dose, gamma, progress).pass_pct;
  } catch (const InputError& error) {
    archived.warnings.push_back({"archived-gamma", std::string("no gamma index: ") + error.what()});
  }
  return archived;
}

DvhDifference dvh_difference(const StructureResult& replanned, const StructureResult& archived) {
  DvhDifference difference;
  difference.mean_gy = replanned.mean_gy - archived.mean_gy;
  difference.min_gy = replanned.min_gy - archived.min_gy;
  difference.max_gy = replanned.max_gy - archived.max_gy;
  for (const auto& [text, value] : replanned.queries)
    if (const auto there = archived.queries.find(text); there != archived.queries.end())
      difference.queries[text] = value - there->second;
  const double volume = replanned.dvh.volume_mm3();
  if (!(volume > 0)) return difference;
  constexpr int steps = 400;
  const double highest = std::max(replanned.max_gy, archived.max_gy);
  for (int n = 1; n <= steps; ++n) {
    const double dose = highest * n / steps;
    const double pct = 100 * (replanned.dvh.volume_at_dose_mm3(dose) - archived.dvh.volume_at_dose_mm3(dose)) / volume;
    if (std::abs(pct) > std::abs(difference.largest_volume_pct)) {
      difference.largest_volume_pct = pct;
      difference.at_dose_gy = dose;
    }
  }
  return difference;
}

}  // namespace sbrt
