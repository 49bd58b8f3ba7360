/// Proportional hazards regression (Cox 1972) of right-censored times.
#pragma once

#include "engine/cohort/kaplan_meier.h"

#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

/// How events at one time share the risk set. Efron is the closer one where there are many.
enum class TieMethod { efron, breslow };
std::string_view to_string(TieMethod method);

struct CoxSubject {
  Observation outcome;
  std::vector<double> covariates;  //!< one for each name
};

struct CoxCoefficient {
  std::string name;
  double coefficient = 0, standard_error = 0;
  double hazard_ratio = 1;
  Interval hazard_ratio_interval;  //!< Wald
  double p_value = 1;              //!< Wald
};

struct CoxTest {
  double chi_square = 0, p_value = 1;
};

struct CoxFit {
  TieMethod ties = TieMethod::efron;
  int subjects = 0, events = 0, iterations = 0;
  std::vector<CoxCoefficient> coefficients;
  double log_likelihood_start = 0, log_likelihood = 0;  //!< partial, at coefficients 0 and at the fit
  CoxTest likelihood_ratio, wald, score;
};

/// Newton's method from 0 with halved steps.
/// @throws InputError: no event, another number of covariates than names, a covariate that is not finite, that is equal
/// for all subjects or a combination of others, a fit that runs off to infinity (a covariate separates the events)
CoxFit fit_cox(const std::vector<std::string>& names, const std::vector<CoxSubject>& subjects,
               TieMethod ties = TieMethod::efron, double confidence = 0.95);

}  // namespace sbrt
