#include "dose/svg_plot.h"
#include "engine/cohort/cohort_page_parts.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

std::string p_text(double p) { return p < 0.0001 ? "&lt; 0.0001" : fmt::format("{:.4f}", p); }

std::string curve_tables(const OutcomeAnalysis& a) {
  const auto months = [](const std::optional<double>& t) { return t ? shown_number(*t) : std::string("not reached"); };
  std::string html = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th>group</th><th>n</th><th>events</th><th>median [months]</th><th>{:g} "
      "% interval ({})</th>"
      "<th>log-rank &chi;&sup2;</th><th>df</th><th>p</th></tr></thead><tbody>\n",
      100 * a.options.confidence, to_string(a.options.confidence_type));
  for (const GroupedCurves& g : a.curves)
    for (std::size_t k = 0; k < g.curves.size(); ++k) {
      const SurvivalMedian& m = g.curves[k].median;
      html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} &ndash; {}</td>",
                          markup_escaped(g.by.empty() ? "all" : column_label(g.by) + ": " + g.values[k]), g.subjects[k],
                          g.events[k], months(m.time), months(m.low), months(m.high));
      if (k > 0 || g.by.empty())
        html += "<td></td><td></td><td></td></tr>\n";
      else if (g.test)
        html += fmt::format("<td>{:.3f}</td><td>{}</td><td>{}</td></tr>\n", g.test->chi_square,
                            g.test->degrees_of_freedom, p_text(g.test->p_value));
      else
        html += fmt::format("<td class=\"left\" colspan=\"3\">{}</td></tr>\n", markup_escaped(g.failure));
    }
  return html + "</tbody></table></div>\n";
}

std::string ratio_cells(const CoxCoefficient& c) {
  return fmt::format("<td>{:.3f}</td><td>{:.3f} &ndash; {:.3f}</td><td>{}</td>", c.hazard_ratio,
                     c.hazard_ratio_interval.low, c.hazard_ratio_interval.high, p_text(c.p_value));
}

/// Efron's and Breslow's fits of the same covariates side by side.
std::string regression_rows(const Regression& efron, const Regression& breslow) {
  if (!efron.fit || !breslow.fit) {
    std::string names;
    for (const std::string& name : efron.covariates) names += (names.empty() ? "" : ", ") + column_label(name);
    return fmt::format(
        "<tr><td class=\"wrap\">{}</td><td></td><td></td><td>{}</td><td class=\"left wrap\" "
        "colspan=\"6\">{}</td></tr>\n",
        markup_escaped(names), efron.left_out, markup_escaped(efron.fit ? breslow.failure : efron.failure));
  }
  std::string html;
  for (std::size_t n = 0; n < efron.fit->coefficients.size(); ++n)
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}{}</tr>\n",
                        markup_escaped(column_label(efron.fit->coefficients[n].name)), efron.fit->subjects,
                        efron.fit->events, efron.left_out, ratio_cells(efron.fit->coefficients[n]),
                        ratio_cells(breslow.fit->coefficients[n]));
  return html;
}

std::string regression_tables(const OutcomeAnalysis& a) {
  std::string html;
  for (const bool multivariate : {false, true}) {
    std::string rows, note;
    for (std::size_t n = 0; n + 1 < a.regressions.size(); n += 2) {
      const Regression &efron = a.regressions[n], &breslow = a.regressions[n + 1];
      if (efron.multivariate != multivariate) continue;
      rows += regression_rows(efron, breslow);
      constexpr int events_per_coefficient = 10;
      if (multivariate && efron.fit && efron.fit->events < events_per_coefficient * int(efron.fit->coefficients.size()))
        note = fmt::format(
            "<p class=\"soft\">{} events for {} coefficients: fewer than {} each, so these ratios are less certain "
            "than "
            "their intervals say.</p>\n",
            efron.fit->events, efron.fit->coefficients.size(), events_per_coefficient);
    }
    if (rows.empty()) continue;
    html += fmt::format(
        "<h3>Cox regression, {}</h3>\n<div class=\"scroll\"><table><thead><tr><th>covariate</th><th>n</th>"
        "<th>events</th><th><abbr title=\"subjects with a missing value\">left out</abbr></th>"
        "<th>hazard ratio (Efron)</th><th>{:g} % interval</th><th>p</th>"
        "<th>hazard ratio (Breslow)</th><th>{:g} % interval</th><th>p</th></tr></thead><tbody>\n",
        multivariate ? "multivariate" : "univariate", 100 * a.options.confidence, 100 * a.options.confidence);
    html += rows + "</tbody></table></div>\n" + note;
    if (multivariate && !a.not_in_multivariate.empty()) {
      std::string names;
      for (const std::string& name : a.not_in_multivariate) names += (names.empty() ? "" : ", ") + column_label(name);
      html +=
          "<p class=\"soft\">Not in the multivariate fit, as they have no univariate one: " + markup_escaped(names) +
          "</p>\n";
    }
  }
  return html;
}

}  // namespace

std::string outcome_section(const OutcomeAnalysis& a, const CohortPictures& pictures) {
  std::string html = fmt::format(
      "<section id=\"outcomes\"><h2>Outcomes</h2>\n<p class=\"soft\">{} {} of {} with a case in the store, {} "
      "events{}. "
      "Kaplan-Meier with Greenwood&#39;s variance, {:g} % intervals of type {}; competing events count as censored "
      "here.</p>\n",
      a.subjects, a.file.level == OutcomeLevel::lesion ? "lesions" : "patients",
      markup_escaped(a.file.path.filename().string()), a.events,
      a.competing > 0 ? fmt::format(", {} competing events", a.competing) : "", 100 * a.options.confidence,
      to_string(a.options.confidence_type));
  html += figures(pictures.outcomes) + "<h3>Medians and log-rank tests</h3>\n" + curve_tables(a) + regression_tables(a);
  if (!a.rows_without_case.empty()) {
    html += "<h3>Rows without a case (not in the analysis)</h3>\n<ul>";
    for (const auto& [line, id] : a.rows_without_case)
      html += fmt::format("<li>line {}: {}</li>\n", line, markup_escaped(id));
    html += "</ul>";
  }
  if (!a.cases_without_row.empty()) {
    html += fmt::format("<h3>{} without a row</h3>\n<p>", a.file.level == OutcomeLevel::lesion ? "Cases" : "Patients");
    for (std::size_t n = 0; n < a.cases_without_row.size(); ++n)
      html += (n ? ", " : "") + markup_escaped(a.cases_without_row[n]);
    html += "</p>\n";
  }
  return html + "</section>\n";
}

}  // namespace sbrt
