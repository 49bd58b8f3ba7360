#include "engine/cli/plan_request_options.h"

#include "engine/case_file.h"
#include "geometry/error.h"

#include <filesystem>

namespace sbrt::cli {

void add_plan_request_options(CLI::App& verb, PlanRequestOptions& options) {
  PlanRequest& request = options.request;
  PlanOptionTexts& texts = options.texts;
  verb.add_option("DIR", texts.inputs, "DICOM folder or files, or one case.json")->required();
  verb.add_option("--gtv", request.targets.gtvs, "gross tumour volume to expand; repeat for several targets");
  texts.margin = verb.add_option("--margin-mm", texts.margin_mm, "margin around every GTV in mm");
  verb.add_option("--union", request.targets.union_name, "join the GTVs into one structure of this name first");
  verb.add_option("--target", request.targets.targets, "structure to plan on as it is; may repeat");
  verb.add_option("--prescription", texts.prescriptions,
                  "total dose / fractions @ prescription isodose, e.g. 45Gy/5fx@75%; one for all targets or one each");
  verb.add_option("--coverage-pct", request.coverage_pct, "share of each target that receives its prescription")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str();
  verb.add_option("--goals", texts.goals_file, "goals as JSON (docs/formats.md)");
  verb.add_option("--goal", texts.goals,
                  "one goal, e.g. \"SpinalCord:D0.03cc <= 21.9 Gy\" or \"Shell(20mm):Max <= 50 %\"; may repeat");
  verb.add_option("--query", texts.queries, "one more number to report, e.g. \"Lung_L:V20Gy[%]\"; may repeat");
  add_protocol_options(verb, texts.protocol);
  add_candidate_options(verb, request, texts);
  add_weight_options(verb, request, texts);
  add_biology_options(verb, options.biology);
  verb.add_option("--grid-mm", request.grid_mm,
                  "dose grid spacing, 0.5 to 5 mm (default: 1 mm for targets under 10 cc, else 1.5)");
  verb.add_option("--region", request.region,
                  "structure: the dose grid lies over its box instead of over the body; what lies outside has no dose");
  verb.add_option("--region-margin-mm", request.region_margin_mm, "with --region: how far around it")
      ->check(CLI::Range(0.0, 500.0))
      ->default_str("20");
  add_depth_option(verb, texts);
  add_simd_option(verb, texts);
  add_patient_options(verb, request.patient, texts);
  add_selection_options(verb, request.selection);
  // Not every verb has every option that a case file's request knows.
  options.stated = [&verb](const std::string& name) {
    const CLI::Option* option = verb.get_option_no_throw(name);
    return option && option->count() > 0;
  };
}

PlanRequest take_plan_request(PlanRequestOptions& options) {
  PlanOptionTexts& texts = options.texts;
  if (texts.inputs.size() == 1 && std::filesystem::path(texts.inputs[0]).extension() == ".json") {
    // The case file comes first; options on the command line add to it or replace it.
    options.request = merge(read_case_file(texts.inputs[0]), options.request, options.stated);
    texts.inputs.clear();
  }
  parse_texts(texts, options.request);
  if (options.biology.any_stated()) options.request.biology = parse_biology(options.biology);  // else the case file's
  if (options.request.targets.prescriptions.empty())
    throw InputError("no prescription", "--prescription", "weights need a dose to aim at",
                     "give one such as --prescription 45Gy/5fx@75%");
  return options.request;
}

void refuse_input_in_output(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out) {
  const std::filesystem::path goal = std::filesystem::weakly_canonical(out);
  for (const std::filesystem::path& input : inputs) {
    const std::filesystem::path from_goal = std::filesystem::weakly_canonical(input).lexically_relative(goal);
    if (!from_goal.empty() && *from_goal.begin() != "..")
      throw InputError("the input lies in the output folder", input.string(),
                       "the output replaces that folder as a whole", "choose another --out");
  }
}

}  // namespace sbrt::cli
