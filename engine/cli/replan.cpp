#include "engine/archive/replan.h"

#include "engine/archive/replan_case.h"
#include "engine/archive/slurm.h"
#include "engine/cli/archive_options.h"
#include "engine/cli/outputs.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/json.h"
#include "engine/report/text_table.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <unistd.h>

namespace sbrt::cli {
namespace fs = std::filesystem;
namespace {

struct ReplanVerb {
  ReplanRequest request;
  std::string archive, protocol, store, json, store_into;
  ArchiveOptions reach;
  std::vector<std::string> gtvs, targets, goals;
  std::string prescription, collimators = "auto", nodes, beam_data, density, body;
  double margin_mm = 0, coverage_pct = 95, grid_mm = 0;
  int count = 0, max_beams = 0;
  std::uint64_t seed = 1;
  RunnerOptions runner;
  SlurmOptions slurm_options;
  bool slurm = false, dry_run = false, verify = false, strict = false;
  std::function<bool(const std::string&)> stated;
};

const std::vector<std::string> plan_options{"--gtv",  "--target",  "--margin-mm",   "--prescription", "--coverage-pct",
                                            "--goal", "--nodes",   "--collimators", "--count",        "--max-beams",
                                            "--seed", "--grid-mm", "--beam-data",   "--density",      "--body"};

// The options of `plan` as the protocol file that says the same.
std::string protocol_of_options(const ReplanVerb& verb) {
  JsonWriter json;
  const auto texts = [&](const char* key, const std::vector<std::string>& all) {
    json.key(key).begin_array();
    for (const std::string& text : all) json.value(text);
    json.end_array();
  };
  const auto path_or_name = [](const std::string& text) {
    std::error_code error;
    return fs::exists(text, error) ? fs::absolute(text).lexically_normal().string() : text;
  };
  if (verb.gtvs.empty() == verb.targets.empty())
    throw InputError("name either GTVs or targets", "--gtv, --target", "a lesion is one or the other",
                     "give --gtv with --margin-mm, or --target, or a --protocol");
  if (verb.prescription.empty())
    throw InputError("no prescription", "--prescription", "weights need a dose to aim at",
                     "give one such as --prescription 45Gy/5fx@75%");
  json.begin_object().member("schema", "sbrtplan-replan/1").key("targets").begin_object();
  if (!verb.gtvs.empty()) texts("gtv", verb.gtvs);
  if (!verb.targets.empty()) texts("target", verb.targets);
  json.end_object();
  if (verb.stated("--margin-mm")) json.member("margin_mm", verb.margin_mm);
  json.member("prescription", verb.prescription).member("coverage_pct", verb.coverage_pct);
  if (!verb.goals.empty()) texts("goals", verb.goals);
  if (verb.stated("--nodes")) json.member("nodes", path_or_name(verb.nodes));
  if (verb.collimators != "auto") json.member("collimators_mm", parse_collimators(verb.collimators));
  if (verb.stated("--count")) json.member("count", verb.count);
  if (verb.stated("--max-beams")) json.member("max_beams", verb.max_beams);
  if (verb.stated("--seed")) json.member("seed", std::int64_t(verb.seed));
  if (verb.stated("--grid-mm")) json.member("grid_mm", verb.grid_mm);
  if (verb.stated("--beam-data")) json.member("beam_data", path_or_name(verb.beam_data));
  if (verb.stated("--density")) json.member("density", path_or_name(verb.density));
  if (verb.stated("--body")) json.member("body", verb.body);
  json.end_object();
  return json.finish();
}

bool has_plan_options(const ReplanVerb& verb) {
  return std::any_of(plan_options.begin(), plan_options.end(), verb.stated);
}

bool has_protocol(const fs::path& store) {
  std::error_code error;
  return fs::exists(store / "protocol.json", error);
}

// A mistake in the protocol leaves no store behind.
void check_protocol(const ReplanVerb& verb) {
  if (!verb.protocol.empty() && has_plan_options(verb))
    throw InputError("a protocol and options of plan", "--protocol", "either says everything",
                     "put the options into the file");
  if (!verb.protocol.empty())
    read_replan_protocol(verb.protocol);
  else if (has_plan_options(verb) || !has_protocol(verb.store))
    protocol_of_options(verb);
}

/// The protocol file of this run: --protocol, the options of plan in a file, or the store's own.
fs::path protocol_file(const ReplanVerb& verb, const Store* store) {
  if (!verb.protocol.empty()) return verb.protocol;
  if (!has_plan_options(verb) && store && has_protocol(store->folder())) return store->protocol();
  const fs::path folder = store ? store->folder() / ".jobs" : fs::temp_directory_path();
  const fs::path path = folder / fmt::format("protocol-of-options-{}.json", store ? 0 : int(::getpid()));
  write_file_atomically(path, protocol_of_options(verb));
  return path;
}

int objects_of(const ReplanCase& one, const std::string& modality) {
  int count = 0;
  for (const ArchiveEntry& entry : one.objects) count += entry.modality == modality ? int(entry.instances) : 0;
  return count;
}

void print_survey(const Survey& survey) {
  using Align = TextTable::Align;
  TextTable table({{"case"},
                   {"patient"},
                   {"study"},
                   {"site"},
                   {"target"},
                   {"CT", Align::right},
                   {"plan", Align::right},
                   {"dose", Align::right},
                   {"state"},
                   {"note"}});
  for (const SurveyedCase& surveyed : survey.cases) {
    const ReplanCase& one = surveyed.one;
    table.add_row({one.id, one.patient_id.substr(0, 40), one.study_date, one.site, one.target,
                   fmt::format("{}", objects_of(one, "CT")), fmt::format("{}", objects_of(one, "RTPLAN")),
                   fmt::format("{}", objects_of(one, "RTDOSE")), std::string(to_string(surveyed.state)), surveyed.note},
                  "");
  }
  fmt::print("{}", table.text());
}

std::map<CaseState, int> counts_of(const Survey& survey) {
  std::map<CaseState, int> counts;
  for (const SurveyedCase& surveyed : survey.cases) ++counts[surveyed.state];
  return counts;
}

void print_counts(const Survey& survey) {
  auto counts = counts_of(survey);
  fmt::print("{} cases: {} finished, {} finished otherwise, {} failed before, {} to do\n", survey.cases.size(),
             counts[CaseState::finished], counts[CaseState::other_origin], counts[CaseState::failed_before],
             counts[CaseState::to_do]);
  if (!survey.not_selected.empty())
    fmt::print("{} more finished cases of the store are not in this selection\n", survey.not_selected.size());
}

std::string survey_json(const Survey& survey) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-replan-list/1").key("cases").begin_array();
  for (const SurveyedCase& surveyed : survey.cases) {
    const ReplanCase& one = surveyed.one;
    json.begin_object().member("id", one.id).member("patient_id", one.patient_id);
    json.member("study_date", one.study_date).member("rtstruct_uid", one.structure_uid).member("site", one.site);
    json.member("target", one.target).member("ct_images", objects_of(one, "CT"));
    json.member("archived_plans", objects_of(one, "RTPLAN")).member("archived_doses", objects_of(one, "RTDOSE"));
    json.member("state", to_string(surveyed.state));
    if (!surveyed.note.empty()) json.member("note", surveyed.note);
    json.end_object();
  }
  json.end_array().key("refused").begin_array();
  for (const ArchiveRefusal& refused : survey.refused) {
    json.begin_object().member("what", refused.what).member("why", refused.why);
    json.end_object();
  }
  json.end_array().end_object();
  return json.finish();
}

void report(const ReplanSummary& summary, Session& session) {
  for (const auto& [id, reason] : summary.failures) fmt::print("failed: {}: {}\n", id, reason);
  for (const std::string& id : summary.elsewhere) fmt::print("in progress elsewhere: {}\n", id);
  fmt::print("{} done, {} failed, {} in progress elsewhere\n", summary.finished, summary.failures.size(),
             summary.elsewhere.size());
  if (!summary.failures.empty()) session.exit_code = exit_bad_input;
  if (!summary.stopped.empty())
    throw InputError("stopped early; nothing is lost", "", summary.stopped, "mend it and start the same command again");
}

void report_verification(const std::vector<std::string>& ids, const Store& store, Session& session) {
  int equal = 0;
  for (const std::string& id : ids) {
    std::error_code error;
    if (!fs::exists(store.verification(id), error)) continue;
    const JsonReader json = JsonReader::from_file(store.verification(id));
    if (json.at("equal").boolean()) {
      ++equal;
      continue;
    }
    session.exit_code = exit_goal_missed;
    for (const JsonReader& difference : json.at("differences").items())
      fmt::print("differs: {}: {}\n", id, difference.text());
  }
  fmt::print("verified: {} of {} finished cases are equal byte by byte\n", equal, ids.size());
}

void warn_of_other_origins(const Survey& survey, bool redo) {
  for (const SurveyedCase& surveyed : survey.cases)
    if (surveyed.state == CaseState::other_origin)
      spdlog::warn("{} is finished, but made otherwise than now ({}){}", surveyed.one.id, surveyed.note,
                   redo ? "; it is planned again" : "; --redo plans it again");
}

// Threads are shared among the processes.
void share_cores(ReplanVerb& verb, const Session& session) {
  const int all = session.threads != 0 ? session.threads : thread_count();
  verb.runner.threads_per_job = std::max(1, all / verb.runner.jobs);
}

void check(const ReplanVerb& verb) {
  if (verb.request.store_back && verb.archive.find("://") == std::string::npos && verb.store_into.empty())
    throw InputError("a folder needs a place for new objects", "--store-back", "the archive itself is only read",
                     "name a folder by --store-into");
  verb.reach.selection();  // refuses a --date that is none
  if (verb.verify && (verb.slurm || verb.request.redo))
    throw InputError("--verify only looks", "--verify", "it neither hands out nor replaces cases",
                     "leave out --slurm and --redo");
}

// Its results would be listed as cases, some of them while they are written.
void refuse_store_in_archive(const ReplanVerb& verb) {
  const fs::path store = fs::weakly_canonical(verb.store), archive = fs::weakly_canonical(verb.request.source);
  const fs::path inside = store.lexically_relative(archive);
  if (fs::is_directory(archive) && !inside.empty() && *inside.begin() != "..")
    throw InputError("the store lies in the archive", store.string(), "its results would be cases of the archive",
                     "choose a --store beside it");
}

void run(ReplanVerb& verb, Session& session) {
  check(verb);
  claim_outputs({verb.json}, false);
  verb.request.source =
      verb.archive.find("://") == std::string::npos ? fs::absolute(verb.archive).string() : verb.archive;
  verb.request.selection = verb.reach.selection();
  verb.request.source_options = verb.reach.source;
  verb.request.source_options.store_into = verb.store_into;
  share_cores(verb, session);
  check_protocol(verb);
  open_source(verb.request.source, verb.request.source_options);  // before the store is made
  refuse_store_in_archive(verb);
  if (verb.dry_run) {
    std::error_code error;
    std::optional<Store> store;
    if (fs::is_directory(fs::path(verb.store) / "cases", error)) store.emplace(verb.store, false);
    verb.request.protocol = protocol_file(verb, store ? &*store : nullptr);
    const Survey survey = survey_archive(verb.request, store ? &*store : nullptr, session.progress());
    if (verb.protocol.empty() && (!store || verb.request.protocol != store->protocol()))
      fs::remove(verb.request.protocol, error);
    session.log(survey.warnings);
    if (!verb.json.empty()) write_file_atomically(verb.json, survey_json(survey));
    print_survey(survey);
    for (const ArchiveRefusal& refused : survey.refused)
      if (!refused.why.starts_with("not a DICOM file")) fmt::print("refused: {}: {}\n", refused.what, refused.why);
    print_counts(survey);
    return;
  }
  const Store store(verb.store, !verb.verify);
  const auto lock = FileLock::take(store.folder() / ".locks" / ".store");
  if (!lock)
    throw InputError("another replan works on this store", store.folder().string(), "two would do the same cases",
                     "wait for it, or choose another --store");
  store.clean();
  verb.request.protocol = protocol_file(verb, &store);
  const Survey survey = survey_archive(verb.request, &store, session.progress());
  session.log(survey.warnings);
  if (!verb.json.empty()) write_file_atomically(verb.json, survey_json(survey));
  if (!verb.verify) keep_protocol(store, verb.request.protocol, verb.request.redo);
  warn_of_other_origins(survey, verb.request.redo);
  print_counts(survey);
  std::cout.flush();
  const std::vector<std::string> ids = write_jobs(survey, verb.request, store, verb.verify);
  if (verb.slurm) {
    const std::vector<std::string> jobs = ids.empty() ? ids : submit_to_slurm(ids, store, verb.slurm_options);
    fmt::print(
        "{} cases are with Slurm: {}\nthe same command without --slurm says how far they are and does the rest\n",
        ids.size(), fmt::join(jobs, ", "));
    return;
  }
  ReplanSummary summary;
  try {
    summary = run_jobs(ids, store, verb.runner, session.progress());
  } catch (const Cancelled&) {
    fmt::print(stderr, "cancelled; finished cases are kept, and the same command continues\n");
    session.exit_code = exit_cancelled;
    return;
  }
  if (verb.verify) report_verification(ids, store, session);
  report(summary, session);
  fmt::print("store: {}\n{}\n", store.folder().string(), disclaimer);
}

void add_plan_options(CLI::App& verb, ReplanVerb& v) {
  const char* group = "Instead of --protocol";
  const auto option = [&](const char* name, auto& value, const char* text) {
    return verb.add_option(name, value, text)->group(group);
  };
  option("--gtv", v.gtvs, "pattern of GTV names (* and ?), each its own lesion; may repeat");
  option("--margin-mm", v.margin_mm, "margin around every GTV in mm");
  option("--target", v.targets, "pattern of structures to plan on as they are; may repeat");
  option("--prescription", v.prescription, "total dose / fractions @ prescription isodose, e.g. 45Gy/5fx@75%");
  option("--coverage-pct", v.coverage_pct, "share of each target that receives its prescription")
      ->check(CLI::Range(50.0, 100.0));
  option("--goal", v.goals, "one goal, e.g. \"SpinalCord:D0.03cc <= 21.9 Gy\"; may repeat");
  option("--nodes", v.nodes, "node set: body, head or a JSON/CSV file");
  option("--collimators", v.collimators, "auto, or sizes in mm such as 10,20");
  option("--count", v.count, "candidate beams")->check(CLI::Range(1, 100000));
  option("--max-beams", v.max_beams, "most beams of a plan")->check(CLI::Range(1, 1000));
  option("--seed", v.seed, "seed of the candidate choice");
  option("--grid-mm", v.grid_mm, "dose grid spacing, 0.5 to 5 mm");
  option("--beam-data", v.beam_data, "beam data set: name or folder");
  option("--density", v.density, "HU to electron density: name of a table or CSV file");
  option("--body", v.body, "structure that is the body");
}

void run_case(const std::string& job, const std::string& list, long element, Session& session) {
  const CaseEnd end = replan_case(list.empty() ? fs::path(job) : job_of_element(list, element), session.progress());
  if (!end.why.empty()) fmt::print(stderr, "{}\n", end.why);
  switch (end.outcome) {
    case CaseOutcome::finished:
    case CaseOutcome::already_finished:
      return;
    case CaseOutcome::failed:
      session.exit_code = exit_bad_input;
      return;
    case CaseOutcome::busy:
      session.exit_code = exit_case_busy;
      return;
    case CaseOutcome::stopped:
      session.exit_code = exit_case_stopped;
      return;
  }
}

// For the processes that replan starts and for the elements of a Slurm array; not for people.
void add_case_verb(CLI::App& app, Session& session) {
  CLI::App* verb = app.add_subcommand("replan-case", "one case of a replan, from its job file");
  verb->group("");
  auto job = std::make_shared<std::string>(), list = std::make_shared<std::string>();
  auto element = std::make_shared<long>(0);
  verb->add_option("JOB", *job, "job file of the case");
  verb->add_option("--list", *list, "list of cases");
  verb->add_option("--element", *element, "line of the list");
  verb->callback([=, &session] { run_case(*job, *list, *element, session); });
}

}  // namespace

void add_replan_verb(CLI::App& app, Session& session) {
  CLI::App* verb =
      add_verb(app, "replan", "plans the cases of an archive again, into a store",
               "sbrtplan replan --archive FOLDER --protocol protocol.json --store STORE --jobs 2\n"
               "  sbrtplan replan --archive FOLDER --gtv \"GTV*\" --margin-mm 5 --prescription 45Gy/5fx@75% "
               "--store STORE --dry-run");
  auto v = std::make_shared<ReplanVerb>();
  verb->add_option("--archive", v->archive, "folder of DICOM files, or dimse://AET@host:port")->required();
  verb->add_option("--store", v->store, "folder of the results; an unfinished one is continued")->required();
  verb->add_option("--protocol", v->protocol, "what to plan and how, as JSON (docs/formats.md)");
  add_plan_options(*verb, *v);
  v->reach.add_case_selection_to(*verb);
  v->reach.add_source_to(*verb);
  verb->add_option("--jobs", v->runner.jobs, "cases side by side, each in a process of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  v->runner.memory_gb_per_job = 3;
  verb->add_option("--job-memory-gb", v->runner.memory_gb_per_job, "memory that one case may take; 0: not limited")
      ->check(CLI::Range(0.0, 4096.0))
      ->capture_default_str();
  verb->add_flag("--dry-run", v->dry_run, "only list what would be done");
  verb->add_flag("--verify", v->verify, "plan the finished cases again and say whether every byte is the same");
  verb->add_flag("--redo", v->request.redo,
                 "replan finished cases whose inputs, protocol, beam data or program changed");
  verb->add_flag("--trust-inputs", v->request.trust_inputs, "do not read the inputs of finished cases to compare them");
  verb->add_flag("--store-back", v->request.store_back, "store RTSTRUCT, RTPLAN and RTDOSE in the archive");
  verb->add_option("--store-into", v->store_into, "with --store-back and a folder: where they go");
  verb->add_flag("--slurm", v->slurm, "hand the cases to Slurm as a job array; the store lies on a shared disk");
  verb->add_option("--slurm-option", v->slurm_options.sbatch_options,
                   "option for sbatch, e.g. --slurm-option=--cpus-per-task=2; may repeat");
  verb->add_option("--slurm-array-size", v->slurm_options.array_size, "most elements of one array")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  verb->add_option("--json", v->json, "write the list of cases as JSON");
  v->stated = [verb](const std::string& name) { return verb->count(name) > 0; };
  verb->callback([v, &session] { run(*v, session); });
  add_case_verb(app, session);
}

}  // namespace sbrt::cli
