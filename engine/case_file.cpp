#include "engine/case_file.h"

#include "engine/json.h"

namespace sbrt {
namespace {

std::vector<std::string> texts(const JsonReader& value) {
  if (!value.is_array()) return {value.text()};
  std::vector<std::string> all;
  for (const JsonReader& item : value.items()) all.push_back(item.text());
  return all;
}

template <class T>
void replace_if_stated(T& base, const T& option, const T& unstated = T{}) {
  if (option != unstated) base = option;
}

template <class T>
void replace_if_any(std::vector<T>& base, const std::vector<T>& options) {
  if (!options.empty()) base = options;
}

}  // namespace

PlanRequest read_case_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-case/1");
  if (const auto note = json.find("description")) note->text();

  PlanRequest request;
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  for (const std::string& input : texts(json.at("dicom")))
    request.selection.inputs.push_back((folder / input).lexically_normal());
  if (const auto v = json.find("ct")) request.selection.ct_uid = v->text();
  if (const auto v = json.find("rtstruct")) request.selection.rtstruct = v->text();
  if (const auto v = json.find("patient_position")) request.selection.patient_position = v->text();

  if (const auto v = json.find("gtv")) request.targets.gtvs = texts(*v);
  if (const auto v = json.find("margin_mm")) request.targets.margin_mm = v->number();
  if (const auto v = json.find("union")) request.targets.union_name = v->text();
  if (const auto v = json.find("target")) request.targets.targets = texts(*v);
  for (const std::string& text : texts(json.at("prescription")))
    request.targets.prescriptions.push_back(Prescription::parse(text));
  if (const auto v = json.find("coverage_pct")) request.coverage_pct = v->number(50, 100);

  if (const auto v = json.find("goals"))
    for (const JsonReader& goal : v->items()) request.goals.push_back(Goal::parse(goal.text()));
  if (const auto v = json.find("queries"))
    for (const JsonReader& query : v->items()) request.queries.push_back(StructureQuery::parse(query.text()));

  if (const auto v = json.find("nodes")) request.nodes = v->text();
  if (const auto v = json.find("avoid")) request.avoid = texts(*v);
  if (const auto v = json.find("collimators_mm")) request.collimators_mm = v->numbers(1, 100);
  if (const auto v = json.find("count")) request.count = int(v->integer(1, 100000));
  if (const auto v = json.find("seed")) request.seed = std::uint64_t(v->integer(0));
  if (const auto v = json.find("grid_mm")) request.grid_mm = v->number(0.5, 5);
  if (const auto v = json.find("beam_data")) request.beam_data = v->text();
  if (const auto v = json.find("density")) request.patient.density = v->text();
  if (const auto v = json.find("body")) request.patient.body = v->text();
  if (const auto v = json.find("overrides"))
    for (const auto& [name, hu] : v->members()) request.patient.overrides.emplace_back(name, hu.number(-1024, 30000));
  json.expect_all_used();
  return request;
}

PlanRequest merge(PlanRequest base, const PlanRequest& options) {
  const PlanRequest unstated;
  replace_if_stated(base.selection.ct_uid, options.selection.ct_uid);
  replace_if_stated(base.selection.rtstruct, options.selection.rtstruct);
  replace_if_stated(base.selection.patient_position, options.selection.patient_position);
  replace_if_any(base.targets.gtvs, options.targets.gtvs);
  replace_if_any(base.targets.targets, options.targets.targets);
  replace_if_stated(base.targets.union_name, options.targets.union_name);
  replace_if_stated(base.coverage_pct, options.coverage_pct, unstated.coverage_pct);
  replace_if_any(base.avoid, options.avoid);
  replace_if_stated(base.nodes, options.nodes, unstated.nodes);
  replace_if_stated(base.count, options.count);
  replace_if_stated(base.seed, options.seed, unstated.seed);
  replace_if_stated(base.grid_mm, options.grid_mm);
  replace_if_stated(base.beam_data, options.beam_data, unstated.beam_data);
  replace_if_stated(base.patient.density, options.patient.density, unstated.patient.density);
  replace_if_stated(base.patient.body, options.patient.body);
  return base;
}

}  // namespace sbrt
