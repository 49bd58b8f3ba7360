#include "engine/cohort/kaplan_meier.h"

#include "geometry/error.h"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

void check_time(double time) {
  if (!(time >= 0 && std::isfinite(time)))
    throw InputError(fmt::format("a time of {}", time), "outcomes", "times run from 0 on", "check the outcomes file");
}

void check(const std::vector<Observation>& subjects) {
  if (subjects.empty())
    throw InputError("no subject", "outcomes", "nothing is there to follow", "check the outcomes file");
  for (const Observation& s : subjects) check_time(s.time);
}

double normal_quantile(double confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw InputError(fmt::format("confidence of {}", confidence), "--confidence", "it lies between 0 and 1",
                     "give 0.95 for 95 %");
  return boost::math::quantile(boost::math::normal(), 0.5 + confidence / 2);
}

/// @param hazard_error standard error of the cumulative hazard
std::optional<Interval> interval_of(double s, double hazard_error, double z, ConfidenceType type) {
  if (s == 0) return std::nullopt;
  const double width = z * hazard_error;
  switch (type) {
    case ConfidenceType::plain:
      return Interval{std::max(0.0, s - width * s), std::min(1.0, s + width * s)};
    case ConfidenceType::log:
      return Interval{s * std::exp(-width), std::min(1.0, s * std::exp(width))};
    case ConfidenceType::log_log: {
      if (s == 1) return std::nullopt;
      const double power = width / std::log(s);  // negative
      return Interval{std::pow(s, std::exp(-power)), std::pow(s, std::exp(power))};
    }
    case ConfidenceType::logit: {
      if (s == 1) return std::nullopt;
      const double odds = std::log(s / (1 - s)), half = width / (1 - s);
      return Interval{1 / (1 + std::exp(half - odds)), 1 / (1 + std::exp(-half - odds))};
    }
    case ConfidenceType::arcsin: {
      const double angle = std::asin(std::sqrt(s)), half = s == 1 ? 0 : width / 2 * std::sqrt(s / (1 - s));
      const double low = std::sin(std::max(0.0, angle - half));
      const double high = std::sin(std::min(std::numbers::pi / 2, angle + half));
      return Interval{low * low, high * high};
    }
  }
  return std::nullopt;
}

// Rounding of products of fractions: a curve that passes through one half does so to a few last places.
constexpr double equal_half = 1e-12;

/// Where `curve` first comes to one half or below; the middle where it stays at one half.
template <class Value>
std::optional<double> crossing_of_half(const std::vector<SurvivalStep>& steps, Value value) {
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const std::optional<double> v = value(steps[n]);
    if (!v || *v > 0.5 + equal_half) continue;
    if (*v < 0.5 - equal_half) return steps[n].time;
    for (std::size_t later = n + 1; later < steps.size(); ++later) {
      const std::optional<double> w = value(steps[later]);
      if (!w || *w < 0.5 - equal_half) return (steps[n].time + steps[later].time) / 2;
    }
    return steps[n].time;
  }
  return std::nullopt;
}

/// Sorted times, each once, of all subjects.
template <class Subject>
std::vector<double> distinct_times(const std::vector<Subject>& subjects) {
  std::vector<double> times;
  for (const Subject& s : subjects) times.push_back(s.time);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

}  // namespace

std::string_view to_string(ConfidenceType type) {
  switch (type) {
    case ConfidenceType::plain:
      return "plain";
    case ConfidenceType::log:
      return "log";
    case ConfidenceType::log_log:
      return "log-log";
    case ConfidenceType::logit:
      return "logit";
    case ConfidenceType::arcsin:
      return "arcsin";
  }
  return "";
}

std::optional<SurvivalStep> SurvivalCurve::at(double time) const {
  SurvivalStep held;
  held.interval = Interval{1, 1};
  if (steps.empty() || time < steps.front().time) return held;
  const auto after =
      std::upper_bound(steps.begin(), steps.end(), time, [](double t, const SurvivalStep& s) { return t < s.time; });
  const SurvivalStep& last = *(after - 1);
  if (after == steps.end() && time > last.time && last.survival > 0) return std::nullopt;
  return last;
}

int SurvivalCurve::at_risk(double time) const {
  for (const SurvivalStep& step : steps)
    if (step.time >= time) return step.at_risk;
  return 0;
}

SurvivalCurve kaplan_meier(const std::vector<Observation>& subjects, ConfidenceType type, double confidence) {
  check(subjects);
  const double z = normal_quantile(confidence);
  SurvivalCurve curve;
  curve.type = type;
  curve.confidence = confidence;
  int at_risk = int(subjects.size());
  double survival = 1, hazard_variance = 0;
  for (const double time : distinct_times(subjects)) {
    SurvivalStep step;
    step.time = time;
    step.at_risk = at_risk;
    for (const Observation& s : subjects)
      if (s.time == time) ++(s.event ? step.events : step.censored);
    if (step.events > 0) {
      survival *= double(at_risk - step.events) / at_risk;
      hazard_variance += double(step.events) / (double(at_risk) * (at_risk - step.events));
    }
    step.survival = survival;
    step.standard_error = survival * std::sqrt(hazard_variance);
    step.interval = interval_of(survival, std::sqrt(hazard_variance), z, type);
    curve.steps.push_back(step);
    at_risk -= step.events + step.censored;
  }
  curve.median.time = crossing_of_half(curve.steps, [](const SurvivalStep& s) { return std::optional(s.survival); });
  // A bound that cannot be said (survival 0) is taken as crossed only by the estimate itself.
  const auto bound = [&](double Interval::*end) {
    return crossing_of_half(curve.steps, [end](const SurvivalStep& s) -> std::optional<double> {
      if (!s.interval) return std::nullopt;
      return (*s.interval).*end;
    });
  };
  curve.median.low = bound(&Interval::low);
  curve.median.high = bound(&Interval::high);
  return curve;
}

LogRank log_rank(const std::vector<std::vector<Observation>>& groups, double rho) {
  std::vector<Observation> pooled;
  for (const auto& group : groups) {
    check(group);
    pooled.insert(pooled.end(), group.begin(), group.end());
  }
  if (groups.size() < 2)
    throw InputError("one group", "outcomes", "a comparison needs two", "choose a covariate with two values");
  const auto count = [](const std::vector<Observation>& group, auto condition) {
    return double(std::count_if(group.begin(), group.end(), condition));
  };
  const std::size_t k = groups.size();
  LogRank result;
  result.observed.assign(k, 0);
  result.expected.assign(k, 0);
  Eigen::MatrixXd variance = Eigen::MatrixXd::Zero(Eigen::Index(k), Eigen::Index(k));
  double survival = 1;  // pooled, just before the time
  for (const double time : distinct_times(pooled)) {
    const double n = count(pooled, [&](const Observation& s) { return s.time >= time; });
    const double d = count(pooled, [&](const Observation& s) { return s.time == time && s.event; });
    if (d == 0) continue;
    const double weight = std::pow(survival, rho);
    std::vector<double> share(k);
    for (std::size_t g = 0; g < k; ++g) {
      share[g] = count(groups[g], [&](const Observation& s) { return s.time >= time; }) / n;
      result.observed[g] += weight * count(groups[g], [&](const Observation& s) { return s.time == time && s.event; });
      result.expected[g] += weight * d * share[g];
    }
    const double spread = n > 1 ? d * (n - d) / (n - 1) : 0;
    for (std::size_t g = 0; g < k; ++g)
      for (std::size_t h = 0; h < k; ++h)
        variance(Eigen::Index(g), Eigen::Index(h)) +=
            weight * weight * spread * share[g] * ((g == h ? 1.0 : 0.0) - share[h]);
    survival *= (n - d) / n;
  }
  result.variance = variance(0, 0);
  // The differences sum to 0: one group says nothing new.
  const Eigen::Index free = Eigen::Index(k) - 1;
  Eigen::VectorXd difference(free);
  for (Eigen::Index g = 0; g < free; ++g)
    difference(g) = result.observed[std::size_t(g)] - result.expected[std::size_t(g)];
  const Eigen::LDLT<Eigen::MatrixXd> solver(variance.topLeftCorner(free, free));
  if (!(result.variance > 0) || solver.info() != Eigen::Success || !solver.isPositive())
    throw InputError("the groups cannot be compared", "outcomes", "no event happened while two of them were at risk",
                     "check the outcomes file");
  result.chi_square = difference.dot(solver.solve(difference));
  result.degrees_of_freedom = int(free);
  result.p_value = boost::math::cdf(
      boost::math::complement(boost::math::chi_squared(double(free)), std::max(0.0, result.chi_square)));
  return result;
}

std::vector<IncidenceStep> cumulative_incidence(const std::vector<CompetingObservation>& subjects, int cause) {
  if (subjects.empty())
    throw InputError("no subject", "outcomes", "nothing is there to follow", "check the outcomes file");
  for (const CompetingObservation& s : subjects) check_time(s.time);
  struct Moment {
    double survival_before, incidence;
    int at_risk, events, of_cause;
  };
  std::vector<Moment> moments;
  std::vector<IncidenceStep> steps;
  double survival = 1, incidence = 0;
  for (const double time : distinct_times(subjects)) {
    Moment m{survival, 0, 0, 0, 0};
    for (const CompetingObservation& s : subjects) {
      if (s.time >= time) ++m.at_risk;
      if (s.time == time && s.cause != 0) ++m.events;
      if (s.time == time && s.cause == cause && cause != 0) ++m.of_cause;
    }
    incidence += survival * m.of_cause / m.at_risk;
    survival *= double(m.at_risk - m.events) / m.at_risk;
    m.incidence = incidence;
    moments.push_back(m);
    // Delta method (Marubini & Valsecchi 1995, eq. 10.12).
    double variance = 0;
    for (const Moment& e : moments) {
      if (e.events == 0) continue;
      const double n = e.at_risk, d = e.events, dj = e.of_cause, rest = incidence - e.incidence;
      if (n > d) variance += rest * rest * d / (n * (n - d));
      variance += e.survival_before * e.survival_before * (n - dj) * dj / (n * n * n);
      variance -= 2 * rest * e.survival_before * dj / (n * n);
    }
    steps.push_back({time, m.at_risk, m.of_cause, incidence, std::sqrt(std::max(0.0, variance))});
  }
  return steps;
}

}  // namespace sbrt
