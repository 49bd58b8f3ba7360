#include "engine/cohort/cox.h"

#include "geometry/error.h"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

constexpr int most_iterations = 50, most_halvings = 30;
constexpr double converged = 1e-13;        // relative change of the log likelihood
constexpr double settled = 0.01;           // largest change of a linear predictor in the last step
constexpr double least_curvature = 1e-12;  // of the information, relative to its largest entry

struct Data {
  MatrixXd covariates;  // centred, a row per subject, times descending
  std::vector<double> times;
  std::vector<bool> events;
};

struct Likelihood {
  double value = 0;
  VectorXd score;
  MatrixXd information;
};

Data sorted_data(const std::vector<std::string>& names, const std::vector<CoxSubject>& subjects) {
  std::vector<std::size_t> order(subjects.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return subjects[a].outcome.time > subjects[b].outcome.time; });
  Data data;
  data.covariates.resize(Index(subjects.size()), Index(names.size()));
  for (std::size_t row = 0; row < order.size(); ++row) {
    const CoxSubject& s = subjects[order[row]];
    for (std::size_t c = 0; c < names.size(); ++c) data.covariates(Index(row), Index(c)) = s.covariates[c];
    data.times.push_back(s.outcome.time);
    data.events.push_back(s.outcome.event);
  }
  // Coefficients do not depend on the origin of a covariate; the exponentials do.
  data.covariates.rowwise() -= data.covariates.colwise().mean();
  return data;
}

Likelihood likelihood_of(const Data& data, const VectorXd& beta, TieMethod ties) {
  const Index p = data.covariates.cols();
  Likelihood out{0, VectorXd::Zero(p), MatrixXd::Zero(p, p)};
  double risk = 0;  // sums over the risk set of w, w x, w x x'
  VectorXd risk_x = VectorXd::Zero(p);
  MatrixXd risk_xx = MatrixXd::Zero(p, p);
  std::size_t row = 0;
  while (row < data.times.size()) {
    const double time = data.times[row];
    int events = 0;
    double tied = 0;  // the same sums over the events at this time
    VectorXd tied_x = VectorXd::Zero(p);
    MatrixXd tied_xx = MatrixXd::Zero(p, p);
    for (; row < data.times.size() && data.times[row] == time; ++row) {
      const VectorXd x = data.covariates.row(Index(row)).transpose();
      const double predictor = beta.dot(x), w = std::exp(predictor);
      const VectorXd wx = w * x;
      risk += w;
      risk_x += wx;
      risk_xx += wx * x.transpose();
      if (!data.events[row]) continue;
      ++events;
      tied += w;
      tied_x += wx;
      tied_xx += wx * x.transpose();
      out.value += predictor;
      out.score += x;
    }
    for (int n = 0; n < events; ++n) {
      const double gone = ties == TieMethod::efron ? double(n) / events : 0;
      const double sum = risk - gone * tied;
      const VectorXd mean = (risk_x - gone * tied_x) / sum;
      out.value -= std::log(sum);
      out.score -= mean;
      out.information += (risk_xx - gone * tied_xx) / sum - mean * mean.transpose();
    }
  }
  return out;
}

void check(const std::vector<std::string>& names, const std::vector<CoxSubject>& subjects) {
  if (names.empty()) throw InputError("no covariate", "outcomes", "there is nothing to regress on", "name a covariate");
  bool any = false;
  for (const CoxSubject& s : subjects) {
    if (s.covariates.size() != names.size())
      throw InputError(fmt::format("a subject with {} covariates", s.covariates.size()), "outcomes",
                       fmt::format("{} are named", names.size()), "leave subjects with missing values out");
    for (std::size_t c = 0; c < names.size(); ++c)
      if (!std::isfinite(s.covariates[c]))
        throw InputError("a value that is no number", "outcomes, covariate '" + names[c] + "'", "",
                         "leave subjects with missing values out");
    if (!(s.outcome.time >= 0 && std::isfinite(s.outcome.time)))
      throw InputError(fmt::format("a time of {}", s.outcome.time), "outcomes", "times run from 0 on",
                       "check the outcomes file");
    any = any || s.outcome.event;
  }
  if (!any) throw InputError("no event", "outcomes", "hazards cannot be compared", "check the outcomes file");
}

double chi_square_p(double value, std::size_t degrees_of_freedom) {
  return boost::math::cdf(
      boost::math::complement(boost::math::chi_squared(double(degrees_of_freedom)), std::max(0.0, value)));
}

Eigen::LDLT<MatrixXd> factor(const MatrixXd& information) {
  const Eigen::LDLT<MatrixXd> factored(information);
  const double largest = information.diagonal().maxCoeff();
  if (factored.info() != Eigen::Success || !(largest > 0) ||
      !(factored.vectorD().minCoeff() > least_curvature * largest))
    throw InputError("the covariates do not tell the subjects apart", "outcomes",
                     "one is equal for all subjects at risk, or a combination of the others", "leave one out");
  return factored;
}

}  // namespace

std::string_view to_string(TieMethod method) { return method == TieMethod::efron ? "Efron" : "Breslow"; }

CoxFit fit_cox(const std::vector<std::string>& names, const std::vector<CoxSubject>& subjects, TieMethod ties,
               double confidence) {
  check(names, subjects);
  if (!(confidence > 0 && confidence < 1))
    throw InputError(fmt::format("confidence of {}", confidence), "--confidence", "it lies between 0 and 1",
                     "give 0.95 for 95 %");
  const Data data = sorted_data(names, subjects);
  CoxFit fit;
  fit.ties = ties;
  fit.subjects = int(subjects.size());
  fit.events = int(std::count(data.events.begin(), data.events.end(), true));

  VectorXd beta = VectorXd::Zero(Index(names.size()));
  Likelihood here = likelihood_of(data, beta, ties);
  fit.log_likelihood_start = here.value;
  fit.score.chi_square = here.score.dot(factor(here.information).solve(here.score));
  for (bool moving = true; moving;) {
    if (++fit.iterations > most_iterations)
      throw InputError("the regression does not settle", "outcomes", "a covariate may separate events from survivors",
                       "leave it out");
    VectorXd step = factor(here.information).solve(here.score);
    Likelihood there = likelihood_of(data, beta + step, ties);
    for (int n = 0; n < most_halvings && !(there.value >= here.value - converged * std::abs(here.value)); ++n) {
      step /= 2;
      there = likelihood_of(data, beta + step, ties);
    }
    moving = std::abs(there.value - here.value) > converged * std::abs(there.value);
    beta += step;
    here = there;
    // Where a covariate separates, the likelihood settles while the predictors go on growing.
    const double growth = (data.covariates * step).cwiseAbs().maxCoeff();
    if (!moving && !(growth < settled))
      throw InputError("a coefficient runs off to infinity", "outcomes", "a covariate separates events from survivors",
                       "leave it out");
  }
  fit.log_likelihood = here.value;
  const MatrixXd covariance = factor(here.information).solve(MatrixXd::Identity(beta.size(), beta.size()));
  const boost::math::normal normal;
  const double z = boost::math::quantile(normal, 0.5 + confidence / 2);
  for (std::size_t c = 0; c < names.size(); ++c) {
    CoxCoefficient k;
    k.name = names[c];
    k.coefficient = beta(Index(c));
    k.standard_error = std::sqrt(covariance(Index(c), Index(c)));
    k.hazard_ratio = std::exp(k.coefficient);
    k.hazard_ratio_interval = {std::exp(k.coefficient - z * k.standard_error),
                               std::exp(k.coefficient + z * k.standard_error)};
    k.p_value = 2 * boost::math::cdf(boost::math::complement(normal, std::abs(k.coefficient / k.standard_error)));
    fit.coefficients.push_back(k);
  }
  fit.likelihood_ratio.chi_square = 2 * (fit.log_likelihood - fit.log_likelihood_start);
  fit.wald.chi_square = beta.dot(here.information * beta);
  for (CoxTest* test : {&fit.likelihood_ratio, &fit.wald, &fit.score})
    test->p_value = chi_square_p(test->chi_square, names.size());
  return fit;
}

}  // namespace sbrt
