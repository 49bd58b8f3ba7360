#include "engine/cli/biology_options.h"
#include "engine/cli/option_text.h"
#include "engine/cli/outputs.h"
#include "engine/cli/protocol_options.h"
#include "engine/cli/session.h"
#include "engine/evaluate_case.h"
#include "engine/planning/goal_file.h"
#include "engine/report/dvh_csv.h"
#include "engine/report/plan_report.h"
#include "engine/report/report_folder.h"
#include "engine/report/text_table.h"
#include "engine/version.h"
#include "engine/volumes_case.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace sbrt::cli {
namespace {

struct EvaluateVerb {
  EvaluateRequest request;
  std::vector<std::string> inputs, prescriptions, queries, goals;
  std::string relative_reference, fractions_of_dose, json, dvh, goals_file, interpolation = "cubic",
                                                                            contours = "shape-following";
  BiologyTexts biology;
  bool strict = false, overwrite = false, anonymous = false, without_dose = false;
  std::string out;
  ProtocolOptionTexts protocol;
};

ReportView view_of(const EvaluateVerb& verb, const SeenCase& seen) {
  std::vector<const Structure*> drawn;
  for (const Structure& s : seen.structures.structures()) drawn.push_back(&s);
  ReportView view;
  if (seen.ct) view.ct = &*seen.ct;
  if (seen.dose) view.dose = &*seen.dose;
  view.structures = view_structures(seen.shapes, drawn);
  view.targets = verb.request.targets;
  return view;
}

// Nothing that was asked for is passed over in silence.
void refuse_what_needs_a_dose(const CLI::App& verb) {
  constexpr std::string_view allowed[] = {"DIR",   "--without-dose", "--contours",  "--rtstruct", "--ct",
                                          "--out", "--anonymous",    "--overwrite", "--json"};
  for (const CLI::Option* option : verb.get_options())
    if (option->count() > 0 && std::ranges::find(allowed, option->get_name()) == std::end(allowed))
      throw InputError(option->get_name() + " needs a dose", "--without-dose", "without one there are volumes only",
                       "leave one of the two options out");
}

void run(EvaluateVerb& verb, const CLI::App& app, Session& session) {
  if (verb.without_dose) refuse_what_needs_a_dose(app);
  claim_outputs({verb.json, verb.dvh}, verb.overwrite);
  std::optional<AtomicFolder> folder;
  if (!verb.out.empty()) folder.emplace(verb.out, verb.overwrite, report_folder_entries());
  verb.request.keep_for_pictures = !verb.out.empty();
  verb.request.inputs.assign(verb.inputs.begin(), verb.inputs.end());
  for (const std::string& text : verb.prescriptions) verb.request.prescriptions.push_back(Prescription::parse(text));
  for (const std::string& text : verb.queries)
    verb.request.queries.push_back(parse_option("--query", text, StructureQuery::parse));
  for (const std::string& text : verb.goals) verb.request.goals.push_back(parse_option("--goal", text, Goal::parse));
  if (!verb.goals_file.empty())
    for (Goal& goal : read_goal_file(verb.goals_file)) verb.request.goals.push_back(std::move(goal));
  verb.request.biology = parse_biology(verb.biology);
  verb.request.protocols = read_protocols(verb.protocol, {});
  verb.request.interpolation = verb.interpolation == "linear" ? Interpolation::linear : Interpolation::cubic;
  verb.request.between = verb.contours == "slab" ? BetweenPlanes::slab : BetweenPlanes::shape_following;

  if (!verb.fractions_of_dose.empty())
    verb.request.dose.fractions_of_dose = FractionsOfDose::parse(verb.fractions_of_dose);
  if (!verb.relative_reference.empty())
    verb.request.dose.relative_reference = RelativeReference::parse(verb.relative_reference);

  const EvaluateOutcome outcome = verb.without_dose ? volumes_case(verb.request, session.progress())
                                                    : evaluate_case(verb.request, session.progress());
  PlanReport report;
  report.program_version = program_version();
  report.program_revision = program_revision();
  report.inputs = outcome.inputs;
  report.evaluation = outcome.evaluation;
  report.protocols = outcome.protocols;
  if (!verb.without_dose) {
    report.dose_origin = outcome.dose_origin;
    report.dose_grid = DoseGridRecord{outcome.dose_size, outcome.dose_spacing_mm};
  }
  report.warnings = outcome.warnings;
  report.patient = PatientRecord{outcome.patient_name, outcome.patient_id};
  if (verb.anonymous) make_anonymous(report);
  if (folder) {
    write_report_folder(report, view_of(verb, outcome.seen), folder->staging(), session.progress());
    folder->commit();
  }
  if (!verb.json.empty()) write_file_atomically(verb.json, to_json(report));
  if (!verb.dvh.empty()) write_file_atomically(verb.dvh, dvh_csv(outcome.evaluation));
  fmt::print("{}\n{}\n", text_report(report, colour_allowed()), disclaimer);
  if ((verb.strict || verb.protocol.strict_minor) && !all_goals_met(report, verb.protocol.strict_minor))
    session.exit_code = exit_goal_missed;
}

}  // namespace

void add_evaluate_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(
      app, "evaluate", "judges any RTDOSE with its RTSTRUCT, from any system",
      "sbrtplan evaluate DIR --target PTV --prescription 45Gy/5fx --query \"SpinalCord:D0.03cc\" --json report.json");
  auto v = std::make_shared<EvaluateVerb>();
  verb->add_option("DIR", v->inputs, "DICOM folder or files")->required();
  verb->add_option("--target", v->request.targets, "target structure; may repeat");
  verb->add_option("--prescription", v->prescriptions,
                   "total dose and fractions, e.g. 45Gy/5fx; one for all targets or one each");
  verb->add_option("--body", v->request.body,
                   "structure that is the body (default: role EXTERNAL, or External, Body, Skin)");
  verb->add_option("--query", v->queries, "one more number, e.g. \"Lung_L:V20Gy[%]\"; may repeat");
  verb->add_option("--goals", v->goals_file, "goals as JSON (docs/formats.md)");
  verb->add_option("--goal", v->goals,
                   "one goal, e.g. \"SpinalCord:D0.03cc <= 21.9 Gy\" or \"Shell(20mm):Max <= 50 %\"; may repeat");
  add_biology_options(*verb, v->biology);
  verb->add_option("--fractions", v->request.fractions,
                   "fractions of the dose, for biological doses without a target and its prescription")
      ->check(CLI::Range(1, 1000));
  add_protocol_options(*verb, v->protocol);
  verb->add_option("--volume-interval-pct", v->request.wanted.volume_pct,
                   "wanted numerical interval of volumes: half width in % of the structure, of targets half of it")
      ->check(CLI::Range(0.001, 10.0))
      ->capture_default_str();
  verb->add_option("--dose-interval-pct", v->request.wanted.dose_pct,
                   "the same of doses, in % of the largest dose of the grid")
      ->check(CLI::Range(0.001, 10.0))
      ->capture_default_str();
  verb->add_option("--dose-interpolation", v->interpolation, "dose between grid points")
      ->check(CLI::IsMember({"cubic", "linear"}))
      ->capture_default_str();
  verb->add_option("--contours", v->contours, "what lies between contour planes")
      ->check(CLI::IsMember({"shape-following", "slab"}))
      ->capture_default_str();
  verb->add_option("--rtdose", v->request.dose.selection.wanted,
                   "which RTDOSE: file or SOP instance UID; may repeat (the beams of a plan, or with --sum)");
  verb->add_flag("--sum", v->request.dose.sum, "add the doses of several plans (--rtdose for each)");
  verb->add_option(
      "--fractions-of-dose", v->fractions_of_dose,
      "how many times the dose is delivered where the RTDOSE leaves it unclear: a number, or 'plan' for the "
      "RTPLAN's fractions");
  verb->add_option("--relative-reference", v->relative_reference,
                   "what a stored value of a RELATIVE dose stands for, e.g. 100=45Gy");
  verb->add_flag("--allow-missing-beams", v->request.dose.allow_missing_beams,
                 "judge the sum of beam doses although beams of the plan are missing");
  verb->add_flag("--ignore-frame-of-reference", v->request.dose.selection.ignore_frame_of_reference,
                 "take the frames of reference of dose and structures for the same although their UIDs differ");
  verb->add_flag("--without-dose", v->without_dose, "judge the structures alone: volumes, and pictures with --out");
  verb->add_option("--rtstruct", v->request.rtstruct, "which RTSTRUCT: file or SOP instance UID");
  verb->add_option("--ct", v->request.ct_uid, "which CT: series instance UID");
  verb->add_option("--out", v->out, "folder to write: report.html, report.json, tables and volumes");
  verb->add_flag("--anonymous", v->anonymous,
                 "leave the patient and the paths and UIDs of the inputs out of the report");
  verb->add_option("--json", v->json, "write the report as JSON");
  verb->add_option("--dvh", v->dvh, "write the cumulative and differential DVHs as CSV");
  verb->add_flag("--overwrite", v->overwrite, "replace existing files");
  verb->add_flag("--strict", v->strict, "exit 1 when a goal is missed");
  verb->callback([v, verb, &session] { run(*v, *verb, session); });
}

}  // namespace sbrt::cli
