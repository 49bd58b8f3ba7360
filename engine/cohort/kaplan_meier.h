/// Survival curves of right-censored times, and their comparison between groups.
///
/// A subject censored at a death time is at risk at it. Neglected: left truncation, weights, interval censoring.
#pragma once

#include "geometry/interval.h"

#include <optional>
#include <string_view>
#include <vector>

namespace sbrt {

/// One subject. Times are in any unit, the results in the same.
struct Observation {
  double time = 0;     //!< > 0 or 0
  bool event = false;  //!< false: censored
};

/// How the pointwise interval of a survival curve is made from the standard error of its cumulative hazard.
enum class ConfidenceType { plain, log, log_log, logit, arcsin };
std::string_view to_string(ConfidenceType type);  ///< "plain", "log", "log-log", "logit", "arcsin"

struct SurvivalStep {
  double time = 0;  //!< of at least one event or censoring
  int at_risk = 0, events = 0, censored = 0;
  double survival = 1;
  double standard_error = 0;         //!< of the survival (Greenwood); not finite where the survival is 0
  std::optional<Interval> interval;  //!< nothing where it cannot be said (survival 0; with log-log and logit also 1)
};

struct SurvivalMedian {
  std::optional<double> time;       //!< nothing where the curve stays above one half
  std::optional<double> low, high;  //!< Brookmeyer-Crowley: where the pointwise bounds cross one half
};

struct SurvivalCurve {
  ConfidenceType type = ConfidenceType::log;
  double confidence = 0.95;
  std::vector<SurvivalStep> steps;  //!< times ascending
  SurvivalMedian median;

  /// The step that holds at `time`; the curve starts with survival 1. Nothing after the last observed time unless the
  /// survival is 0 there.
  std::optional<SurvivalStep> at(double time) const;
  int at_risk(double time) const;  //!< just before `time`
};

/// Kaplan-Meier estimate with Greenwood's variance. Where the curve equals one half on a flat, the median is the middle
/// of the flat.
/// @throws InputError: no subject, a time that is negative or not finite, a confidence outside (0, 1)
SurvivalCurve kaplan_meier(const std::vector<Observation>& subjects, ConfidenceType type = ConfidenceType::log,
                           double confidence = 0.95);

struct LogRank {
  std::vector<double> observed, expected;  //!< weighted events per group
  double variance = 0;                     //!< of observed - expected of the first group
  double chi_square = 0, p_value = 1;
  int degrees_of_freedom = 0;
};

/// G-rho family of Harrington and Fleming (1982): weights S(t-)^rho of the pooled curve; rho 0 is the log-rank test.
/// @param groups subjects of each group, at least two groups with subjects
/// @throws InputError as kaplan_meier, and where no event separates the groups
LogRank log_rank(const std::vector<std::vector<Observation>>& groups, double rho = 0);

/// One subject with competing risks: cause 0 is censored.
struct CompetingObservation {
  double time = 0;
  int cause = 0;
};
struct IncidenceStep {
  double time = 0;
  int at_risk = 0, events = 0;
  double incidence = 0, standard_error = 0;
};
/// Cumulative incidence of `cause` by Aalen and Johansen, its standard error by the delta method.
/// @throws InputError as kaplan_meier
std::vector<IncidenceStep> cumulative_incidence(const std::vector<CompetingObservation>& subjects, int cause);

}  // namespace sbrt
