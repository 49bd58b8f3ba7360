#include "engine/cli/plan_options.h"

#include "engine/cli/option_text.h"
#include "engine/planning/goal_file.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

namespace sbrt::cli {
namespace {

double parse_number(const std::string& text, const std::string& where, const std::string& remedy) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value))
    throw InputError("'" + text + "' is not a number", where, "", remedy);
  return value;
}

std::pair<std::string, double> parse_override(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::string remedy = "write it like --override \"Implant=0\" (structure = HU)";
  if (equals == std::string::npos || equals == 0)
    throw InputError("override '" + text + "' cannot be read", "--override", "", remedy);
  const double hu = parse_number(text.substr(equals + 1), "--override", remedy);
  if (hu < -1024 || hu > 30000)
    throw InputError(fmt::format("override to {} HU", hu), "--override", "it must lie between -1024 and 30000 HU",
                     remedy);
  return {text.substr(0, equals), hu};
}

}  // namespace

std::vector<double> parse_collimators(const std::string& text) {
  std::vector<double> sizes;
  if (text == "auto") return sizes;
  std::stringstream list(text);
  for (std::string item; std::getline(list, item, ',');)
    sizes.push_back(parse_number(item, "--collimators", "write auto, or sizes in mm such as 10,20"));
  if (sizes.empty())
    throw InputError("no collimator is named", "--collimators", "", "write auto, or sizes in mm such as 10,20");
  return sizes;
}

void add_selection_options(CLI::App& verb, CaseSelection& selection) {
  verb.add_option("--ct", selection.ct_uid, "which CT: series instance UID");
  verb.add_option("--rtstruct", selection.rtstruct, "which RTSTRUCT: file or SOP instance UID");
  verb.add_option("--patient-position", selection.patient_position,
                  "how the patient lies (HFS, FFS, ...), for a CT that does not say");
}

void add_patient_options(CLI::App& verb, PatientModelOptions& patient, PlanOptionTexts& texts) {
  verb.add_option("--density", patient.density, "HU to electron density: name of a table or CSV file")
      ->capture_default_str();
  verb.add_option("--override", texts.overrides,
                  "replace CT numbers inside a structure, e.g. \"Implant=0\" (HU); may repeat");
  verb.add_option("--body", patient.body,
                  "structure that is the body (default: role EXTERNAL, or External, Body, Skin)");
  verb.add_option("--couch", texts.couch, "count what lies outside the body (couch, mask) in the beam's path")
      ->check(CLI::IsMember({"out", "in"}))
      ->default_str("out");
  verb.add_option("--contours", texts.contours, "what lies between contour planes")
      ->check(CLI::IsMember({"shape-following", "slab"}))
      ->default_str("shape-following");
}

void add_depth_option(CLI::App& verb, PlanOptionTexts& texts) {
  verb.add_option("--depth", texts.depth, "water-equivalent depth: ray to every point, or axis for a whole plane")
      ->check(CLI::IsMember({"ray", "axis"}))
      ->default_str("ray");
}

void add_simd_option(CLI::App& verb, PlanOptionTexts& texts) {
  verb.add_option("--simd", texts.simd, "instructions of the fast dose path; all give the same bytes")
      ->check(CLI::IsMember({"auto", "portable", "avx2", "avx512"}))
      ->default_str("auto");
}

void add_candidate_options(CLI::App& verb, PlanRequest& request, PlanOptionTexts& texts) {
  verb.add_option("--nodes", request.nodes, "node set: body, head or a JSON/CSV file")->capture_default_str();
  verb.add_option("--collimators", texts.collimators, "auto, or sizes in mm such as 10,20")->capture_default_str();
  verb.add_option("--count", request.count, "candidate beams (default: by target size)")->check(CLI::Range(1, 100000));
  verb.add_option("--max-beams", request.limits.max_beams,
                  "most beams of the plan (default: 150 to 300, by target size)")
      ->check(CLI::Range(1, 1000));
  verb.add_option("--max-nodes", request.limits.max_nodes, "most nodes of the plan (default: no limit)")
      ->check(CLI::Range(1, 1000));
  verb.add_option("--seed", request.seed, "seed of the candidate choice")->capture_default_str();
  verb.add_option("--avoid", request.avoid, "structure that no beam may pass on its way to the target; may repeat");
  verb.add_option("--beam-data", request.beam_data, "beam data set: name or folder")->capture_default_str();
}

void add_weight_options(CLI::App& verb, PlanRequest& request, PlanOptionTexts& texts) {
  verb.add_option("--solver", texts.solver,
                  "penalty: seconds; lp: ordered linear programme that proves its optima, one to two minutes")
      ->check(CLI::IsMember({"penalty", "lp"}))
      ->default_str("penalty");
  verb.add_option("--max-mu-per-beam", request.limits.max_beam_mu, "most MU of a beam in a fraction")
      ->check(CLI::Range(10.0, 100000.0))
      ->capture_default_str();
  verb.add_option("--max-mu-per-node", request.limits.max_node_mu,
                  "most MU of all beams of a node in a fraction (default: no limit)")
      ->check(CLI::Range(10.0, 100000.0));
  verb.add_option("--reduce", texts.reduce,
                  "give up beams and nodes while conformity, isodose and goals get no worse than this, e.g. 1%");
  verb.add_flag("--prove-goals", request.prove_goals,
                "where a goal is missed, bound by a linear programme what any weights could reach; a minute or two");
  verb.add_flag("--robustness", request.robustness,
                "the plan under shifts, rotations, density, output and aiming errors");
}

void add_mps_option(CLI::App& verb, PlanRequest& request) {
  verb.add_option("--write-mps", request.write_mps, "with --solver lp: the linear programme of its last stage, as MPS");
}

void parse_texts(const PlanOptionTexts& texts, PlanRequest& request) {
  if (!texts.inputs.empty()) request.selection.inputs.assign(texts.inputs.begin(), texts.inputs.end());
  if (texts.margin && texts.margin->count() > 0) request.targets.margin_mm = texts.margin_mm;
  if (!texts.prescriptions.empty()) request.targets.prescriptions.clear();
  for (const std::string& text : texts.prescriptions)
    request.targets.prescriptions.push_back(Prescription::parse(text));
  for (const std::string& text : texts.overrides) request.patient.overrides.push_back(parse_override(text));
  for (const std::string& text : texts.goals) request.goals.push_back(parse_option("--goal", text, Goal::parse));
  for (const std::string& text : texts.queries)
    request.queries.push_back(parse_option("--query", text, StructureQuery::parse));
  if (!texts.goals_file.empty())
    for (Goal& goal : read_goal_file(texts.goals_file)) request.goals.push_back(std::move(goal));
  request.protocols = read_protocols(texts.protocol, std::move(request.protocols));
  if (!texts.solver.empty()) request.solver = texts.solver == "lp" ? SolverChoice::ordered_lp : SolverChoice::penalty;
  if (!request.write_mps.empty() && request.solver != SolverChoice::ordered_lp)
    throw InputError("no linear programme is solved", "--write-mps", "the penalty solver has none", "add --solver lp");
  if (!texts.reduce.empty()) {
    const std::string remedy = "write it like --reduce 1%, 0.1 to 20 %";
    const std::string number =
        texts.reduce.back() == '%' ? texts.reduce.substr(0, texts.reduce.size() - 1) : texts.reduce;
    request.reduce_pct = parse_number(number, "--reduce", remedy);
    if (!(request.reduce_pct >= least_reduce_pct && request.reduce_pct <= most_reduce_pct))
      throw InputError(fmt::format("reduction at {} %", request.reduce_pct), "--reduce", "it is out of range", remedy);
  }
  if (texts.collimators != "auto") request.collimators_mm = parse_collimators(texts.collimators);
  if (!texts.depth.empty()) request.depth = texts.depth == "axis" ? DepthMode::central_axis : DepthMode::per_point_ray;
  request.simd = texts.simd == "portable" ? SimdChoice::portable
                 : texts.simd == "avx2"   ? SimdChoice::avx2
                 : texts.simd == "avx512" ? SimdChoice::avx512
                                          : SimdChoice::widest;
  if (!texts.couch.empty()) request.patient.couch_in = texts.couch == "in";
  if (!texts.contours.empty())
    request.patient.between = texts.contours == "slab" ? BetweenPlanes::slab : BetweenPlanes::shape_following;
}

}  // namespace sbrt::cli
