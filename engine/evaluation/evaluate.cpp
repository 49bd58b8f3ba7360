#include "engine/evaluation/evaluate.h"

#include "engine/evaluation/region.h"
#include "engine/evaluation/structure_dose.h"
#include "engine/evaluation/structure_names.h"
#include "engine/evaluation/target_judge.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/units.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double widest_bin_gy = 0.05;
constexpr double bin_share_of_maximum = 0.001;
constexpr double wanted_of_targets = 0.5;  // of the wanted interval: the indices multiply these numbers

Region region_of(const EvaluationInput& input) {
  if (input.body) return Region::of(*input.body);
  return input.body_mask ? Region::of(*input.body_mask) : Region::everything();
}

// What % of dose means on a structure: its own prescription, else the one that all targets share.
std::optional<DoseReference> reference_for(const Prescription* own, const EvaluationInput& input) {
  const auto reference = [&](const Prescription& p) {
    return DoseReference{p.dose_gy, p.fractions, input.alpha_beta_gy};
  };
  if (own) return reference(*own);
  if (input.targets.empty()) return std::nullopt;
  const Prescription& first = input.targets.front().prescription;
  for (const EvaluatedTarget& t : input.targets)
    if (t.prescription.dose_gy != first.dose_gy || t.prescription.fractions != first.fractions) return std::nullopt;
  return reference(first);
}

double bin_width_gy(const DoseGrid& dose) {
  const double highest = *std::max_element(dose.values().begin(), dose.values().end());
  return highest > 0 ? std::min(widest_bin_gy, bin_share_of_maximum * highest) : widest_bin_gy;
}

}  // namespace

Evaluation evaluate(const EvaluationInput& input, Progress& progress) {
  SBRT_EXPECT(input.dose && input.alpha_beta_gy > 0 && input.wanted.volume_pct > 0 && input.wanted.dose_pct > 0);
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

  const DoseInterpolator dose(*input.dose, input.interpolation);
  const Region region = region_of(input);
  Evaluation result;
  result.piv_region = region.description();
  result.piv_partition =
      "a connected isodose belongs to the target that it touches; where it touches several or none, each "
      "point belongs to the nearest target";
  result.contour_rule = count > 0 ? std::string(to_string(input.structures.front().shape.rule())) : "";
  result.dose_interpolation = std::string(to_string(input.interpolation));
  result.alpha_beta_gy = input.alpha_beta_gy;
  result.dvh_bin_gy = bin_width_gy(*input.dose);
  if (region.is_everything() && !input.targets.empty())
    result.warnings.push_back(
        {"no-body", "there is no body contour and no CT; isodose volumes are those of the whole dose grid"});

  result.structures.resize(count);
  std::vector<JudgedTarget> judged(input.targets.size());
  std::vector<Warnings> warnings(count);
  progress.begin("dose-volume histograms", std::int64_t(count));
  parallel_for(std::int64_t(count), [&](std::int64_t s) {
    const NamedShape& named = input.structures[s];
    StructureResult& structure = result.structures[s];
    structure.name = names[s];
    structure.role = named.role;
    structure.volume_cc = named.shape.volume_mm3() / units::cc;
    const Interval volume = named.shape.volume_interval_mm3();
    structure.volume_interval_cc = {volume.low / units::cc, volume.high / units::cc};
    structure.reference = reference_for(own[s], input);
    const double share = own[s] ? wanted_of_targets : 1;
    SampledTwice sampled = fill_structure_result(named.shape, dose, metrics_for(names[s], own[s], queries),
                                                 {share * input.wanted.volume_pct, share * input.wanted.dose_pct},
                                                 result.dvh_bin_gy, structure, warnings[s]);
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
  });
  progress.end();
  for (const Warnings& w : warnings) append(result.warnings, w);

  result.targets = judge_targets(dose, region, judged, input.alpha_beta_gy, result, progress);
  result.goals = evaluate_goals(input.goals, result.structures);
  return result;
}

}  // namespace sbrt
