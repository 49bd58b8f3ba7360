#include "engine/planning/penalty_solver.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

double row_value(const RowPenalty& r, double d) {
  const double under = std::max(0.0, r.low_gy - d), over = std::max(0.0, d - r.high_gy);
  return r.low_weight * under * under + r.high_weight * over * over;
}

double row_slope(const RowPenalty& r, double d) {
  return 2 * (r.high_weight * std::max(0.0, d - r.high_gy) - r.low_weight * std::max(0.0, r.low_gy - d));
}

/// The problem in y = x / scale.
class ScaledProblem {
 public:
  explicit ScaledProblem(const PenaltyProblem& p) : p_(p), scale_(p.influence->beams()) {
    const DoseInfluence& a = *p.influence;
    SBRT_EXPECT(p.rows.size() == a.points());
    SBRT_EXPECT(p.cost_per_mu.empty() || p.cost_per_mu.size() == a.beams());
    SBRT_EXPECT(p.upper_mu.empty() || p.upper_mu.size() == a.beams());
    for (std::size_t j = 0; j < a.beams(); ++j) {
      const DoseInfluence::Column c = a.column(j);
      double curvature = 0;
      for (std::size_t e = 0; e < c.rows.size(); ++e) {
        const RowPenalty& r = p.rows[c.rows[e]];
        curvature += std::max(r.low_weight, r.high_weight) * double(c.gy_per_mu[e]) * double(c.gy_per_mu[e]);
      }
      scale_[j] = curvature > 0 ? 1 / std::sqrt(2 * curvature) : 0;  // a beam that no penalty sees stays at 0
    }
  }

  std::size_t beams() const { return scale_.size(); }
  double scale(std::size_t j) const { return scale_[j]; }
  double upper(std::size_t j) const {
    return p_.upper_mu.empty() || scale_[j] == 0 ? HUGE_VAL : p_.upper_mu[j] / scale_[j];
  }
  std::vector<double> weights(const std::vector<double>& y) const {
    std::vector<double> x(y.size());
    for (std::size_t j = 0; j < y.size(); ++j) x[j] = scale_[j] * y[j];
    return x;
  }
  std::vector<double> dose(const std::vector<double>& y) const { return p_.influence->dose(weights(y)); }
  double value(const std::vector<double>& dose_gy, const std::vector<double>& y) const {
    return penalty_value(p_, dose_gy, weights(y));
  }
  std::vector<double> gradient(const std::vector<double>& dose_gy) const {
    std::vector<double> slope(dose_gy.size());
    for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = row_slope(p_.rows[i], dose_gy[i]);
    std::vector<double> g = p_.influence->transposed_product(slope);
    for (std::size_t j = 0; j < g.size(); ++j)
      g[j] = scale_[j] * (g[j] + (p_.cost_per_mu.empty() ? 0 : p_.cost_per_mu[j]));
    return g;
  }
  /// Largest move of one projected gradient step; 0 exactly at the optimum.
  double kkt(const std::vector<double>& y, const std::vector<double>& g) const {
    double worst = 0;
    std::vector<double> moved(y.size());
    for (std::size_t j = 0; j < y.size(); ++j) moved[j] = y[j] - g[j];
    project(moved);
    for (std::size_t j = 0; j < y.size(); ++j) worst = std::max(worst, std::abs(y[j] - moved[j]));
    return worst;
  }
  /// The nearest y within bounds and group limits.
  void project(std::vector<double>& y) const {
    for (const auto& group : p_.groups) project_group(group, y);
    for (std::size_t j = 0; j < y.size(); ++j) y[j] = std::clamp(y[j], 0.0, upper(j));
  }

 private:
  /// y_j - m scale_j, clamped, with the least m >= 0 that brings the group's MU to its limit: by halving, to rounding.
  void project_group(const std::vector<std::size_t>& group, std::vector<double>& y) const {
    const auto mu = [&](double m) {
      double sum = 0;
      for (const std::size_t j : group) sum += scale_[j] * std::clamp(y[j] - m * scale_[j], 0.0, upper(j));
      return sum;
    };
    if (mu(0) <= p_.group_upper_mu) return;
    double low = 0, high = 0;
    for (const std::size_t j : group)
      if (scale_[j] > 0) high = std::max(high, y[j] / scale_[j]);
    for (int n = 0; n < 200; ++n) {
      const double middle = 0.5 * (low + high);
      if (middle <= low || middle >= high) break;
      (mu(middle) > p_.group_upper_mu ? low : high) = middle;
    }
    for (const std::size_t j : group) y[j] -= high * scale_[j];
  }

  const PenaltyProblem& p_;
  std::vector<double> scale_;
};

}  // namespace

double penalty_value(const PenaltyProblem& problem, const std::vector<double>& dose_gy,
                     const std::vector<double>& weights_mu) {
  double sum = 0;
  for (std::size_t i = 0; i < problem.rows.size(); ++i) sum += row_value(problem.rows[i], dose_gy[i]);
  for (std::size_t j = 0; j < problem.cost_per_mu.size(); ++j) sum += problem.cost_per_mu[j] * weights_mu[j];
  return sum;
}

PenaltySolution minimise_penalties(const PenaltyProblem& problem, const std::vector<double>& start,
                                   const PenaltyOptions& options) {
  const ScaledProblem p(problem);
  const std::size_t n = p.beams();
  SBRT_EXPECT(start.empty() || start.size() == n);
  const std::vector<double> zero(n, 0.0);
  const double kkt_at_zero = p.kkt(zero, p.gradient(std::vector<double>(problem.rows.size(), 0.0)));

  std::vector<double> y(n, 0.0);
  for (std::size_t j = 0; j < n && !start.empty(); ++j)
    if (p.scale(j) > 0) y[j] = start[j] / p.scale(j);
  p.project(y);
  std::vector<double> dose = p.dose(y);
  std::vector<double> ahead = y, dose_ahead = dose;  // the extrapolated point
  double t = 1, curvature = 2;                       // the scaled Hessian has ones on its diagonal
  PenaltySolution s;

  for (; s.iterations < options.max_iterations; ++s.iterations) {
    const std::vector<double> g = p.gradient(dose_ahead);
    if (p.kkt(ahead, g) <= options.relative_kkt * kkt_at_zero) {
      y = ahead;
      p.project(y);
      break;
    }
    const double value_ahead = p.value(dose_ahead, ahead);
    std::vector<double> next(n), dose_next;
    for (;; curvature *= 2) {
      double model = value_ahead;
      for (std::size_t j = 0; j < n; ++j) next[j] = ahead[j] - g[j] / curvature;
      p.project(next);
      for (std::size_t j = 0; j < n; ++j) {
        const double step = next[j] - ahead[j];
        model += g[j] * step + 0.5 * curvature * step * step;
      }
      dose_next = p.dose(next);
      const double rounding = 1e-12 * std::abs(value_ahead);
      if (p.value(dose_next, next) <= model + rounding) break;
    }
    double uphill = 0;
    for (std::size_t j = 0; j < n; ++j) uphill += (ahead[j] - next[j]) * (next[j] - y[j]);
    const double t_next = uphill > 0 ? 1 : 0.5 * (1 + std::sqrt(1 + 4 * t * t));
    const double momentum = uphill > 0 ? 0 : (t - 1) / t_next;
    for (std::size_t j = 0; j < n; ++j) ahead[j] = next[j] + momentum * (next[j] - y[j]);
    for (std::size_t i = 0; i < dose.size(); ++i) dose_ahead[i] = dose_next[i] + momentum * (dose_next[i] - dose[i]);
    y.swap(next);
    dose.swap(dose_next);
    t = t_next;
    curvature *= 0.95;
  }
  s.weights_mu = p.weights(y);
  s.dose_gy = problem.influence->dose(s.weights_mu);
  s.objective = penalty_value(problem, s.dose_gy, s.weights_mu);
  s.relative_kkt = kkt_at_zero > 0 ? p.kkt(y, p.gradient(s.dose_gy)) / kkt_at_zero : 0;
  return s;
}

}  // namespace sbrt
