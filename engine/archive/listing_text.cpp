#include "engine/archive/listing_text.h"

#include "engine/json.h"

#include <fmt/format.h>

#include <set>

namespace sbrt {
namespace {

// A stranger's text on one line of a terminal: no control characters.
std::string printable(const std::string& text) {
  std::string all;
  for (const char c : text) all += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return all;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + printable(name);
  return all;
}

}  // namespace

bool is_of_a_case(const ArchiveEntry& entry) {
  return entry.modality == "CT" || entry.modality == "RTSTRUCT" || entry.modality == "RTDOSE" ||
         entry.modality == "RTPLAN";
}

std::string to_text(const ArchiveListing& listing) {
  std::string text;
  std::set<std::string> patients, studies;
  std::int64_t objects = 0;
  for (const ArchiveEntry& entry : listing.entries) {
    if (patients.insert(entry.patient_id).second)
      text += fmt::format("{}  {}\n", entry.patient_id.empty() ? "(no patient ID)" : printable(entry.patient_id),
                          printable(entry.patient_name));
    if (studies.insert(entry.study_uid).second)
      text += fmt::format("  {}  study {}\n", entry.study_date.empty() ? "(no date)" : printable(entry.study_date),
                          printable(entry.study_uid));
    text += fmt::format("    {:<9} {:>5} {:<7}  {}{}{}\n", printable(entry.modality), entry.instances,
                        entry.instances == 1 ? "object" : "objects",
                        printable(entry.sop_uid.empty() ? entry.series_uid : entry.sop_uid),
                        entry.label.empty() ? "" : "  '" + printable(entry.label) + "'",
                        entry.body_part.empty() ? "" : "  " + printable(entry.body_part));
    if (!entry.structure_names.empty()) text += fmt::format("              {}\n", joined(entry.structure_names));
    objects += entry.instances;
  }
  if (!listing.refused.empty()) text += "refused:\n";
  for (const ArchiveRefusal& refusal : listing.refused)
    text += fmt::format("  {}: {}\n", printable(refusal.what), printable(refusal.why));
  return text + fmt::format("{} patients, {} studies, {} series or RT objects, {} objects in all\n", patients.size(),
                            studies.size(), listing.entries.size(), objects);
}

std::string to_json(const ArchiveListing& listing, const std::string& source) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-archive/1").member("source", source);
  json.key("entries").begin_array();
  for (const ArchiveEntry& entry : listing.entries) {
    json.begin_object().member("modality", entry.modality);
    const auto text = [&](const char* key, const std::string& value) {
      if (!value.empty()) json.member(key, value);
    };
    text("patient_id", entry.patient_id);
    text("patient_name", entry.patient_name);
    text("study_date", entry.study_date);
    text("study_uid", entry.study_uid);
    text("series_uid", entry.series_uid);
    text("sop_uid", entry.sop_uid);
    text("body_part", entry.body_part);
    text("label", entry.label);
    json.member("instances", entry.instances);
    if (!entry.structure_names.empty()) {
      json.key("structures").begin_array();
      for (const std::string& name : entry.structure_names) json.value(name);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  json.key("refused").begin_array();
  for (const ArchiveRefusal& refusal : listing.refused)
    json.begin_row_object().member("what", refusal.what).member("why", refusal.why).end_object();
  json.end_array().end_object();
  return json.finish();
}

}  // namespace sbrt
