#include "engine/cli/outputs.h"
#include "engine/cli/plan_request_options.h"
#include "engine/cli/session.h"
#include "engine/pipeline.h"
#include "engine/plan_outputs.h"
#include "engine/report/plan_summary.h"
#include "engine/report/report_extras.h"
#include "engine/report/text_table.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <chrono>

namespace sbrt::cli {
namespace {

struct PlanVerb {
  PlanRequestOptions options;
  std::string out;
  bool overwrite = false, strict = false, anonymous = false;
};

void run(PlanVerb& verb, Session& session) {
  const PlanRequest request = take_plan_request(verb.options);

  // Claimed before the work begins, so that a folder in use is refused at once.
  refuse_input_in_output(request.selection.inputs, verb.out);
  if (!request.write_mps.empty()) claim_outputs({request.write_mps}, verb.overwrite);
  AtomicFolder folder(verb.out, verb.overwrite, plan_output_files());
  const auto start = std::chrono::steady_clock::now();
  const PlanOutcome outcome = plan_case(request, session.progress());
  const PlanReport report = write_plan_outputs(request, outcome, folder.staging(), session.progress(), verb.anonymous);
  folder.commit();
  if (!request.write_mps.empty()) write_file_atomically(request.write_mps, outcome.mps);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  fmt::print("{}", text_report(report, colour_allowed()));
  fmt::print("\n{}\n{}\n{}\n", verdict_text(verdict_of(report)), compact_index_table(report.evaluation),
             dvh_sparklines(report.evaluation));
  fmt::print("written to {} in {:.1f} s: {}\n", folder.goal().string(), seconds, fmt::join(plan_output_files(), ", "));
  fmt::print("{}\n", disclaimer);
  const bool minor_counts = verb.options.texts.protocol.strict_minor;
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
  add_plan_request_options(*verb, v->options);
  add_mps_option(*verb, v->options.request);
  verb->add_option("--out", v->out, "folder to write; it appears whole or not at all")->required();
  verb->add_flag("--overwrite", v->overwrite, "replace an existing folder as a whole");
  verb->add_flag("--anonymous", v->anonymous,
                 "leave the patient and the paths and UIDs of the inputs out of report.html and report.json");
  verb->add_flag("--strict", v->strict, "exit 1 when a goal is missed");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
