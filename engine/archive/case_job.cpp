#include "engine/archive/case_job.h"

#include "engine/archive/safe_name.h"
#include "engine/json.h"

#include <array>
#include <utility>

namespace sbrt {
namespace {

constexpr std::array<const char*, 3> kinds{"plan", "redo", "verify"};

void write_object(JsonWriter& json, const ArchiveEntry& entry) {
  json.begin_object();
  json.member("modality", entry.modality).member("patient_id", entry.patient_id).member("study_uid", entry.study_uid);
  json.member("series_uid", entry.series_uid).member("sop_uid", entry.sop_uid).member("instances", entry.instances);
  json.key("files").begin_array();
  for (const auto& file : entry.files) json.value(encoded_path(file.string()));
  json.end_array().end_object();
}

ArchiveEntry read_object(const JsonReader& json) {
  ArchiveEntry entry;
  entry.modality = json.at("modality").text();
  entry.patient_id = json.at("patient_id").text();
  entry.study_uid = json.at("study_uid").text();
  entry.series_uid = json.at("series_uid").text();
  entry.sop_uid = json.at("sop_uid").text();
  entry.instances = json.at("instances").integer(0);
  for (const JsonReader& file : json.at("files").items()) entry.files.emplace_back(decoded_path(file.text()));
  return entry;
}

}  // namespace

std::string to_json(const CaseJob& job) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-case-job/1").member("kind", kinds.at(std::size_t(job.kind)));
  json.member("source", encoded_path(job.source)).member("store", encoded_path(job.store.string()));
  json.member("protocol", encoded_path(job.protocol.string())).member("protocol_sha256", job.protocol_sha256);
  json.member("store_back", job.store_back);
  json.key("source_options").begin_object();
  json.member("store_into", encoded_path(job.source_options.store_into.string()));
  const dicom::DimseOptions& network = job.source_options.network;
  json.member("calling_ae_title", network.calling_ae_title).member("timeout_s", network.timeout_s);
  json.member("store_port", network.store_port).end_object();
  json.member("replaces_sha256", job.replaces_sha256);
  const ReplanCase& one = job.one;
  json.key("case").begin_object();
  json.member("id", one.id).member("patient_id", one.patient_id).member("study_date", one.study_date);
  json.member("structure_uid", one.structure_uid).member("site", one.site);
  json.member("target", one.target).member("expand", one.expand).member("gtv", one.gtv);
  json.member("problem", one.problem);
  json.key("neighbours").begin_array();
  for (const std::string& name : one.neighbours) json.value(name);
  json.end_array();
  json.key("objects").begin_array();
  for (const ArchiveEntry& entry : one.objects) write_object(json, entry);
  json.end_array().end_object().end_object();
  return json.finish();
}

CaseJob read_case_job(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-case-job/1");
  CaseJob job;
  const std::string kind = json.at("kind").choice({kinds[0], kinds[1], kinds[2]});
  for (std::size_t n = 0; n < kinds.size(); ++n)
    if (kind == kinds[n]) job.kind = JobKind(n);
  job.source = decoded_path(json.at("source").text());
  job.store = decoded_path(json.at("store").text());
  job.protocol = decoded_path(json.at("protocol").text());
  job.protocol_sha256 = json.at("protocol_sha256").text();
  job.store_back = json.at("store_back").boolean();
  const JsonReader options = json.at("source_options");
  job.source_options.store_into = decoded_path(options.at("store_into").text());
  job.source_options.network.calling_ae_title = options.at("calling_ae_title").text();
  job.source_options.network.timeout_s = int(options.at("timeout_s").integer(1, 3600));
  job.source_options.network.store_port = int(options.at("store_port").integer(0, 65535));
  job.replaces_sha256 = json.at("replaces_sha256").text();
  const JsonReader one = json.at("case");
  job.one.id = one.at("id").text();
  // The id names folders: one that this program did not make could lead out of the store.
  if (job.one.id.find('/') != std::string::npos || job.one.id.starts_with('.') || job.one.id.empty())
    throw one.at("id").error("no id of a case", "it names folders of the store", "let replan write the job");
  job.one.patient_id = one.at("patient_id").text();
  job.one.study_date = one.at("study_date").text();
  job.one.structure_uid = one.at("structure_uid").text();
  job.one.site = one.at("site").text();
  job.one.target = one.at("target").text();
  job.one.expand = one.at("expand").boolean();
  job.one.gtv = one.at("gtv").text();
  job.one.problem = one.at("problem").text();
  for (const JsonReader& name : one.at("neighbours").items()) job.one.neighbours.push_back(name.text());
  for (const JsonReader& entry : one.at("objects").items()) job.one.objects.push_back(read_object(entry));
  json.expect_all_used();
  return job;
}

}  // namespace sbrt
