#include "engine/case_file.h"

#include "engine/evaluation/biology_file.h"
#include "engine/json.h"
#include "engine/planning/goal_file.h"

namespace sbrt {
namespace {

std::vector<std::string> texts(const JsonReader& value) {
  if (!value.is_array()) return {value.text()};
  std::vector<std::string> all;
  for (const JsonReader& item : value.items()) all.push_back(item.text());
  return all;
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
  for (const std::string& text : texts(json.at("prescription"))) try {
      request.targets.prescriptions.push_back(Prescription::parse(text));
    } catch (const InputError& error) {
      throw json.at("prescription").error(error.problem(), error.why(), error.remedy());
    }
  if (const auto v = json.find("coverage_pct")) request.coverage_pct = v->number(50, 100);

  if (const auto v = json.find("goals"))
    for (const JsonReader& goal : v->items()) request.goals.push_back(goal_of(goal));
  if (const auto v = json.find("queries"))
    for (const JsonReader& query : v->items()) request.queries.push_back(StructureQuery::parse(query.text()));

  if (const auto v = json.find("protocol"))
    for (const std::string& text : texts(*v))
      request.protocols.protocols.push_back(
          protocol_named_or_file(text.ends_with(".json") ? (folder / text).lexically_normal().string() : text));
  if (const auto v = json.find("names"))
    for (const std::string& text : texts(*v)) request.protocols.names.push_back((folder / text).lexically_normal());
  if (const auto v = json.find("match"))
    for (const auto& [organ, structure] : v->members()) request.protocols.told.push_back({organ, structure.text()});

  if (const auto v = json.find("biology")) request.biology = read_biology_file((folder / v->text()).lexically_normal());

  if (const auto v = json.find("nodes")) request.nodes = v->text();
  if (const auto v = json.find("avoid")) request.avoid = texts(*v);
  if (const auto v = json.find("collimators_mm")) request.collimators_mm = v->numbers(1, 100);
  if (const auto v = json.find("count")) request.count = int(v->integer(1, 100000));
  if (const auto v = json.find("seed")) request.seed = std::uint64_t(v->integer(0));
  if (const auto v = json.find("max_beams")) request.limits.max_beams = int(v->integer(1, 1000));
  if (const auto v = json.find("max_nodes")) request.limits.max_nodes = int(v->integer(1, 1000));
  if (const auto v = json.find("max_mu_per_beam")) request.limits.max_beam_mu = v->number(10, 100000);
  if (const auto v = json.find("max_mu_per_node")) request.limits.max_node_mu = v->number(10, 100000);
  if (const auto v = json.find("solver"))
    request.solver = v->choice({"penalty", "lp"}) == "lp" ? SolverChoice::ordered_lp : SolverChoice::penalty;
  if (const auto v = json.find("reduce_pct")) request.reduce_pct = v->number(least_reduce_pct, most_reduce_pct);
  if (const auto v = json.find("prove_goals")) request.prove_goals = v->boolean();
  if (const auto v = json.find("robustness")) request.robustness = v->boolean();
  if (const auto v = json.find("grid_mm")) request.grid_mm = v->number(0.5, 5);
  if (const auto v = json.find("region")) request.region = v->text();
  if (const auto v = json.find("region_margin_mm")) request.region_margin_mm = v->number(0, 500);
  if (const auto v = json.find("depth"))
    request.depth = v->choice({"ray", "axis"}) == "axis" ? DepthMode::central_axis : DepthMode::per_point_ray;
  if (const auto v = json.find("beam_data")) request.beam_data = v->text();
  if (const auto v = json.find("density")) request.patient.density = v->text();
  if (const auto v = json.find("body")) request.patient.body = v->text();
  if (const auto v = json.find("couch")) request.patient.couch_in = v->choice({"out", "in"}) == "in";
  if (const auto v = json.find("contours"))
    request.patient.between =
        v->choice({"shape-following", "slab"}) == "slab" ? BetweenPlanes::slab : BetweenPlanes::shape_following;
  if (const auto v = json.find("overrides"))
    for (const auto& [name, hu] : v->members()) request.patient.overrides.emplace_back(name, hu.number(-1024, 30000));
  json.expect_all_used();
  return request;
}

PlanRequest merge(PlanRequest base, const PlanRequest& options, const std::function<bool(const std::string&)>& stated) {
  const auto replace = [&](const char* option, auto member) {
    if (stated(option)) std::invoke(member, base) = std::invoke(member, options);
  };
  if (stated("--ct")) base.selection.ct_uid = options.selection.ct_uid;
  if (stated("--rtstruct")) base.selection.rtstruct = options.selection.rtstruct;
  if (stated("--patient-position")) base.selection.patient_position = options.selection.patient_position;
  if (stated("--gtv") || stated("--target")) {
    base.targets.gtvs = options.targets.gtvs;
    base.targets.targets = options.targets.targets;
    base.targets.union_name.clear();
    if (base.targets.gtvs.empty()) base.targets.margin_mm.reset();
  }
  if (stated("--union")) base.targets.union_name = options.targets.union_name;
  if (stated("--density")) base.patient.density = options.patient.density;
  if (stated("--body")) base.patient.body = options.patient.body;
  replace("--coverage-pct", &PlanRequest::coverage_pct);
  replace("--nodes", &PlanRequest::nodes);
  replace("--avoid", &PlanRequest::avoid);
  replace("--count", &PlanRequest::count);
  replace("--seed", &PlanRequest::seed);
  if (stated("--max-beams")) base.limits.max_beams = options.limits.max_beams;
  if (stated("--max-nodes")) base.limits.max_nodes = options.limits.max_nodes;
  if (stated("--max-mu-per-beam")) base.limits.max_beam_mu = options.limits.max_beam_mu;
  if (stated("--max-mu-per-node")) base.limits.max_node_mu = options.limits.max_node_mu;
  replace("--write-mps", &PlanRequest::write_mps);
  replace("--prove-goals", &PlanRequest::prove_goals);
  replace("--robustness", &PlanRequest::robustness);
  replace("--grid-mm", &PlanRequest::grid_mm);
  replace("--region", &PlanRequest::region);
  replace("--region-margin-mm", &PlanRequest::region_margin_mm);
  replace("--beam-data", &PlanRequest::beam_data);
  if (stated("--collimators")) base.collimators_mm.clear();  // parsed from its text afterwards
  return base;
}

}  // namespace sbrt
