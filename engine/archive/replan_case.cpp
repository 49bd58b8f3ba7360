#include "engine/archive/replan_case.h"

#include "dicom/import.h"
#include "engine/archive/case_result.h"
#include "engine/archive/folder_difference.h"
#include "engine/json.h"
#include "engine/plan_outputs.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/sha256.h"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

constexpr const char* made_objects[] = {"structures.dcm", "plan.dcm", "dose.dcm"};

// What a network archive brought is told apart by UID.
void add_fetched_files(const dicom::Catalogue& catalogue, std::vector<ArchiveEntry>& objects) {
  const auto take = [](const auto& files, ArchiveEntry& entry) {
    for (const auto& file : files)
      if (file.reference.sop_instance_uid == entry.sop_uid) entry.files = {file.path};
  };
  for (ArchiveEntry& entry : objects) {
    if (!entry.files.empty()) continue;
    for (const dicom::CtSeries& series : catalogue.ct_series)
      if (entry.sop_uid.empty() && series.series_instance_uid == entry.series_uid)
        for (const dicom::CtSlice& slice : series.slices) entry.files.push_back(slice.path);
    take(catalogue.structures, entry);
    take(catalogue.doses, entry);
    take(catalogue.plans, entry);
  }
}

std::vector<std::string> uids_of_outputs(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* name : made_objects) files.push_back(folder / name);
  const dicom::Catalogue made = dicom::scan(files);
  std::vector<std::string> uids;
  for (const auto& file : made.structures) uids.push_back(file.reference.sop_instance_uid);
  for (const auto& file : made.plans) uids.push_back(file.reference.sop_instance_uid);
  for (const auto& file : made.doses) uids.push_back(file.reference.sop_instance_uid);
  return uids;
}

// Plans the case and writes everything that the store keeps of it.
void make_result(const CaseJob& job, ArchiveSource& source, const fs::path& work, Progress& progress) {
  const ReplanProtocol protocol = read_replan_protocol(job.protocol);
  if (protocol.sha256 != job.protocol_sha256)
    throw InputError("the protocol changed since the case was handed out", job.protocol.string(), "",
                     "start replan again");
  if (!job.one.problem.empty())
    throw InputError("the case cannot be planned", "RTSTRUCT " + job.one.structure_uid, job.one.problem, "");

  fs::create_directories(work / "fetched");
  fs::create_directories(work / "result");
  const FetchedFiles fetched = source.fetch(job.one.objects, work / "fetched", progress);
  fs::current_path(fetched.root);
  const dicom::Catalogue catalogue = dicom::scan(fetched.files);
  std::vector<ArchiveEntry> objects = job.one.objects;
  add_fetched_files(catalogue, objects);

  CaseFindings findings;
  findings.job = &job;
  findings.origin.inputs = hashes_of(objects, ".");
  findings.origin.protocol_sha256 = protocol.sha256;
  findings.origin.protocol_files_sha256 = protocol.files_sha256;
  findings.origin.program_revision = program_revision();

  const CaseRequest request = request_for(job.one, protocol, catalogue, fetched.files);
  const PlanOutcome outcome = plan_case(request.plan, progress);
  const PlanReport report = write_plan_outputs(request.plan, outcome, work / "result", progress);
  const ArchivedPlan archived =
      judge_archived(catalogue, request.plan, outcome, job.one.neighbours, protocol.gamma, progress);
  findings.request = &request;
  findings.outcome = &outcome;
  findings.report = &report;
  findings.archived = &archived;
  findings.origin.beam_data_sha256 = outcome.prepared.beam_data.sha256();
  findings.origin.outputs = uids_of_outputs(work / "result");
  write_file_atomically(work / "result" / "case-result.json", case_result_json(findings));
}

std::unique_ptr<ArchiveSource> source_of(const CaseJob& job) {
  try {
    return open_source(job.source, job.source_options);
  } catch (const InputError& error) {
    throw ArchiveUnavailable(error.problem(), error.where(), error.why(), error.remedy());
  }
}

void verify(const CaseJob& job, const Store& store, const fs::path& result) {
  const std::vector<std::string> differences = folder_differences(store.case_folder(job.one.id), result);
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-case-verification/1").member("id", job.one.id);
  json.member("equal", differences.empty()).key("differences").begin_array();
  for (const std::string& difference : differences) json.value(difference);
  json.end_array().end_object();
  write_file_atomically(store.verification(job.one.id), json.finish());
}

bool nothing_to_do(const CaseJob& job, const Store& store) {
  if (job.kind == JobKind::verify) return false;
  if (!store.finished(job.one.id)) return false;
  // A redo that somebody else did meanwhile is done.
  return job.kind == JobKind::plan || sha256_of_file(store.case_result(job.one.id)) != job.replaces_sha256;
}

void work_on(const CaseJob& job, const Store& store, Progress& progress) {
  const fs::path work = store.fresh_work_folder(job.one.id);
  const std::unique_ptr<ArchiveSource> source = source_of(job);
  make_result(job, *source, work, progress);
  if (job.kind == JobKind::verify) {
    verify(job, store, work / "result");
  } else {
    // Before the case counts as done: equal bytes have equal UIDs, so a second time changes nothing.
    if (job.store_back) {
      std::vector<fs::path> files;
      for (const char* name : made_objects) files.push_back(work / "result" / name);
      source->store(files, progress);
    }
    store.finish(job.one.id, work / "result");
  }
  fs::current_path(store.folder());
  std::error_code ignored;
  fs::remove_all(work, ignored);
}

}  // namespace

void write_failure(const Store& store, const ReplanCase& one, const CaseFailure& failure) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-case-failure/1").key("case").begin_object();
  json.member("id", one.id).member("patient_id", one.patient_id).member("rtstruct_uid", one.structure_uid);
  json.member("target", one.target).member("site", one.site).member("study_date", one.study_date).end_object();
  json.member("kind", failure.kind).member("reason", failure.reason).end_object();
  write_file_atomically(store.failure(one.id), json.finish());
}

CaseEnd replan_case(const fs::path& job_file, Progress& progress) {
  const CaseJob job = read_case_job(job_file);
  const Store store(job.store, false);
  const auto lock = FileLock::take(store.lock_file(job.one.id));
  if (!lock) return {CaseOutcome::busy, {}};
  if (nothing_to_do(job, store)) return {CaseOutcome::already_finished, {}};

  CaseFailure failure;
  bool case_is_to_blame = true;
  try {
    work_on(job, store, progress);
    return {CaseOutcome::finished, {}};
  } catch (const Cancelled&) {
    throw;
  } catch (const ArchiveUnavailable& error) {
    failure = {"input", error.what()};
    case_is_to_blame = false;
  } catch (const InputError& error) {
    failure = {"input", error.what()};
    case_is_to_blame = !error.problem().starts_with("cannot write");
  } catch (const fs::filesystem_error& error) {
    failure = {"internal", error.what()};
    const std::error_code code = error.code();
    case_is_to_blame = code != std::errc::no_space_on_device && code != std::errc::read_only_file_system &&
                       code != std::errc::io_error && code.value() != EDQUOT;
  } catch (const std::bad_alloc&) {
    failure = {"memory", "not enough memory; give the case more by --job-memory-gb, or choose a coarser grid"};
  } catch (const std::exception& error) {
    failure = {"internal", error.what()};
  }
  // A full disk or an archive that is gone is nothing that this case did. Tried before its folder makes room; not
  // where memory ran out, as the trial takes some too.
  case_is_to_blame = case_is_to_blame && (failure.kind == "memory" || store.can_write());
  std::error_code ignored;
  fs::current_path(store.folder(), ignored);
  fs::remove_all(store.work_folder(job.one.id), ignored);
  if (!case_is_to_blame) return {CaseOutcome::stopped, failure.reason};
  write_failure(store, job.one, failure);
  return {CaseOutcome::failed, failure.reason};
}

}  // namespace sbrt
