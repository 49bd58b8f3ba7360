#include "engine/planning/plan_penalties.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

std::vector<double> at(const std::vector<double>& values, const std::vector<std::size_t>& rows) {
  std::vector<double> picked;
  picked.reserve(rows.size());
  for (const std::size_t r : rows) picked.push_back(values[r]);
  return picked;
}

constexpr double strongest_boost = 512, strongest_unasked_boost = 64;  // stiffer problems converge slowly
constexpr double tolerated_leak = 0.05;  // of the covered volume; more makes the near shell weigh more, up to the most
constexpr double leak_growth = 1.5, strongest_leak_boost = 6;
constexpr double core_share = 0.01;  // of a target's points
constexpr double added_pieces = 3;   // what an added point counts, in mean pieces of its target
constexpr double reference_gy_per_mu = 0.01, loosest_scale = 0.9;
constexpr double safety = 0.015;           // goals are asked for with this margin: points miss the very maximum
constexpr double weight_per_priority = 5;  // a goal of the next priority weighs so much less
constexpr std::size_t crowd = 100;  // a goal on more points than this is not spread thinner: few of them will matter

}  // namespace

double wanted_fall_off(double distance_mm, double diameter_mm, const PenaltyWeights& weights) {
  const double half = weights.fall_off_mm + weights.fall_off_share * diameter_mm;
  const double s = distance_mm / half;
  return 1 / (1 + s * std::sqrt(s));  // 1/2 at `half`; s^1.5 by square roots only
}

PlanPenalties::PlanPenalties(const PlanningProblem& problem, const PlanningOptions& options,
                             std::vector<DosePoint> points, std::vector<GoalTerm> terms, PenaltyWeights weights)
    : problem_(problem),
      points_(std::move(points)),
      terms_(std::move(terms)),
      term_weight_(terms_.size()),
      term_scale_(terms_.size(), 1.0),
      weights_(weights),
      coverage_(options.coverage_pct / 100),
      low_scale_(problem.targets.size(), 1.0),
      high_scale_(problem.targets.size(), 1.0),
      high_boost_(problem.targets.size(), 1.0),
      leak_boost_(problem.targets.size(), 1.0),
      core_boost_(problem.targets.size(), 0.0),
      target_rows_(problem.targets.size()) {
  for (std::size_t g = 0; g < terms_.size(); ++g)
    term_weight_[g] = weights.goal * std::pow(weight_per_priority, 1 - terms_[g].priority);
  for (const PlanningTarget& t : problem.targets)
    isodose_.push_back(t.prescription.isodose_pct.value_or(options.default_isodose_pct.value_or(usual_isodose_pct)) /
                       100);
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (points_[i].role == PointRole::target && points_[i].volume_mm3 > 0) target_rows_[points_[i].owner].push_back(i);
  std::size_t next_row = points_.size();
  for (const GoalTerm& term : terms_) {
    std::vector<std::size_t> rows;
    if (term.kind == GoalTerm::Kind::mean_upper)
      rows.push_back(next_row++);
    else
      for (std::size_t i = 0; i < points_.size(); ++i)
        if (points_[i].role == term.role && points_[i].owner == term.owner) rows.push_back(i);
    term_rows_.push_back(rows);
  }
  set_base_rows();
  // Goals hold from the first solve on, without any free volume.
  for (std::size_t g = 0; g < terms_.size(); ++g)
    for (const std::size_t r : term_rows_[g]) {
      if (terms_[g].kind == GoalTerm::Kind::lower || terms_[g].free_mm3 > 0) continue;
      const double rx = problem_.targets.front().prescription.dose_gy;
      rows_[r].high_gy = std::min(rows_[r].high_gy, terms_[g].dose_gy);
      rows_[r].high_weight += term_weight_[g] / double(std::min(term_rows_[g].size(), crowd)) / (rx * rx);
    }
}

std::vector<PatientPoint> PlanPenalties::positions() const {
  std::vector<PatientPoint> all;
  all.reserve(points_.size());
  for (const DosePoint& p : points_) all.push_back(p.point);
  return all;
}

DoseInfluence PlanPenalties::with_mean_rows(const DoseInfluence& influence) const {
  SBRT_EXPECT(influence.points() == points_.size());
  if (rows_.size() == points_.size()) return influence;
  std::vector<DoseInfluence::Column> columns;
  for (std::size_t b = 0; b < influence.beams(); ++b) columns.push_back(influence.column(b));
  std::size_t row = points_.size();
  std::vector<double> share(points_.size());
  for (const GoalTerm& term : terms_) {
    if (term.kind != GoalTerm::Kind::mean_upper) continue;
    double volume = 0;
    for (const DosePoint& p : points_)
      if (p.role == term.role && p.owner == term.owner) volume += p.volume_mm3;
    for (std::size_t i = 0; i < points_.size(); ++i)
      share[i] = volume > 0 && points_[i].role == term.role && points_[i].owner == term.owner
                     ? points_[i].volume_mm3 / volume
                     : 0;
    for (DoseInfluence::Column& c : columns) {
      double mean = 0;
      for (std::size_t e = 0; e < c.rows.size(); ++e)
        if (c.rows[e] < points_.size()) mean += share[c.rows[e]] * double(c.gy_per_mu[e]);
      if (float(mean) > 0) {
        c.rows.push_back(std::uint32_t(row));
        c.gy_per_mu.push_back(float(mean));
      }
    }
    ++row;
  }
  return DoseInfluence(row, std::move(columns));
}

void PlanPenalties::set_base_rows() {
  std::size_t means = 0;
  for (const GoalTerm& term : terms_) means += term.kind == GoalTerm::Kind::mean_upper;
  rows_.assign(points_.size() + means, RowPenalty{0, 0, HUGE_VAL, 0});
  std::vector<double> volume, diameter;
  std::vector<int> surface_points(problem_.targets.size(), 0);
  for (const PlanningTarget& t : problem_.targets) {
    volume.push_back(t.shape.volume_mm3());
    diameter.push_back(equal_volume_diameter_mm(t.shape));
  }
  for (const DosePoint& p : points_)
    surface_points[p.role == PointRole::target ? p.owner : 0] +=
        p.role == PointRole::target && p.volume_mm3 == 0 && !p.added;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const DosePoint& p = points_[i];
    if (p.role == PointRole::organ) continue;
    const double rx = problem_.targets[p.owner].prescription.dose_gy;
    const double unit = 1 / (rx * rx);
    RowPenalty& r = rows_[i];
    if (p.role == PointRole::target) {
      const bool surface = p.volume_mm3 == 0 && !p.added;
      const double piece =
          p.added ? added_pieces * volume[p.owner] / double(target_rows_[p.owner].size()) : p.volume_mm3;
      r.low_gy = low_scale_[p.owner] * rx;
      r.low_weight = unit * (surface ? weights_.surface_low / surface_points[p.owner]
                                     : weights_.target_low * piece / volume[p.owner]);
      r.high_gy = high_scale_[p.owner] * rx / isodose_[p.owner];
      r.high_weight = surface ? 0 : unit * high_boost_[p.owner] * weights_.target_high * piece / volume[p.owner];
    } else {
      const ShellEdges edge = shell_edges(diameter[p.owner]);
      const double w = p.distance_mm <= edge.near_mm     ? leak_boost_[p.owner] * weights_.near_shell
                       : p.distance_mm <= edge.middle_mm ? weights_.middle_shell
                                                         : weights_.far_shell;
      r.high_gy = rx * wanted_fall_off(p.distance_mm, diameter[p.owner], weights_);
      const double piece =
          p.added ? added_pieces * volume[p.owner] / double(target_rows_[p.owner].size()) : p.volume_mm3;
      r.high_weight = unit * w * piece / volume[p.owner];
    }
  }
}

double PlanPenalties::covered_gy(const std::vector<double>& dose_gy, int target) const {
  const std::vector<std::size_t>& rows = target_rows_[target];
  SBRT_EXPECT(!rows.empty());
  std::vector<double> volumes;
  double whole = 0;
  for (const std::size_t r : rows) {
    volumes.push_back(points_[r].volume_mm3);
    whole += points_[r].volume_mm3;
  }
  return dose_exceeded_by(at(dose_gy, rows), volumes, coverage_ * whole);
}

double PlanPenalties::lift(const std::vector<double>& dose_gy) const {
  double factor = 0;
  for (std::size_t t = 0; t < problem_.targets.size(); ++t)
    factor = std::max(factor, problem_.targets[t].prescription.dose_gy / covered_gy(dose_gy, int(t)));
  return factor;
}

double PlanPenalties::reached_isodose(const std::vector<double>& dose_gy, int target) const {
  double highest = 0;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (points_[i].role != PointRole::organ && points_[i].owner == target) highest = std::max(highest, dose_gy[i]);
  return problem_.targets[target].prescription.dose_gy / highest;
}

void PlanPenalties::carry_on(const PlanPenalties& other) {
  SBRT_EXPECT(other.low_scale_.size() == low_scale_.size() && other.term_weight_.size() == term_weight_.size());
  low_scale_ = other.low_scale_;
  high_scale_ = other.high_scale_;
  high_boost_ = other.high_boost_;
  core_boost_ = other.core_boost_;
  leak_boost_ = other.leak_boost_;
  term_weight_ = other.term_weight_;
  term_scale_ = other.term_scale_;
}

double PlanPenalties::cost_per_mu() const {
  double least = HUGE_VAL;
  for (const PlanningTarget& t : problem_.targets) least = std::min(least, t.prescription.dose_gy);
  return weights_.mu * reference_gy_per_mu / least;
}

void PlanPenalties::tighten_goals(const std::vector<double>& goal_value) {
  SBRT_EXPECT(goal_value.size() == terms_.size());
  for (std::size_t g = 0; g < terms_.size(); ++g)
    if (terms_[g].kind == GoalTerm::Kind::upper && goal_value[g] > terms_[g].dose_gy)
      term_scale_[g] = std::max(loosest_scale, term_scale_[g] * terms_[g].dose_gy / goal_value[g]);
}

double PlanPenalties::limited_gy(std::size_t g, const std::vector<double>& dose_gy) const {
  const GoalTerm& term = terms_[g];
  const std::vector<std::size_t>& rows = term_rows_[g];
  if (rows.empty()) return 0;
  if (term.kind == GoalTerm::Kind::mean_upper) return dose_gy[rows[0]];
  std::vector<double> volumes;
  double whole = 0;
  for (const std::size_t r : rows) {
    volumes.push_back(points_[r].volume_mm3);
    whole += points_[r].volume_mm3;
  }
  const double free = term.kind == GoalTerm::Kind::upper ? term.free_mm3 : whole - term.free_mm3;
  return dose_exceeded_by(at(dose_gy, rows), volumes, std::clamp(free, 0.0, whole));
}

bool PlanPenalties::misses_a_goal(const std::vector<double>& dose_gy) const {
  constexpr double tolerance = 0.005;
  const double lifted = lift(dose_gy);
  for (std::size_t g = 0; g < terms_.size(); ++g) {
    if (term_rows_[g].empty()) continue;
    const double ratio = lifted * limited_gy(g, dose_gy) / terms_[g].dose_gy;
    if (terms_[g].kind == GoalTerm::Kind::lower ? ratio < 1 - tolerance : ratio > 1 + tolerance) return true;
  }
  return false;
}

void PlanPenalties::heat_core(int target, const std::vector<double>& dose_gy) {
  // Where it is hottest, more heat costs least.
  std::vector<std::size_t> rows = target_rows_[target];
  const auto count = std::ptrdiff_t(std::ceil(core_share * double(rows.size())));
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return dose_gy[a] > dose_gy[b]; });
  const double rx = problem_.targets[target].prescription.dose_gy;
  for (auto r = rows.begin(); r != rows.begin() + count; ++r) {
    rows_[*r].low_gy = 0.99 * rows_[*r].high_gy;
    rows_[*r].low_weight =
        std::max(rows_[*r].low_weight, core_boost_[target] * weights_.target_core / double(count) / (rx * rx));
  }
}

double PlanPenalties::leaking_share(const std::vector<double>& dose_gy, int target) const {
  const double rx = covered_gy(dose_gy, target);
  double inside = 0, outside = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const DosePoint& p = points_[i];
    if (p.role == PointRole::organ || p.owner != target || dose_gy[i] < rx) continue;
    (p.role == PointRole::target ? inside : outside) += p.volume_mm3;
  }
  return inside > 0 ? outside / inside : 0;
}

void PlanPenalties::adapt(const std::vector<double>& dose_gy) {
  for (std::size_t t = 0; t < problem_.targets.size(); ++t)
    if (leaking_share(dose_gy, int(t)) > tolerated_leak)
      leak_boost_[t] = std::min(leak_growth * leak_boost_[t], strongest_leak_boost);
  // Move each target's limits so that after the lift to its coverage the maximum meets the isodose.
  for (std::size_t t = 0; t < problem_.targets.size(); ++t) {
    const double rx = problem_.targets[t].prescription.dose_gy;
    const double factor = rx / covered_gy(dose_gy, int(t));
    low_scale_[t] = std::clamp(low_scale_[t] * factor, 0.8, 1.2);
    const double over = isodose_[t] / (reached_isodose(dose_gy, int(t)) * factor);
    high_scale_[t] = std::clamp(high_scale_[t] / over, 0.9, 1.02);
    // An isodose that nobody asked for may be missed a little; the fall-off is worth more.
    const bool asked = problem_.targets[t].prescription.isodose_pct.has_value();
    if (over > (asked ? 1.01 : 1.05))
      high_boost_[t] = std::min(4 * high_boost_[t], asked ? strongest_boost : strongest_unasked_boost);
    if (over > 1)
      core_boost_[t] = 0;
    else if (asked && over < 0.99)
      core_boost_[t] = std::clamp(4 * core_boost_[t], 1.0, strongest_boost);
  }
  const double lifted = lift(dose_gy);
  set_base_rows();
  for (std::size_t t = 0; t < problem_.targets.size(); ++t)
    if (core_boost_[t] > 0) heat_core(int(t), dose_gy);
  for (std::size_t g = 0; g < terms_.size(); ++g) {
    const GoalTerm& term = terms_[g];
    const std::vector<std::size_t>& rows = term_rows_[g];
    if (rows.empty()) continue;
    const double rx = problem_.targets.front().prescription.dose_gy;
    const double weight = term_weight_[g] / double(std::min(rows.size(), crowd)) / (rx * rx);
    if (term.kind == GoalTerm::Kind::mean_upper) {
      rows_[rows[0]].high_gy = term.dose_gy;
      rows_[rows[0]].high_weight = weight;
      if (lifted * dose_gy[rows[0]] > term.dose_gy) term_weight_[g] *= 3;
      continue;
    }
    const bool upper = term.kind == GoalTerm::Kind::upper;
    const double border = limited_gy(g, dose_gy);
    const bool missed = upper ? lifted * border > (1 - safety / 2) * term.dose_gy : lifted * border < term.dose_gy;
    if (missed) term_weight_[g] *= 3;
    for (const std::size_t r : rows) {
      RowPenalty& p = rows_[r];
      if (upper && (dose_gy[r] <= std::max(border, term.dose_gy) || term.free_mm3 <= 0)) {
        p.high_gy = std::min(p.high_gy, (1 - safety) * term_scale_[g] * term.dose_gy);
        p.high_weight = std::max(p.high_weight, weight);
      } else if (!upper && dose_gy[r] >= std::min(border, term.dose_gy)) {
        p.low_gy = std::max(p.low_gy, (1 + safety) * term.dose_gy);
        p.low_weight = std::max(p.low_weight, weight);
      }
    }
  }
}

}  // namespace sbrt
