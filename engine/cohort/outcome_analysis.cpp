#include "engine/cohort/outcome_analysis.h"

#include "engine/cohort/series_numbers.h"
#include "engine/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sbrt {
namespace {

constexpr std::size_t most_groups = 5;

/// A column of the joined table.
struct Column {
  std::string title;
  bool grouping = false, regressed = false;  // what it serves where nothing is asked for
  std::vector<std::optional<std::string>> cells;

  bool numeric() const {
    return std::all_of(cells.begin(), cells.end(), [](const auto& c) { return !c || number_of(*c); });
  }
  /// Different values: numbers ascending, texts sorted.
  std::vector<std::string> values() const {
    std::set<std::string> all;
    for (const auto& cell : cells)
      if (cell) all.insert(*cell);
    std::vector<std::string> sorted(all.begin(), all.end());
    if (numeric())
      std::stable_sort(sorted.begin(), sorted.end(),
                       [](const auto& a, const auto& b) { return *number_of(a) < *number_of(b); });
    return sorted;
  }
};

struct Joined {
  std::vector<Observation> outcomes;
  std::vector<int> causes;
  std::vector<Column> columns;
};

std::vector<Column> case_columns(const std::vector<const CohortCase*>& cases) {
  std::vector<Column> columns;
  const auto add = [&](const char* title, bool grouping, bool regressed, const auto& cell) {
    Column column{title, grouping, regressed, {}};
    for (const CohortCase* one : cases) column.cells.push_back(cell(*one));
    columns.push_back(std::move(column));
  };
  const auto number = [](const std::optional<double>& value) {
    return value ? std::optional(exact_text(*value)) : std::optional<std::string>();
  };
  const auto of_plan = [&](const char* id) {
    return [id, number](const CohortCase& one) {
      const auto found = one.replanned.find(id);
      return number(found == one.replanned.end() ? std::optional<double>() : std::optional(found->second));
    };
  };
  add("case.site", true, false, [](const CohortCase& one) { return std::optional(site_name(one.site)); });
  add("case.size", true, false, [](const CohortCase& one) {
    return one.largest_diameter_mm
               ? std::optional<std::string>(*one.largest_diameter_mm <= size_limit_mm ? "<= 5 cm" : "> 5 cm")
               : std::nullopt;
  });
  add("case.bed", true, false, [](const CohortCase& one) {
    return one.bed_gy ? std::optional<std::string>(*one.bed_gy < bed_limit_gy ? "< 100 Gy" : ">= 100 Gy")
                      : std::nullopt;
  });
  add("case.largest_diameter_mm", false, true, [&](const CohortCase& one) { return number(one.largest_diameter_mm); });
  add("case.bed_gy", false, true, [&](const CohortCase& one) { return number(one.bed_gy); });
  add("case.coverage_pct", false, true, of_plan("coverage_pct"));
  add("case.nci", false, false, of_plan("nci"));
  return columns;
}

Joined join(const OutcomesFile& file, const std::vector<CohortCase>& cases, OutcomeAnalysis& analysis) {
  std::map<std::string, const CohortCase*> known;
  std::set<std::string> missing;
  for (const CohortCase& one : cases) {
    const std::string& id = file.level == OutcomeLevel::lesion ? one.id : one.patient_id;
    known.emplace(id, &one);
    missing.insert(id);
  }
  Joined joined;
  for (const std::string& title : file.covariates) joined.columns.push_back({title, true, true, {}});
  std::vector<const CohortCase*> matched;
  for (const OutcomeRow& row : file.rows) {
    const auto found = known.find(row.id);
    if (found == known.end()) {
      analysis.rows_without_case.emplace_back(row.line, row.id);
      continue;
    }
    missing.erase(row.id);
    matched.push_back(found->second);
    joined.outcomes.push_back({row.months, row.cause == 1});
    joined.causes.push_back(row.cause);
    for (std::size_t c = 0; c < row.cells.size(); ++c) joined.columns[c].cells.push_back(row.cells[c]);
  }
  analysis.cases_without_row.assign(missing.begin(), missing.end());
  if (file.level == OutcomeLevel::lesion)
    for (Column& column : case_columns(matched)) joined.columns.push_back(std::move(column));
  return joined;
}

const Column& column_named(const Joined& joined, const std::string& title, const std::string& option) {
  std::vector<std::string> titles;
  for (const Column& column : joined.columns) {
    if (column.title == title) return column;
    titles.push_back(column.title);
  }
  throw InputError("no column '" + title + "'", option, "", fmt::format("choose among {}", fmt::join(titles, ", ")));
}

GroupedCurves compare_groups(const Joined& joined, const Column* column, const OutcomeOptions& options) {
  GroupedCurves grouped;
  std::vector<std::vector<Observation>> groups;
  if (!column) {
    grouped.values = {"all"};
    groups.push_back(joined.outcomes);
  } else {
    grouped.by = column->title;
    grouped.values = column->values();
    groups.resize(grouped.values.size());
    for (std::size_t n = 0; n < joined.outcomes.size(); ++n) {
      if (!column->cells[n]) {
        ++grouped.left_out;
        continue;
      }
      const auto at = std::find(grouped.values.begin(), grouped.values.end(), *column->cells[n]);
      groups[std::size_t(at - grouped.values.begin())].push_back(joined.outcomes[n]);
    }
  }
  for (const auto& group : groups) {
    grouped.curves.push_back(kaplan_meier(group, options.confidence_type, options.confidence));
    grouped.subjects.push_back(int(group.size()));
    grouped.events.push_back(int(std::count_if(group.begin(), group.end(), [](const auto& o) { return o.event; })));
  }
  if (!column) return grouped;
  try {
    grouped.test = log_rank(groups);
  } catch (const InputError& error) {
    grouped.failure = error.what();
  }
  return grouped;
}

Regression regress(const Joined& joined, const std::vector<const Column*>& columns, TieMethod ties, double confidence) {
  Regression regression;
  regression.ties = ties;
  regression.multivariate = columns.size() > 1;
  std::vector<std::string> names;
  for (const Column* column : columns) {
    regression.covariates.push_back(column->title);
    if (column->numeric()) {
      names.push_back(column->title);
      continue;
    }
    const std::vector<std::string> values = column->values();
    for (std::size_t v = 1; v < values.size(); ++v) names.push_back(column->title + "=" + values[v]);
  }
  std::vector<CoxSubject> subjects;
  for (std::size_t n = 0; n < joined.outcomes.size(); ++n) {
    CoxSubject subject{joined.outcomes[n], {}};
    bool complete = true;
    for (const Column* column : columns) {
      const auto& cell = column->cells[n];
      complete = complete && cell;
      if (!complete) break;
      if (column->numeric()) {
        subject.covariates.push_back(*number_of(*cell));
        continue;
      }
      const std::vector<std::string> values = column->values();
      for (std::size_t v = 1; v < values.size(); ++v) subject.covariates.push_back(*cell == values[v] ? 1 : 0);
    }
    if (complete)
      subjects.push_back(std::move(subject));
    else
      ++regression.left_out;
  }
  try {
    regression.fit = fit_cox(names, subjects, ties, confidence);
  } catch (const InputError& error) {
    regression.failure = error.what();
  }
  return regression;
}

}  // namespace

OutcomeAnalysis analyse_outcomes(const OutcomesFile& file, const std::vector<CohortCase>& cases,
                                 const OutcomeOptions& options) {
  OutcomeAnalysis analysis;
  analysis.file = file;
  analysis.options = options;
  const Joined joined = join(file, cases, analysis);
  if (joined.outcomes.empty())
    throw InputError("no outcome belongs to a case of the store", file.path.string(),
                     fmt::format("none of its {} ids is a {}", file.rows.size(),
                                 file.level == OutcomeLevel::lesion ? "case id" : "patient id"),
                     "compare its ids with those in cohort.json");
  analysis.subjects = int(joined.outcomes.size());
  for (const int cause : joined.causes) {
    analysis.events += cause == 1;
    analysis.competing += cause > 1;
  }

  std::vector<const Column*> groups, covariates;
  for (const std::string& title : options.groups) groups.push_back(&column_named(joined, title, "--group"));
  for (const std::string& title : options.covariates) covariates.push_back(&column_named(joined, title, "--covariate"));
  for (const Column& column : joined.columns) {
    const std::size_t values = column.values().size();
    if (options.groups.empty() && column.grouping && values >= 2 && values <= most_groups) groups.push_back(&column);
    if (options.covariates.empty() && column.regressed && values >= 2 && (column.numeric() || values <= most_groups))
      covariates.push_back(&column);
  }
  analysis.curves.push_back(compare_groups(joined, nullptr, options));
  for (const Column* column : groups) analysis.curves.push_back(compare_groups(joined, column, options));
  std::vector<const Column*> together;
  for (const Column* column : covariates) {
    bool fitted = true;
    for (const TieMethod ties : {TieMethod::efron, TieMethod::breslow}) {
      analysis.regressions.push_back(regress(joined, {column}, ties, options.confidence));
      fitted = fitted && analysis.regressions.back().fit;
    }
    if (fitted || !options.covariates.empty())
      together.push_back(column);
    else
      analysis.not_in_multivariate.push_back(column->title);
  }
  if (together.size() > 1)
    for (const TieMethod ties : {TieMethod::efron, TieMethod::breslow})
      analysis.regressions.push_back(regress(joined, together, ties, options.confidence));

  const std::set<int> causes(joined.causes.begin(), joined.causes.end());
  if (analysis.competing > 0) {
    std::vector<CompetingObservation> subjects;
    for (std::size_t n = 0; n < joined.outcomes.size(); ++n)
      subjects.push_back({joined.outcomes[n].time, joined.causes[n]});
    for (const int cause : causes)
      if (cause > 0)
        analysis.incidences.push_back({cause, int(std::count(joined.causes.begin(), joined.causes.end(), cause)),
                                       cumulative_incidence(subjects, cause)});
  }
  return analysis;
}

std::string column_label(const std::string& title) {
  static const std::pair<const char*, const char*> labels[] = {
      {"case.site", "site"},       {"case.size", "lesion size"},
      {"case.bed", "BED"},         {"case.largest_diameter_mm", "lesion size [mm]"},
      {"case.bed_gy", "BED [Gy]"}, {"case.coverage_pct", "coverage [%]"},
      {"case.nci", "nCI"}};
  for (const auto& [id, label] : labels)
    if (title == id) return label;
  return title;
}

std::vector<double> round_times(double last) {
  constexpr int most_steps = 8;
  double step = 1;
  if (last > 0) {
    const double decade = std::pow(10.0, std::floor(std::log10(last / most_steps)));
    step = 10 * decade;
    for (const double m : {1.0, 2.0, 3.0, 6.0})
      if (m * decade * most_steps >= last) {
        step = m * decade;
        break;
      }
    // Years and their halves read better than tens of months.
    for (const double months : {6.0, 12.0, 24.0, 60.0, 120.0})
      if (last > 24 && months * most_steps >= last && months * 4 <= last) {
        step = months;
        break;
      }
  }
  std::vector<double> times;
  for (int n = 0; n <= most_steps && n * step <= last * (1 + 1e-9); ++n) times.push_back(n * step);
  return times;
}

}  // namespace sbrt
