#include "engine/cohort/case_store.h"

#include "engine/json.h"

#include <algorithm>
#include <set>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

void mark_used(const JsonReader& value) {
  if (value.is_object())
    for (const auto& [key, member] : value.members()) mark_used(member);
  if (value.is_array())
    for (const JsonReader& item : value.items()) mark_used(item);
}

std::optional<double> number_in(const JsonReader& object, const char* key, double low = -JsonReader::infinity) {
  const auto found = object.find(key);
  return found ? std::optional(found->number(low)) : std::nullopt;
}

std::string text_in(const JsonReader& object, const char* key) {
  const auto found = object.find(key);
  return found ? found->text() : std::string();
}

/// Indices as plain numbers or with their interval.
void read_indices(const JsonReader& indices, PlanNumbers& numbers) {
  for (const auto& [id, value] : indices.members()) {
    if (value.is_number())
      numbers[id] = value.number();
    else if (value.is_object()) {
      numbers[id] = value.at("value").number();
      mark_used(value);
    } else
      throw value.error("an index that is no number", "", "write a number");
  }
}

/// Every number beside the indices is one of the plan's; texts and lists are not needed here.
PlanNumbers read_plan(const JsonReader& plan) {
  PlanNumbers numbers;
  for (const auto& [key, value] : plan.members()) {
    if (key == "indices")
      read_indices(value, numbers);
    else if (value.is_number())
      numbers[key] = value.number(0);
    else
      mark_used(value);
  }
  return numbers;
}

}  // namespace

CohortCase read_case_result(const fs::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-case-result/1");
  CohortCase one;
  const JsonReader identity = json.at("case");
  one.id = identity.at("id").text();
  one.patient_id = text_in(identity, "patient_id");
  one.target = text_in(identity, "target");
  one.site = text_in(identity, "site");
  one.study_date = text_in(identity, "study_date");
  if (const auto gtvs = identity.find("gtv")) {
    if (gtvs->is_text())
      one.gtvs.push_back(gtvs->text());
    else
      for (const JsonReader& gtv : gtvs->items()) one.gtvs.push_back(gtv.text());
  }
  mark_used(identity);
  if (const auto lesion = json.find("lesion")) {
    one.largest_diameter_mm = number_in(*lesion, "largest_diameter_mm", 0);
    one.gtv_cc = number_in(*lesion, "gtv_cc", 0);
    one.ptv_cc = number_in(*lesion, "ptv_cc", 0);
    mark_used(*lesion);
  }
  if (const auto prescription = json.find("prescription")) {
    one.dose_gy = number_in(*prescription, "dose_gy", 0);
    if (const auto fractions = prescription->find("fractions")) one.fractions = int(fractions->integer(1, 1000));
    one.alpha_beta_gy = number_in(*prescription, "alpha_beta_gy", 0);
    one.bed_gy = number_in(*prescription, "bed_gy", 0);
    one.eqd2_gy = number_in(*prescription, "eqd2_gy", 0);
    mark_used(*prescription);
  }
  const JsonReader replanned = json.at("replanned");
  one.replanned = read_plan(replanned);
  if (const auto warnings = replanned.find("warnings"))
    for (const JsonReader& warning : warnings->items())
      one.warnings.push_back(warning.is_object() ? warning.at("code").text() : warning.text());
  if (const auto archived = json.find("archived")) one.archived = read_plan(*archived);
  if (const auto comparison = json.find("comparison")) {
    one.gamma_pct = number_in(*comparison, "gamma_pct", 0);
    mark_used(*comparison);
  }
  for (const char* other : {"hashes", "outputs", "program", "protocol"})
    if (const auto member = json.find(other)) mark_used(*member);
  json.expect_all_used();
  const fs::path report = path.parent_path() / "report.html";
  std::error_code ignored;
  if (fs::is_regular_file(report, ignored)) one.report = report;
  return one;
}

CaseStore read_store(const fs::path& store) {
  std::error_code ignored;
  const fs::path cases = store / "cases", failed = store / "failed";
  if (!fs::is_directory(store, ignored))
    throw InputError("there is no such store", store.string(), "it is no folder", "name the folder of replan --store");
  if (!fs::is_directory(cases, ignored) && !fs::is_directory(failed, ignored))
    throw InputError("this is no store of replanned cases", store.string(), "it has neither cases/ nor failed/",
                     "name the folder of replan --store");
  CaseStore contents;
  const auto entries = [](const fs::path& folder) {
    std::vector<fs::path> all;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code))
      if (!entry.path().filename().string().starts_with(".")) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  };
  std::set<std::string> ids;
  for (const fs::path& folder : entries(cases)) {
    const fs::path path = folder / "case-result.json";
    try {
      CohortCase one = read_case_result(path);
      if (!ids.insert(one.id).second)
        throw InputError("case '" + one.id + "' occurs twice", path.string(), "it would count twice",
                         "remove one of the folders");
      contents.cases.push_back(std::move(one));
    } catch (const InputError& error) {
      contents.unreadable.push_back({path, error.what()});
    }
  }
  for (const fs::path& path : entries(failed)) {
    if (path.extension() != ".json") continue;
    FailedCase one{path.stem().string(), ""};
    try {
      const JsonReader json = JsonReader::from_file(path);
      if (json.is_object())
        for (const char* key : {"reason", "error", "message"})
          if (const auto reason = json.find(key); reason && reason->is_text() && one.reason.empty())
            one.reason = reason->text();
      if (one.reason.empty()) one.reason = "no reason is stated";
    } catch (const InputError& error) {
      one.reason = error.what();
    }
    contents.failed.push_back(std::move(one));
  }
  std::sort(contents.cases.begin(), contents.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return contents;
}

}  // namespace sbrt
