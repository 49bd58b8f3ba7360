#include "dicom/export.h"
#include "engine/check_case.h"
#include "engine/cli/outputs.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/plan_outputs.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

namespace sbrt::cli {
namespace {

struct CheckVerb {
  CheckRequest request;
  PlanOptionTexts texts;
  std::string fractions_of_dose, json, out_dose;
  double pass_pct = 95;
  bool strict = false, overwrite = false;
  std::function<bool(const std::string&)> stated;
};

// plan.json says what its dose follows from; what the command line states replaces it.
void take_settings(CheckVerb& verb) {
  ForwardRequest& forward = verb.request.forward;
  const ForwardRequest stated = forward;
  PlanRequest parsed;
  parsed.patient = stated.patient;
  parse_texts(verb.texts, parsed);
  verb.request.queries = parsed.queries;
  if (is_plan_file(verb.request.plan)) {
    take_settings_of_plan(verb.request.plan, forward);
    if (verb.stated("--beam-data")) forward.beam_data = stated.beam_data;
    if (verb.stated("--density")) forward.patient.density = stated.patient.density;
    if (verb.stated("--body")) forward.patient.body = stated.patient.body;
    if (verb.stated("--override")) forward.patient.overrides = parsed.patient.overrides;
    if (verb.stated("--couch")) forward.patient.couch_in = parsed.patient.couch_in;
    if (verb.stated("--contours")) forward.patient.between = parsed.patient.between;
    if (verb.stated("--depth")) forward.depth = parsed.depth;
  } else {
    forward.patient = parsed.patient;
    forward.depth = parsed.depth;
  }
  forward.selection.inputs = parsed.selection.inputs;
  forward.simd = parsed.simd;
}

void write_dose(const CheckOutcome& outcome, const std::string& path) {
  const ImportedCase& input = outcome.forward.input;
  dicom::DoseExport info;
  info.patient_study = input.ct_series.patient_study;
  info.frame_of_reference_uid = input.ct_series.frame_of_reference_uid;
  info.series_description = "sbrtplan dose check";
  info.structures = input.structure_file.reference;
  info.uid_seed = uid_seed_of(outcome.forward.dose.dose, input.structure_file.reference.sop_instance_uid,
                              input.ct_series.series_instance_uid);
  dicom::write_dose(outcome.forward.dose.dose, info, {program_version(), program_revision()}, path);
}

void run(CheckVerb& verb, Session& session) {
  claim_outputs({verb.json, verb.out_dose}, verb.overwrite);
  if (!std::filesystem::is_regular_file(verb.request.plan))
    throw InputError("there is no such plan", verb.request.plan.string(), "it is no file",
                     "name an RT Plan, plan.json or beams.csv");
  if (!verb.fractions_of_dose.empty())
    verb.request.dose.fractions_of_dose = FractionsOfDose::parse(verb.fractions_of_dose);
  take_settings(verb);
  const CheckOutcome outcome = check_case(verb.request, session.progress());
  if (!verb.json.empty()) write_file_atomically(verb.json, to_json(outcome, program_version(), program_revision()));
  if (!verb.out_dose.empty()) write_dose(outcome, verb.out_dose);
  session.log(outcome.warnings);
  fmt::print("{}\n{}\n", text_report(outcome), disclaimer);
  if (verb.strict && outcome.gamma.pass_pct < verb.pass_pct) session.exit_code = exit_goal_missed;
}

}  // namespace

void add_check_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "check", "independent dose check: a plan's dose computed again beside its RTDOSE",
                            "sbrtplan check DIR --plan plan.dcm --beam-data site --json check.json");
  auto v = std::make_shared<CheckVerb>();
  verb->add_option("DIR", v->texts.inputs, "DICOM folder or files: CT, RTSTRUCT and the RTDOSE of the plan")
      ->required();
  verb->add_option("--plan", v->request.plan, "RT Plan of circular fields, plan.json, beams.json or beams.csv")
      ->required();
  verb->add_option("--beam-data", v->request.forward.beam_data, "beam data set: name or folder")->capture_default_str();
  verb->add_option("--query", v->texts.queries, "one more number to compare, e.g. \"Lung_L:V20Gy[%]\"; may repeat");
  verb->add_option("--dose-pct", v->request.gamma.dose_pct, "dose criterion of gamma in %")->capture_default_str();
  verb->add_option("--distance-mm", v->request.gamma.distance_mm, "distance criterion of gamma in mm")
      ->capture_default_str();
  verb->add_flag("--local", v->request.gamma.local, "dose criterion in % of each point's dose, not of the maximum");
  verb->add_option("--cutoff-pct", v->request.gamma.cutoff_pct, "leave out points below this % of the maximum")
      ->capture_default_str();
  verb->add_option("--pass-pct", v->pass_pct, "pass rate that --strict asks for, in %")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  verb->add_flag("--strict", v->strict, "exit 1 when fewer points pass");
  add_depth_option(*verb, v->texts);
  add_simd_option(*verb, v->texts);
  add_patient_options(*verb, v->request.forward.patient, v->texts);
  add_selection_options(*verb, v->request.forward.selection);
  verb->add_option("--rtdose", v->request.dose.selection.wanted, "which RTDOSE: file or SOP instance UID; may repeat");
  verb->add_option("--fractions-of-dose", v->fractions_of_dose,
                   "how many times the dose is delivered where the RTDOSE leaves it unclear: a number, or 'plan'");
  verb->add_option("--json", v->json, "write the comparison as JSON");
  verb->add_option("--out-dose", v->out_dose, "write the computed dose as RTDOSE");
  verb->add_flag("--overwrite", v->overwrite, "replace existing files");
  v->stated = [verb](const std::string& option) { return verb->count(option) > 0; };
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
