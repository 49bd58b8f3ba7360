#include "engine/planning/beam_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace sbrt {

std::size_t most_beams(const PlanningProblem& problem, const DeliveryLimits& limits) {
  if (limits.max_beams > 0) return std::size_t(limits.max_beams);
  constexpr double served_by_150_mm = 60;
  double largest = 0;
  for (const PlanningTarget& t : problem.targets) largest = std::max(largest, equal_volume_diameter_mm(t.shape));
  return std::size_t(std::lround(150 * std::clamp(largest / served_by_150_mm, 1.0, 2.0)));
}

std::vector<double> importance(const DoseInfluence& influence, const std::vector<double>& weights_mu,
                               const PlanPenalties& penalties) {
  std::vector<double> target(influence.points(), 0.0);
  for (std::size_t i = 0; i < penalties.points().size(); ++i)
    if (penalties.points()[i].role == PointRole::target) target[i] = 1;
  std::vector<double> part = influence.transposed_product(target);
  for (std::size_t b = 0; b < part.size(); ++b) part[b] *= weights_mu[b];
  return part;
}

std::vector<std::vector<std::size_t>> beams_by_node(const BeamSet& beams) {
  std::map<std::string, std::size_t> place;
  std::vector<std::vector<std::size_t>> nodes;
  for (std::size_t b = 0; b < beams.size(); ++b) {
    const auto [found, is_new] = place.emplace(beams[b].node, nodes.size());
    if (is_new) nodes.emplace_back();
    nodes[found->second].push_back(b);
  }
  return nodes;
}

std::vector<std::size_t> strongest(const BeamSet& beams, const std::vector<double>& part, std::size_t count,
                                   std::size_t nodes) {
  std::vector<char> allowed(part.size(), 1);
  if (nodes > 0) {
    const auto by_node = beams_by_node(beams);
    std::vector<double> node_part;
    for (const auto& of_node : by_node) {
      node_part.push_back(0);
      for (const std::size_t b : of_node) node_part.back() += part[b];
    }
    std::vector<std::size_t> order(by_node.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return node_part[a] > node_part[b]; });
    for (std::size_t k = nodes; k < order.size(); ++k)
      for (const std::size_t b : by_node[order[k]]) allowed[b] = 0;
  }
  std::vector<std::size_t> order(part.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::erase_if(order, [&](std::size_t b) { return !allowed[b]; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return part[a] > part[b]; });
  order.resize(std::min(order.size(), count));
  std::erase_if(order, [&](std::size_t b) { return !(part[b] > 0); });
  std::sort(order.begin(), order.end());
  return order;
}

DoseInfluence influence_of(const BeamSet& beams, const PlanningProblem& problem, const PlanningOptions& options,
                           const PlanPenalties& penalties, Progress& progress) {
  DoseOptions dose_options;
  dose_options.depth = options.depth;
  return penalties.with_mean_rows(
      compute_influence(beams, *problem.density, *problem.beam_data, penalties.positions(), dose_options, progress));
}

GridFindings check_weights(const BeamSet& beams, const std::vector<double>& weights_mu, const PlanningProblem& problem,
                           const PlanningOptions& options, const PlanPenalties& penalties,
                           const std::vector<GoalTerm>& terms, double lift, Progress& progress) {
  BeamSet weighted = beams;
  for (std::size_t b = 0; b < weighted.size(); ++b) weighted[b].weight_mu = weights_mu[b];
  DoseOptions dose_options;
  dose_options.depth = options.depth;
  const DoseGrid dose =
      compute_dose(weighted, *problem.density, *problem.beam_data, *options.full_grid, dose_options, progress).dose;
  return check_on_grid(problem, penalties.isodoses(), terms, dose, lift);
}

void finish_plan(const BeamSet& beams, const std::vector<double>& weights_mu, const std::vector<double>& dose_gy,
                 const PlanPenalties& penalties, std::size_t targets, PlanningResult& result) {
  const double lift = penalties.lift(dose_gy);
  result.expected_isodose_pct = 100;
  for (std::size_t t = 0; t < targets; ++t)
    result.expected_isodose_pct =
        std::min(result.expected_isodose_pct, 100 * penalties.reached_isodose(dose_gy, int(t)) / lift);
  result.beams.clear();
  for (std::size_t b = 0; b < beams.size(); ++b) {
    result.beams.push_back(beams[b]);
    result.beams.back().weight_mu = lift * weights_mu[b];
  }
}

}  // namespace sbrt
