#include "engine/cli/outputs.h"
#include "engine/cli/plan_request_options.h"
#include "engine/cli/session.h"
#include "engine/compare/compare_case.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string_view>

namespace sbrt::cli {
namespace {

constexpr const char* result_files[] = {"comparison.json", "comparison.csv", "pareto.svg", "report.html"};

struct CompareVerb {
  PlanRequestOptions options;
  std::string sets, out, objectives = "nci,minutes";
  bool strict = false;
};

std::vector<std::string> parse_objectives(const std::string& text) {
  std::vector<std::string> ids;
  std::stringstream list(text);
  for (std::string id; std::getline(list, id, ',');) {
    ComparedSet().value(id);  // throws for an unknown one
    ids.push_back(id);
  }
  if (ids.empty()) throw InputError("no column is named", "--pareto", "", "write columns such as nci,minutes");
  return ids;
}

// Every option of the verb with its values; of values that are files, their content too. Where the results go, what
// they are sorted by and how the program exits does not change a plan.
std::string settings_of(const CLI::App& verb) {
  std::string text;
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    constexpr std::string_view of_results[] = {"--out", "--sets", "--pareto", "--strict", "--strict-minor"};
    if (std::ranges::find(of_results, name) != std::end(of_results) || option->count() == 0) continue;
    text += name;
    for (const std::string& value : option->results()) {
      std::error_code ignored;
      const bool is_file = std::filesystem::is_regular_file(value, ignored);
      text += is_file ? " sha256:" + sha256_of_file(value) : name == "DIR" ? std::string() : " '" + value + "'";
    }
    text += "\n";
  }
  return text;
}

void check_out(const std::filesystem::path& out, const std::vector<CandidateSet>& sets) {
  std::error_code ignored;
  if (!std::filesystem::exists(out, ignored)) {
    std::filesystem::create_directories(out, ignored);
    if (ignored)
      throw InputError("the output folder cannot be made", out.string(), ignored.message(), "choose another --out");
  }
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    bool known = name.starts_with(".");
    for (const char* file : result_files) known = known || name == file;
    for (const CandidateSet& set : sets) known = known || name == set.name;
    if (!known)
      throw InputError("the output folder holds something else", entry.path().string(),
                       "it is no set of this comparison", "choose another --out");
  }
}

void run(CompareVerb& verb, const CLI::App& app, Session& session) {
  CompareRequest request;
  request.settings = settings_of(app);
  request.sets = read_candidate_sets(verb.sets);
  request.objectives = parse_objectives(verb.objectives);
  request.plan = take_plan_request(verb.options);
  request.out = verb.out;
  refuse_input_in_output(request.plan.selection.inputs, verb.out);
  check_out(verb.out, request.sets);
  const Comparison comparison = compare_sets(request, session.progress());
  const std::string json = to_json(comparison, program_version(), program_revision());
  write_file_atomically(request.out / result_files[0], json);
  write_file_atomically(request.out / result_files[1], to_csv(comparison));
  const std::string picture = pareto_svg(comparison);
  if (!picture.empty()) write_file_atomically(request.out / result_files[2], picture);
  write_file_atomically(request.out / result_files[3], comparison_page(json));
  session.log(comparison.warnings);
  fmt::print("{}\nwritten to {}: report.html, comparison.json, comparison.csv{}, one folder per set\n{}\n",
             text_report(comparison), verb.out, picture.empty() ? "" : ", pareto.svg", disclaimer);
  const bool minor_counts = verb.options.texts.protocol.strict_minor;
  const auto good = [&](const ComparedSet& set) { return set.meets_all_goals(minor_counts); };
  if ((verb.strict || minor_counts) && std::ranges::none_of(comparison.sets, good))
    session.exit_code = exit_goal_missed;
}

}  // namespace

void add_compare_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "compare", "one case over several candidate sets: table and Pareto picture",
                            "sbrtplan compare case.json --sets sets.json --out OUT --pareto nci,minutes\n"
                            "  sets.json: {\"schema\": \"sbrtplan-sets/1\", \"vary\": {\"placement\": [\"isocentric\", "
                            "\"non-isocentric\"], \"collimators_mm\": [\"auto\", [10, 20]]}}");
  auto v = std::make_shared<CompareVerb>();
  add_plan_request_options(*verb, v->options);
  verb->add_option("--sets", v->sets, "candidate sets as JSON (docs/formats.md)")->required()->check(CLI::ExistingFile);
  verb->add_option(
          "--pareto", v->objectives,
          "columns that decide the front: ci, nci, hi, gi, r50, d2cm_pct, worst_goal, minutes, beams, ...; the "
          "first two are drawn")
      ->capture_default_str();
  verb->add_option("--out", v->out,
                   "folder of the comparison; a second start with the same command takes finished sets from it")
      ->required();
  verb->add_flag("--strict", v->strict, "exit 1 when no set meets every goal");
  verb->callback([v, verb, &session] { run(*v, *verb, session); });
}

}  // namespace sbrt::cli
