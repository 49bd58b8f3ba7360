#include "engine/evaluation/evaluate.h"

#include "engine/evaluation/region.h"
#include "engine/evaluation/structure_dose.h"
#include "engine/evaluation/structure_names.h"
#include "engine/evaluation/structure_union.h"
#include "engine/evaluation/target_judge.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sbrt {
namespace {

constexpr double widest_bin_gy = 0.05;
constexpr double bin_share_of_maximum = 0.001;
constexpr double target_cost = 6;  // CPU time of sampling a target, in other structures; 5 to 6 on two real cases

Region region_of(const EvaluationInput& input) {
  if (input.body) return Region::of(*input.body);
  return input.body_mask ? Region::of(*input.body_mask) : Region::everything();
}

// What % of dose and biological doses mean on a structure: its own prescription, else what all targets share.
DoseReference reference_for(const std::string& structure, const Prescription* own, const EvaluationInput& input) {
  DoseReference reference{0, input.fractions.value_or(0), input.biology.of(structure), input.effective_dose};
  if (!own && input.targets.empty()) return reference;
  const Prescription& p = own ? *own : input.targets.front().prescription;
  reference.dose_gy = p.dose_gy;
  reference.fractions = p.fractions;
  if (own) return reference;
  for (const EvaluatedTarget& t : input.targets) {
    if (t.prescription.dose_gy != p.dose_gy) reference.dose_gy = 0;
    if (t.prescription.fractions != p.fractions) reference = {0, 0, reference.tissue, reference.effective};
  }
  return reference;
}

void check_fractions(const EvaluationInput& input) {
  if (!input.fractions) return;
  for (const EvaluatedTarget& t : input.targets)
    if (t.prescription.fractions != *input.fractions)
      throw InputError("two numbers of fractions", "--fractions",
                       std::to_string(*input.fractions) + " are stated, the prescription of '" + t.structure +
                           "' says " + std::to_string(t.prescription.fractions),
                       "leave the option out or correct the prescription");
}

// A tissue of the biology file without a structure may be a misspelt name; the standard would be used instead.
void warn_of_unused_tissues(const Biology& biology, const std::vector<std::string>& names, Warnings& warnings) {
  std::string unused;
  for (const Tissue& tissue : biology.structures)
    if (std::find(names.begin(), names.end(), tissue.name) == names.end())
      unused += (unused.empty() ? "'" : ", '") + tissue.name + "'";
  if (!unused.empty())
    warnings.push_back({"biology-unused", "no structure has the name that the biology file gives: " + unused});
}

// Metrics of the goals on a structure.
std::vector<Metric> judged_metrics(const std::string& structure, const EvaluationInput& input) {
  std::vector<Metric> metrics;
  for (const Goal& goal : input.goals)
    if (goal.query.structure == structure) metrics.push_back(goal.query.metric);
  for (const StructureQuery& query : input.judged)
    if (query.structure == structure) metrics.push_back(query.metric);
  return metrics;
}

double bin_width_gy(double highest) {
  return highest > 0 ? std::min(widest_bin_gy, bin_share_of_maximum * highest) : widest_bin_gy;
}

}  // namespace

Evaluation evaluate(const EvaluationInput& input, Progress& progress) {
  SBRT_EXPECT(input.dose && input.wanted.volume_pct > 0 && input.wanted.dose_pct > 0);
  check_fractions(input);
  const std::size_t count = input.structures.size();
  std::vector<std::string> names;
  for (const NamedShape& s : input.structures) names.push_back(s.shape.name());

  // Resolve every name before the work begins.
  std::vector<std::size_t> target_structure;
  std::vector<const Prescription*> own(count, nullptr);
  for (const EvaluatedTarget& t : input.targets) {
    SBRT_EXPECT(t.prescription.dose_gy > 0 && t.prescription.fractions >= 1);
    const std::size_t s = index_of_structure(t.structure, names, "target");
    if (own[s])
      throw InputError("target '" + names[s] + "' is named twice", "--target", "one prescription per target",
                       "name it once");
    own[s] = &t.prescription;
    target_structure.push_back(s);
  }
  std::vector<StructureQuery> queries = input.queries;
  for (StructureQuery& q : queries)
    q.structure = names[index_of_structure(q.structure, names, "query " + q.structure + ":" + q.metric.text)];
  for (const Goal& g : input.goals) index_of_structure(g.query.structure, names, "goal " + g.text);

  progress.begin("dose between voxels", 1);
  const DoseInterpolator dose(*input.dose, input.interpolation);
  progress.end();
  const Region region = region_of(input);
  Evaluation result;
  result.piv_region = region.description();
  result.piv_partition =
      "a connected isodose belongs to the target that it touches; where it touches several or none, each "
      "point belongs to the nearest target";
  result.contour_rule = count > 0 ? std::string(to_string(input.structures.front().shape.rule())) : "";
  result.dose_interpolation = std::string(to_string(input.interpolation));
  result.standard_tissue = input.biology.standard;
  result.effective_dose = input.effective_dose;
  if (input.effective_dose)
    result.warnings.push_back({"effective-dose",
                               "the dose is of type EFFECTIVE: every dose here is a biologically effective one, the "
                               "prescription is taken as one too, and BED or EQD2 of it are not formed again"});
  warn_of_unused_tissues(input.biology, names, result.warnings);
  result.dvh_bin_gy = bin_width_gy(double(dose.rows().highest()));
  if (region.is_everything() && !input.targets.empty())
    result.warnings.push_back(
        {"no-body", "there is no body contour and no CT; isodose volumes are those of the whole dose grid"});

  result.structures.resize(count);
  std::vector<JudgedTarget> judged(input.targets.size());
  std::vector<Warnings> warnings(count);
  progress.begin("dose-volume histograms", std::int64_t(count));
  const auto fill = [&](std::int64_t s) {
    const NamedShape& named = input.structures[s];
    StructureResult& structure = result.structures[s];
    structure = volume_result(named);
    structure.reference = reference_for(names[s], own[s], input);
    const double share = own[s] ? wanted_of_targets : 1;
    SampledTwice sampled = fill_structure_result(
        named.shape, dose, metrics_for(names[s], own[s], queries), judged_metrics(names[s], input),
        {share * input.wanted.volume_pct, share * input.wanted.dose_pct}, result.dvh_bin_gy, structure, warnings[s]);
    for (std::size_t t = 0; t < judged.size(); ++t)
      if (target_structure[t] == std::size_t(s)) {
        judged[t].fine = std::move(sampled.fine);
        judged[t].coarse = std::move(sampled.coarse);
        judged[t].shape = &named.shape;
        judged[t].prescription = input.targets[t].prescription;
        judged[t].structure = &structure;
        break;
      }
    progress.advance();
  };
  // Targets take the most pieces. With few threads they begin first among all structures; where one of them would keep
  // the others waiting, all threads work on it together, one target after the other.
  const std::size_t threads = std::size_t(thread_count()), targets = input.targets.size();
  const bool targets_alone = targets < threads && target_cost * double(threads - targets) > double(count - targets);
  std::vector<std::int64_t> beside;
  for (const bool target : {true, false})
    for (std::size_t s = 0; s < count; ++s) {
      if ((own[s] != nullptr) != target) continue;
      if (target && targets_alone)
        fill(std::int64_t(s));
      else
        beside.push_back(std::int64_t(s));
    }
  parallel_for(std::int64_t(beside.size()), [&](std::int64_t n) { fill(beside[std::size_t(n)]); });
  progress.end();
  for (const Warnings& w : warnings) append(result.warnings, w);

  result.targets = judge_targets(dose, region, judged, result, progress);
  for (const StructureUnion& u : input.unions) {
    std::vector<const NamedShape*> members;
    std::vector<const StructureResult*> results;
    for (const std::string& name : u.members) {
      const std::size_t s = index_of_structure(name, names, "union " + u.name);
      members.push_back(&input.structures[s]);
      results.push_back(&result.structures[s]);
    }
    result.unions.push_back(
        union_result(u.name, members, results, dose, input.wanted, reference_for(u.name, nullptr, input)));
  }
  result.goals = evaluate_goals(input.goals, result.structures);
  return result;
}

}  // namespace sbrt
