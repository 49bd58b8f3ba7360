/// Outcomes joined with the cases of a store, and their survival analysis.
#pragma once

#include "engine/cohort/case_store.h"
#include "engine/cohort/cox.h"
#include "engine/cohort/kaplan_meier.h"
#include "engine/cohort/outcomes_file.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct OutcomeOptions {
  ConfidenceType confidence_type = ConfidenceType::log;
  double confidence = 0.95;
  std::vector<std::string> groups;      //!< columns to compare by; empty: those of 2 to 5 different values
  std::vector<std::string> covariates;  //!< columns to regress on; empty: every usable one
};

/// A curve per value of a column, and the test that compares them.
struct GroupedCurves {
  std::string by;                   //!< column; empty: all subjects
  std::vector<std::string> values;  //!< one per curve; a number ascends, a text is sorted
  std::vector<SurvivalCurve> curves;
  std::vector<int> subjects, events;
  int left_out = 0;  //!< subjects without a value
  std::optional<LogRank> test;
  std::string failure;  //!< why there is no test
};

struct Regression {
  std::vector<std::string> covariates;  //!< as asked for
  bool multivariate = false;
  TieMethod ties = TieMethod::efron;
  int left_out = 0;  //!< subjects with a missing value
  std::optional<CoxFit> fit;
  std::string failure;
};

struct Incidence {
  int cause = 1;
  int events = 0;
  std::vector<IncidenceStep> steps;
};

struct OutcomeAnalysis {
  OutcomesFile file;
  OutcomeOptions options;
  int subjects = 0, events = 0, competing = 0;                 //!< of the rows that match a case
  std::vector<std::pair<int, std::string>> rows_without_case;  //!< line and id
  std::vector<std::string> cases_without_row;                  //!< case or patient ids
  std::vector<GroupedCurves> curves;                           //!< the first is of all subjects
  std::vector<Regression> regressions;  //!< univariate by covariate, then multivariate; Efron, then Breslow of each
  std::vector<std::string> not_in_multivariate;  //!< where nothing is asked for: covariates without a univariate fit
  std::vector<Incidence> incidences;             //!< where there are competing events
};

/// Only rows that match a case enter. Competing events count as censored in curves, tests and regressions (cause
/// specific hazards) and have cumulative incidences beside them.
///
/// Columns are those of the file and, for outcomes by lesion, of the case: case.site, case.size (up to or above 5 cm),
/// case.bed (below or from 100 Gy), case.largest_diameter_mm, case.bed_gy, case.coverage_pct, case.nci (of the
/// replanned plan). A text covariate of k values becomes k - 1 indicators against its first value.
/// @throws InputError: no row matches, a column that does not exist
OutcomeAnalysis analyse_outcomes(const OutcomesFile& file, const std::vector<CohortCase>& cases,
                                 const OutcomeOptions& options);

/// "lesion size" for case.size, ...; other titles as they are.
std::string column_label(const std::string& title);

/// Numbers at risk at these times go under a picture: 5 to 8 round steps from 0.
std::vector<double> round_times(double last);

}  // namespace sbrt
