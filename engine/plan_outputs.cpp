#include "engine/plan_outputs.h"

#include "dicom/export.h"
#include "engine/plan_exchange.h"
#include "engine/planning/delivery.h"
#include "engine/planning/plan_files.h"
#include "engine/report/report_folder.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

dicom::ProgramInfo program_info() { return {program_version(), program_revision()}; }

// One RTSTRUCT for all targets: the one that was read, with the new structures appended. Its UID follows from its
// content, not from the files that brought the original: an archive writes other file headers than a folder holds.
dicom::StructuresAdded write_structures(const PreparedCase& prepared, const std::filesystem::path& path) {
  const std::string seed = "structures " + prepared.input.structure_file.reference.sop_instance_uid;
  return dicom::write_structures_added(prepared.input.structure_file, prepared.targets.added, &prepared.input.ct_series,
                                       seed, program_info(), path);
}

// ROI numbers of the targets in structures.dcm: those of the original, and of what was added to it.
std::vector<std::optional<int>> target_numbers(const PreparedCase& prepared, const dicom::StructuresAdded& written) {
  std::vector<std::optional<int>> numbers;
  for (const BuiltTarget& target : prepared.targets.targets) {
    numbers.emplace_back();
    for (const Structure& read : prepared.input.structures.structures())
      if (read.name == target.shape.name() && read.number > 0) numbers.back() = read.number;
    for (std::size_t n = 0; n < prepared.targets.added.size(); ++n)
      if (prepared.targets.added[n].name == target.shape.name()) numbers.back() = written.numbers.at(n);
  }
  return numbers;
}

dicom::InstanceReference write_plan(const PlanRequest& request, const PlanOutcome& outcome,
                                    const dicom::StructuresAdded& structures, const std::filesystem::path& path) {
  const dicom::CtSeries& ct = outcome.prepared.input.ct_series;
  dicom::RoboticPlanExport info;
  info.patient_study = ct.patient_study;
  info.frame_of_reference_uid = ct.frame_of_reference_uid;
  info.series_description = "sbrtplan plan";
  info.structures = structures.reference;
  info.uid_seed = "plan " + structures.reference.sop_instance_uid + " " + outcome.prepared.beam_data.sha256();
  return dicom::write_robotic_plan(robotic_plan_of(request, outcome, target_numbers(outcome.prepared, structures)),
                                   info, program_info(), path);
}

void write_dose(const PlanOutcome& outcome, const dicom::InstanceReference& structures,
                const dicom::InstanceReference& plan, const std::filesystem::path& path) {
  const dicom::CtSeries& ct = outcome.prepared.input.ct_series;
  dicom::DoseExport info;
  info.patient_study = ct.patient_study;
  info.frame_of_reference_uid = ct.frame_of_reference_uid;
  info.series_description = "sbrtplan dose";
  info.structures = structures;
  info.plan = plan;
  info.uid_seed = uid_seed_of(outcome.dose.dose, structures.sop_instance_uid, ct.series_instance_uid);
  dicom::write_dose(outcome.dose.dose, info, program_info(), path);
}

ReportView view_of(const PlanOutcome& outcome) {
  const PreparedCase& prepared = outcome.prepared;
  std::vector<const Structure*> drawn;
  for (const Structure& s : prepared.input.structures.structures()) drawn.push_back(&s);
  for (const Structure& s : prepared.targets.added) drawn.push_back(&s);
  ReportView view;
  view.ct = &prepared.input.ct;
  view.dose = &outcome.dose.dose;
  view.structures = view_structures(prepared.shapes, drawn);
  for (const BuiltTarget& target : prepared.targets.targets) view.targets.push_back(target.shape.name());
  view.beams = outcome.beams;
  return view;
}

}  // namespace

std::string uid_seed_of(const DoseGrid& dose, const std::string& structure_uid, const std::string& ct_uid) {
  Sha256 hash;
  hash.add(dose.values().data(), dose.values().size() * sizeof(float));
  const PatientPoint o = dose.grid().origin();
  const auto s = dose.grid().spacing_mm();
  hash.add(fmt::format("{} {} {} {} {} {}", o.x, o.y, o.z, s[0], s[1], s[2]));
  return "dose " + hash.finish() + " " + structure_uid + " " + ct_uid;
}

const std::vector<std::string>& plan_output_files() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"plan.json", "beams.csv"};
    all.insert(all.end(), report_folder_entries().begin(), report_folder_entries().end());
    all.insert(all.end(), {"dose.dcm", "structures.dcm", "plan.dcm"});
    return all;
  }();
  return names;
}

PlanReport make_report(const PlanRequest&, const PlanOutcome& outcome) {
  const PreparedCase& prepared = outcome.prepared;
  PlanReport report;
  report.program_version = program_version();
  report.program_revision = program_revision();
  report.inputs = prepared.input.inputs;
  report.evaluation = outcome.evaluation;
  report.protocols = outcome.protocols;
  report.dose_grid = DoseGridRecord{outcome.dose.dose.grid().size(), outcome.dose.dose.grid().spacing_mm()};
  report.beam_data = BeamDataRecord{prepared.beam_data.name(), prepared.beam_data.version(),
                                    prepared.beam_data.sha256(), prepared.beam_data.clinical()};
  report.delivery =
      estimate_delivery(outcome.beams, prepared.nodes, prepared.targets.targets.front().prescription.fractions);
  report.solver = outcome.solver;
  report.robustness = outcome.robustness;
  report.density_table = prepared.patient.density_table;
  report.density_sha256 = prepared.patient.density_sha256;
  report.warnings = outcome.warnings;
  const dicom::PatientStudy& patient = prepared.input.ct_series.patient_study;
  report.patient = PatientRecord{patient.patient_name, patient.patient_id};
  return report;
}

std::string plan_json(const PlanRequest& request, const PlanOutcome& outcome) {
  const PreparedCase& prepared = outcome.prepared;
  PlanFile file;
  file.program_version = program_version();
  file.program_revision = program_revision();
  file.collimator_kind = prepared.beam_data.collimator_kind();
  file.beams = outcome.beams;
  for (const BuiltTarget& target : prepared.targets.targets)
    file.targets.push_back({target.shape.name(), target.prescription});
  for (const Goal& goal : prepared.goals) file.goals.push_back(goal.text);
  file.coverage_pct = request.coverage_pct;
  file.beam_data_name = prepared.beam_data.name();
  file.beam_data_version = prepared.beam_data.version();
  file.beam_data_sha256 = prepared.beam_data.sha256();
  file.density_name = prepared.patient.density_table;
  file.density_sha256 = prepared.patient.density_sha256;
  for (const auto& [name, hu] : request.patient.overrides) file.density_overrides.push_back({name, hu});
  file.body = prepared.patient.body_shape ? prepared.patient.body_shape->name() : "";
  file.dose_grid = outcome.dose.dose.grid();
  file.depth = request.depth;
  file.options = {{"nodes", request.nodes},
                  {"count", fmt::format("{}", request.count)},
                  {"seed", fmt::format("{}", request.seed)},
                  {"collimators_mm",
                   request.collimators_mm.empty() ? "auto" : fmt::format("{}", fmt::join(request.collimators_mm, ","))},
                  {"margin_mm", request.targets.margin_mm ? fmt::format("{}", *request.targets.margin_mm) : "none"},
                  {"gtv", fmt::format("{}", fmt::join(request.targets.gtvs, ","))},
                  {"union", request.targets.union_name},
                  {"contours", std::string(to_string(request.patient.between))},
                  {"couch", request.patient.couch_in ? "in" : "out"},
                  {"patient_position", prepared.input.ct_series.patient_position},
                  {"dose_path", outcome.dose.path}};
  const auto state = [&](const char* name, double value, double usual) {
    if (value != usual) file.options.emplace_back(name, fmt::format("{}", value));
  };
  state("max_nodes", request.limits.max_nodes, 0);
  state("max_mu_per_beam", request.limits.max_beam_mu, DeliveryLimits{}.max_beam_mu);
  state("max_mu_per_node", request.limits.max_node_mu, 0);
  state("reduce_pct", request.reduce_pct, 0);
  if (outcome.searched_isodose_pct)
    file.options.emplace_back("searched_isodose_pct", fmt::format("{}", *outcome.searched_isodose_pct));
  if (outcome.solver) file.options.emplace_back("solver", outcome.solver->name);
  for (const LpStage& s : outcome.solver ? outcome.solver->all_candidates : std::vector<LpStage>{})
    file.options.emplace_back("lp_" + s.name,
                              fmt::format("primal {} dual {} gap {:.3g} {}", s.primal, s.dual_bound, s.gap(), s.unit));
  file.inputs = prepared.input.inputs;
  return plan_file_text(file);
}

PlanReport write_plan_outputs(const PlanRequest& request, const PlanOutcome& outcome,
                              const std::filesystem::path& folder, Progress& progress, bool anonymous) {
  PlanReport report = make_report(request, outcome);
  if (anonymous) make_anonymous(report);
  progress.begin("writing", 5);
  write_file_atomically(folder / "plan.json", plan_json(request, outcome));
  progress.advance();
  write_file_atomically(folder / "beams.csv", beam_csv_text(outcome.beams));
  progress.advance();
  const dicom::StructuresAdded structures = write_structures(outcome.prepared, folder / "structures.dcm");
  progress.advance();
  const dicom::InstanceReference plan = write_plan(request, outcome, structures, folder / "plan.dcm");
  progress.advance();
  write_dose(outcome, structures.reference, plan, folder / "dose.dcm");
  progress.advance();
  progress.end();
  write_report_folder(report, view_of(outcome), folder, progress);
  return report;
}

}  // namespace sbrt
