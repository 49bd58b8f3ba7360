#include "engine/archive/replan.h"

#include "dose/beam_data.h"
#include "engine/archive/case_result.h"
#include "engine/archive/replan_case.h"
#include "engine/json.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> names_of(const std::vector<ArchiveEntry>& objects) {
  std::vector<std::string> names;
  for (const ArchiveEntry& entry : objects)
    names.push_back(entry.modality + "/" + (entry.sop_uid.empty() ? entry.series_uid : entry.sop_uid));
  std::sort(names.begin(), names.end());
  return names;
}

/// What results of now are made from.
struct Now {
  std::string protocol_sha256, protocol_files_sha256, beam_data_sha256, program_revision;
  fs::path root;  //!< of a folder source; empty where inputs are not looked at
};

std::string inputs_differ(const ResultOrigin& origin, const std::vector<ArchiveEntry>& objects, const fs::path& root) {
  std::vector<std::string> names;
  for (const HashedObject& input : origin.inputs) names.push_back(input.path);
  if (names != names_of(objects)) return "the archive has other objects for it";
  const bool at_hand = std::none_of(objects.begin(), objects.end(), [](const auto& e) { return e.files.empty(); });
  if (root.empty() || !at_hand) return {};
  return hashes_of(objects, root) == origin.inputs ? "" : "inputs";
}

// In words what a finished case was made from that is another now; empty: nothing.
std::string origin_note(const ResultOrigin& origin, const ReplanCase& one, const Now& now) {
  std::vector<std::string> others;
  if (const std::string inputs = inputs_differ(origin, one.objects, now.root); !inputs.empty())
    others.push_back(inputs);
  if (origin.protocol_sha256 != now.protocol_sha256) others.push_back("protocol");
  if (origin.protocol_files_sha256 != now.protocol_files_sha256) others.push_back("files of the protocol");
  if (origin.beam_data_sha256 != now.beam_data_sha256) others.push_back("beam data");
  if (origin.program_revision != now.program_revision) others.push_back("program " + origin.program_revision);
  return fmt::format("{}", fmt::join(others, ", "));
}

void note_time(const Store& store, const CaseRun& run, const RunnerOptions& options, const std::string& outcome) {
  const fs::path path = store.folder() / "times.csv";
  std::error_code error;
  const bool is_new = !fs::exists(path, error);
  std::ofstream out(path, std::ios::app);
  if (is_new) out << "case,outcome,seconds,cpu_seconds,peak_mb,threads,jobs\n";
  out << fmt::format("{},{},{:.2f},{:.2f},{:.0f},{},{}\n", run.id, outcome, run.seconds, run.cpu_seconds, run.peak_mb,
                     options.threads_per_job, options.jobs);
}

std::string last_line(const fs::path& log) {
  std::ifstream in(log);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line.substr(0, 2000);
  return last;
}

std::string reason_of(const Store& store, const std::string& id) {
  try {
    const JsonReader json = JsonReader::from_file(store.failure(id));
    return json.at("reason").text();
  } catch (const InputError&) {
    return {};
  }
}

/// Takes in how the processes ended.
class Collector {
 public:
  Collector(const Store& store, const RunnerOptions& options, ReplanSummary& summary)
      : store_(store), options_(options), summary_(summary) {}

  bool take(const CaseRun& run) {
    switch (run.exit_code) {
      case 0:
        ++summary_.finished;
        note_time(store_, run, options_, "finished");
        return true;
      case exit_case_busy:
        summary_.elsewhere.push_back(run.id);
        return true;
      case exit_case_stopped:
        summary_.stopped = last_line(store_.log(run.id));
        if (summary_.stopped.empty()) summary_.stopped = "the archive or the store cannot be used";
        return false;
      default:
        return failed(run);
    }
  }

 private:
  bool failed(const CaseRun& run) {
    std::string reason = run.exit_code == 3 ? reason_of(store_, run.id) : "";
    if (reason.empty()) {
      const CaseFailure failure =
          run.signal != 0 ? CaseFailure{"killed", fmt::format("its process was ended by signal {} ({})", run.signal,
                                                              strsignal(run.signal))}
                          : CaseFailure{"internal", fmt::format("its process ended with code {}: {}", run.exit_code,
                                                                last_line(store_.log(run.id)))};
      reason = failure.reason;
      try {
        write_failure(store_, read_case_job(store_.job(run.id)).one, failure);
      } catch (const InputError& error) {
        summary_.stopped = error.what();
        return false;
      }
    }
    note_time(store_, run, options_, "failed");
    summary_.failures.emplace_back(run.id, reason);
    return true;
  }

  const Store& store_;
  const RunnerOptions& options_;
  ReplanSummary& summary_;
};

}  // namespace

std::string_view to_string(CaseState state) {
  switch (state) {
    case CaseState::to_do:
      return "to do";
    case CaseState::failed_before:
      return "failed before";
    case CaseState::finished:
      return "finished";
    case CaseState::other_origin:
      return "finished otherwise";
  }
  return "";
}

Survey survey_archive(const ReplanRequest& request, const Store* store, Progress& progress) {
  Survey survey;
  survey.protocol = read_replan_protocol(request.protocol);
  const std::unique_ptr<ArchiveSource> source = open_source(request.source, request.source_options);

  std::map<std::string, ResultOrigin> origins;
  std::set<std::string> own;
  if (store)
    for (const std::string& id : store->finished_cases()) {
      const ResultOrigin& origin = origins[id] = read_result_origin(store->case_result(id));
      own.insert(origin.outputs.begin(), origin.outputs.end());
    }

  ArchiveSelection selection = request.selection;
  selection.with_structure_names = true;
  ArchiveListing listing = source->list(selection, progress);
  survey.refused = std::move(listing.refused);
  survey.warnings = std::move(listing.warnings);

  const Now now{survey.protocol.sha256, survey.protocol.files_sha256,
                BeamData::named_or_folder(survey.protocol.base.beam_data).sha256(), program_revision(),
                request.trust_inputs ? fs::path() : fs::path(request.source)};
  std::set<std::string> named;
  std::vector<ReplanCase> cases = discover_cases(listing, survey.protocol, own);
  progress.begin("comparing with the store", std::int64_t(cases.size()));
  for (ReplanCase& one : cases) {
    SurveyedCase surveyed{std::move(one), CaseState::to_do, {}};
    const std::string& id = surveyed.one.id;
    named.insert(id);
    surveyed.note = surveyed.one.problem;
    if (const auto origin = origins.find(id); origin != origins.end()) {
      surveyed.note = origin_note(origin->second, surveyed.one, now);
      surveyed.state = surveyed.note.empty() ? CaseState::finished : CaseState::other_origin;
    } else if (store && fs::exists(store->failure(id))) {
      surveyed.state = CaseState::failed_before;
      surveyed.note = reason_of(*store, id);
    }
    survey.cases.push_back(std::move(surveyed));
    progress.advance();
  }
  progress.end();
  for (const auto& [id, origin] : origins)
    if (!named.contains(id)) survey.not_selected.push_back(id);
  return survey;
}

std::vector<std::string> write_jobs(const Survey& survey, const ReplanRequest& request, const Store& store,
                                    bool verify) {
  std::vector<std::string> ids;
  for (const SurveyedCase& surveyed : survey.cases) {
    const bool finished = surveyed.state == CaseState::finished || surveyed.state == CaseState::other_origin;
    const bool redo = request.redo && surveyed.state == CaseState::other_origin;
    if (verify ? !finished : (finished && !redo)) continue;
    CaseJob job;
    job.kind = verify ? JobKind::verify : redo ? JobKind::redo : JobKind::plan;
    job.one = surveyed.one;
    job.source = request.source;
    job.store = store.folder();
    job.protocol = fs::absolute(request.protocol);
    job.protocol_sha256 = survey.protocol.sha256;
    job.store_back = request.store_back && !verify;
    job.source_options = request.source_options;
    if (!job.source_options.store_into.empty())
      job.source_options.store_into = fs::absolute(job.source_options.store_into);
    if (redo) job.replaces_sha256 = sha256_of_file(store.case_result(job.one.id));
    write_file_atomically(store.job(job.one.id), to_json(job));
    ids.push_back(job.one.id);
  }
  return ids;
}

ReplanSummary run_jobs(const std::vector<std::string>& ids, const Store& store, const RunnerOptions& options,
                       Progress& progress) {
  ReplanSummary summary;
  const auto process_of = [&](const std::string& id) {
    return CaseProcess{id,
                       {"--threads", std::to_string(options.threads_per_job), "replan-case", store.job(id).string()},
                       store.log(id)};
  };
  const auto run = [&](const std::vector<std::string>& which) {
    std::vector<CaseProcess> processes;
    for (const std::string& id : which) processes.push_back(process_of(id));
    Collector collector(store, options, summary);
    run_processes(
        processes, options, [&](const CaseRun& ended) { return collector.take(ended); }, progress);
  };
  run(ids);
  // Those of a run that was killed a moment ago may still have been ending.
  if (summary.stopped.empty() && !summary.elsewhere.empty()) run(std::exchange(summary.elsewhere, {}));
  std::error_code error;
  for (const std::string& id : ids) {
    const bool open = std::find(summary.elsewhere.begin(), summary.elsewhere.end(), id) != summary.elsewhere.end();
    if (!open && summary.stopped.empty()) fs::remove(store.job(id), error);
  }
  return summary;
}

void keep_protocol(const Store& store, const fs::path& protocol, bool replace) {
  const std::string bytes = bytes_of(protocol);
  std::error_code error;
  if (fs::exists(store.protocol(), error)) {
    if (bytes_of(store.protocol()) == bytes) return;
    if (!replace)
      throw InputError("the store was made under another protocol", store.protocol().string(),
                       "its cases would not be one series",
                       "give the store's own protocol, choose another --store, or replan its cases by --redo");
  }
  write_file_atomically(store.protocol(), bytes);
}

}  // namespace sbrt
