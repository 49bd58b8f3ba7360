#include "engine/cli/outputs.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/forward_dose.h"
#include "engine/plan_outputs.h"
#include "engine/report/text_table.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <filesystem>

namespace sbrt::cli {
namespace {

struct OptimizeVerb {
  PlanRequest request;
  PlanOptionTexts texts;
  std::string beams, out;
  bool overwrite = false, strict = false;
};

void run(OptimizeVerb& verb, Session& session) {
  parse_texts(verb.texts, verb.request);
  std::vector<std::filesystem::path> outputs{verb.out};
  if (!verb.request.write_mps.empty()) outputs.push_back(verb.request.write_mps);
  claim_outputs(outputs, verb.overwrite);
  BeamFile file = read_beams(verb.beams);
  verb.request.candidates = std::move(file.beams);
  verb.request.candidates_kind = std::move(file.collimator_kind);
  const PlanOutcome outcome = plan_case(verb.request, session.progress());
  write_file_atomically(verb.out, plan_json(verb.request, outcome));
  if (!verb.request.write_mps.empty()) write_file_atomically(verb.request.write_mps, outcome.mps);
  const PlanReport report = make_report(verb.request, outcome);
  fmt::print("{}\nwritten: {}\n{}\n", text_report(report, colour_allowed()), verb.out, disclaimer);
  const bool minor_counts = verb.texts.protocol.strict_minor;
  if ((verb.strict || minor_counts) && !all_goals_met(report, minor_counts)) session.exit_code = exit_goal_missed;
}

}  // namespace

void add_optimize_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "optimize", "weights for a given beam set",
                            "sbrtplan optimize DIR --beams beams.json --target PTV --prescription 45Gy/5fx@75% --goals "
                            "goals.json --out plan.json");
  auto v = std::make_shared<OptimizeVerb>();
  verb->add_option("DIR", v->texts.inputs, "DICOM folder or files")->required();
  verb->add_option("--beams", v->beams, "candidate beams: beams.json, plan.json or beams.csv")->required();
  verb->add_option("--target", v->request.targets.targets, "structure to plan on; may repeat")->required();
  verb->add_option("--prescription", v->texts.prescriptions, "e.g. 45Gy/5fx@75%; one for all targets or one each")
      ->required();
  verb->add_option("--coverage-pct", v->request.coverage_pct, "share of each target that receives its prescription")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str();
  verb->add_option("--goals", v->texts.goals_file, "goals as JSON (docs/formats.md)");
  verb->add_option("--goal", v->texts.goals,
                   "one goal, e.g. \"SpinalCord:D0.03cc <= 21.9 Gy\" or \"Shell(20mm):Max <= 50 %\"; may repeat");
  add_protocol_options(*verb, v->texts.protocol);
  add_weight_options(*verb, v->request, v->texts);
  add_mps_option(*verb, v->request);
  verb->add_option("--nodes", v->request.nodes, "node set that gives the order of delivery")->capture_default_str();
  verb->add_option("--beam-data", v->request.beam_data, "beam data set: name or folder")->capture_default_str();
  verb->add_option("--grid-mm", v->request.grid_mm, "dose grid spacing of the final evaluation, 0.5 to 5 mm");
  add_depth_option(*verb, v->texts);
  add_patient_options(*verb, v->request.patient, v->texts);
  add_selection_options(*verb, v->request.selection);
  verb->add_option("--out", v->out, "plan.json to write")->required();
  verb->add_flag("--overwrite", v->overwrite, "replace an existing file");
  verb->add_flag("--strict", v->strict, "exit 1 when a goal is missed");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
