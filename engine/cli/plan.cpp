#include "engine/case_file.h"
#include "engine/cli/biology_options.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/pipeline.h"
#include "engine/plan_outputs.h"
#include "engine/report/text_table.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

namespace sbrt::cli {
namespace {

struct PlanVerb {
  PlanRequest request;
  PlanOptionTexts texts;
  BiologyTexts biology;
  std::string out;
  bool overwrite = false, strict = false;
  std::function<bool(const std::string&)> stated;
};

// Replacing a folder that holds the input would delete the patient's data.
void refuse_input_in_output(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out) {
  const std::filesystem::path goal = std::filesystem::weakly_canonical(out);
  for (const std::filesystem::path& input : inputs) {
    const std::filesystem::path from_goal = std::filesystem::weakly_canonical(input).lexically_relative(goal);
    if (!from_goal.empty() && *from_goal.begin() != "..")
      throw InputError("the input lies in the output folder", input.string(),
                       "the output replaces that folder as a whole", "choose another --out");
  }
}

void run(PlanVerb& verb, Session& session) {
  if (verb.texts.inputs.size() == 1 && std::filesystem::path(verb.texts.inputs[0]).extension() == ".json") {
    // The case file comes first; options on the command line add to it or replace it.
    verb.request = merge(read_case_file(verb.texts.inputs[0]), verb.request, verb.stated);
    verb.texts.inputs.clear();
  }
  parse_texts(verb.texts, verb.request);
  verb.request.biology = parse_biology(verb.biology);
  if (verb.request.targets.prescriptions.empty())
    throw InputError("no prescription", "--prescription", "weights need a dose to aim at",
                     "give one such as --prescription 45Gy/5fx@75%");

  // Claimed before the work begins, so that a folder in use is refused at once.
  refuse_input_in_output(verb.request.selection.inputs, verb.out);
  AtomicFolder folder(verb.out, verb.overwrite, plan_output_files());
  const auto start = std::chrono::steady_clock::now();
  const PlanOutcome outcome = plan_case(verb.request, session.progress());
  const PlanReport report = write_plan_outputs(verb.request, outcome, folder.staging(), session.progress());
  folder.commit();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  fmt::print("{}", text_report(report, colour_allowed()));
  fmt::print("\nwritten to {} in {:.1f} s: {}\n", folder.goal().string(), seconds,
             fmt::join(plan_output_files(), ", "));
  fmt::print("{}\n", disclaimer);
  const bool minor_counts = verb.texts.protocol.strict_minor;
  if ((verb.strict || minor_counts) && !all_goals_met(report, minor_counts)) session.exit_code = exit_goal_missed;
}

}  // namespace

void add_plan_verb(CLI::App& app, Session& session) {
  CLI::App* verb =
      add_verb(app, "plan", "the main job: margin, candidates, weights, dose, report, DICOM export",
               "sbrtplan plan DIR --gtv GTV --margin-mm 5 --prescription 45Gy/5fx@75% --out OUT\n"
               "  sbrtplan plan DIR --target PTV --prescription 54Gy/3fx@80% --goals goals.json --out OUT\n"
               "  sbrtplan plan case.json --out OUT");
  auto v = std::make_shared<PlanVerb>();
  verb->add_option("DIR", v->texts.inputs, "DICOM folder or files, or one case.json")->required();
  verb->add_option("--gtv", v->request.targets.gtvs, "gross tumour volume to expand; repeat for several targets");
  v->texts.margin = verb->add_option("--margin-mm", v->texts.margin_mm, "margin around every GTV in mm");
  verb->add_option("--union", v->request.targets.union_name, "join the GTVs into one structure of this name first");
  verb->add_option("--target", v->request.targets.targets, "structure to plan on as it is; may repeat");
  verb->add_option("--prescription", v->texts.prescriptions,
                   "total dose / fractions @ prescription isodose, e.g. 45Gy/5fx@75%; one for all targets or one each");
  verb->add_option("--coverage-pct", v->request.coverage_pct, "share of each target that receives its prescription")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str();
  verb->add_option("--goals", v->texts.goals_file, "goals as JSON (docs/formats.md)");
  verb->add_option("--goal", v->texts.goals, "one goal, e.g. \"SpinalCord:D0.03cc <= 21.9 Gy\"; may repeat");
  verb->add_option("--query", v->texts.queries, "one more number to report, e.g. \"Lung_L:V20Gy[%]\"; may repeat");
  add_protocol_options(*verb, v->texts.protocol);
  add_candidate_options(*verb, v->request, v->texts);
  add_biology_options(*verb, v->biology);
  verb->add_option("--grid-mm", v->request.grid_mm,
                   "dose grid spacing, 0.5 to 5 mm (default: 1 mm for targets under 10 cc, else 1.5)");
  verb->add_option("--depth", v->texts.depth, "water-equivalent depth: ray to every point, or axis for a whole plane")
      ->check(CLI::IsMember({"ray", "axis"}))
      ->capture_default_str();
  add_simd_option(*verb, v->texts);
  add_patient_options(*verb, v->request.patient, v->texts);
  add_selection_options(*verb, v->request.selection);
  verb->add_option("--out", v->out, "folder to write; it appears whole or not at all")->required();
  verb->add_flag("--overwrite", v->overwrite, "replace an existing folder as a whole");
  verb->add_flag("--strict", v->strict, "exit 1 when a goal is missed");
  v->stated = [verb](const std::string& option) { return verb->count(option) > 0; };
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
