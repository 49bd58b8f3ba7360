#include "engine/cohort/cohort_report.h"
#include "engine/json.h"
#include "engine/report/text_table.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt {
namespace {

void write_spread(JsonWriter& json, const char* key, const std::optional<Spread>& spread) {
  if (!spread) return;
  json.key(key).begin_row_object().member("cases", spread->cases).member("median", spread->median);
  json.member("low", spread->low).member("high", spread->high).member("first_quartile", spread->first_quartile);
  json.member("third_quartile", spread->third_quartile).member("mean", spread->mean).end_object();
}

template <class T>
void write_optional(JsonWriter& json, const char* key, const std::optional<T>& value) {
  if (value) json.member(key, *value);
}

void write_numbers(JsonWriter& json, const char* key, const PlanNumbers& numbers) {
  json.key(key).begin_row_object();
  for (const auto& [id, value] : numbers)
    if (std::isfinite(value)) json.member(id, value);
  json.end_object();
}

const char* name_of(Better better) {
  return better == Better::smaller ? "smaller" : better == Better::larger ? "larger" : "neither";
}

void write_cases(JsonWriter& json, const CohortReport& report) {
  json.key("cases").begin_array();
  for (const CohortCase& one : report.contents.cases) {
    json.begin_object().member("id", one.id).member("patient_id", one.patient_id).member("site", site_name(one.site));
    if (!one.study_date.empty()) json.member("study_date", one.study_date);
    if (!one.target.empty()) json.member("target", one.target);
    write_optional(json, "largest_diameter_mm", one.largest_diameter_mm);
    write_optional(json, "gtv_cc", one.gtv_cc);
    write_optional(json, "ptv_cc", one.ptv_cc);
    write_optional(json, "dose_gy", one.dose_gy);
    write_optional(json, "fractions", one.fractions);
    write_optional(json, "bed_gy", one.bed_gy);
    write_optional(json, "eqd2_gy", one.eqd2_gy);
    write_optional(json, "alpha_beta_gy", one.alpha_beta_gy);
    write_numbers(json, "replanned", one.replanned);
    if (one.archived) write_numbers(json, "archived", *one.archived);
    write_optional(json, "gamma_pct", one.gamma_pct);
    if (!one.warnings.empty()) {
      json.key("warnings").begin_array();
      for (const std::string& code : one.warnings) json.value(code);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

void write_series(JsonWriter& json, const SeriesNumbers& n) {
  json.key("series").begin_object();
  json.member("cases", n.cases).member("patients", n.patients);
  json.key("sites").begin_array();
  for (const SiteCount& s : n.sites)
    json.begin_row_object().member("site", s.site).member("cases", s.cases).end_object();
  json.end_array();
  json.key("prescriptions").begin_array();
  for (const PrescriptionCount& p : n.prescriptions)
    json.begin_row_object()
        .member("dose_gy", p.dose_gy)
        .member("fractions", p.fractions)
        .member("cases", p.cases)
        .end_object();
  json.end_array();
  json.key("size").begin_row_object().member("limit_mm", size_limit_mm).member("up_to_limit", n.up_to_5_cm);
  json.member("above_limit", n.above_5_cm).member("unknown", n.size_unknown).end_object();
  json.key("bed").begin_row_object().member("limit_gy", bed_limit_gy).member("below_limit", n.bed_below_100);
  json.member("from_limit", n.bed_from_100).member("unknown", n.bed_unknown).end_object();
  json.key("measures").begin_array();
  for (const MeasureSummary& m : n.measures) {
    json.begin_object().member("id", m.measure->id).member("title", m.measure->title).member("unit", m.measure->unit);
    json.member("definition", m.measure->definition).member("better", name_of(m.measure->better));
    write_spread(json, "replanned", m.replanned);
    write_spread(json, "archived", m.archived);
    write_spread(json, "difference", m.difference);
    if (m.difference && m.measure->better != Better::neither)
      json.member("cases_better", m.better).member("cases_worse", m.worse).member("cases_equal", m.equal);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_curve(JsonWriter& json, const SurvivalCurve& curve) {
  if (curve.median.time) json.member("median_months", *curve.median.time);
  if (curve.median.low) json.member("median_low_months", *curve.median.low);
  if (curve.median.high) json.member("median_high_months", *curve.median.high);
  json.key("steps").begin_array();
  for (const SurvivalStep& s : curve.steps) {
    json.begin_row_object().member("months", s.time).member("at_risk", s.at_risk).member("events", s.events);
    json.member("censored", s.censored).member("survival", s.survival);
    if (std::isfinite(s.standard_error)) json.member("standard_error", s.standard_error);
    if (s.interval) json.member("low", s.interval->low).member("high", s.interval->high);
    json.end_object();
  }
  json.end_array();
}

void write_test(JsonWriter& json, const char* key, const CoxTest& test, int degrees) {
  json.key(key).begin_row_object().member("chi_square", test.chi_square).member("degrees_of_freedom", degrees);
  json.member("p_value", test.p_value).end_object();
}

void write_outcomes(JsonWriter& json, const OutcomeAnalysis& a) {
  json.key("outcomes").begin_object();
  json.member("file", a.file.path.string()).member("sha256", a.file.sha256);
  json.member("level", a.file.level == OutcomeLevel::lesion ? "lesion" : "patient");
  json.member("subjects", a.subjects).member("events", a.events).member("competing_events", a.competing);
  json.member("confidence", a.options.confidence)
      .member("confidence_type", std::string(to_string(a.options.confidence_type)));
  json.key("rows_without_case").begin_array();
  for (const auto& [line, id] : a.rows_without_case)
    json.begin_row_object().member("line", line).member("id", id).end_object();
  json.end_array();
  json.key("cases_without_row").begin_array();
  for (const std::string& id : a.cases_without_row) json.value(id);
  json.end_array();
  json.key("kaplan_meier").begin_array();
  for (const GroupedCurves& grouped : a.curves) {
    json.begin_object();
    if (!grouped.by.empty()) json.member("by", grouped.by).member("left_out", grouped.left_out);
    json.key("curves").begin_array();
    for (std::size_t n = 0; n < grouped.curves.size(); ++n) {
      json.begin_object()
          .member("group", grouped.values[n])
          .member("subjects", grouped.subjects[n])
          .member("events", grouped.events[n]);
      write_curve(json, grouped.curves[n]);
      json.end_object();
    }
    json.end_array();
    if (grouped.test) {
      json.key("log_rank").begin_row_object().member("chi_square", grouped.test->chi_square);
      json.member("degrees_of_freedom", grouped.test->degrees_of_freedom).member("p_value", grouped.test->p_value);
      json.member("observed", grouped.test->observed).member("expected", grouped.test->expected);
      json.member("variance", grouped.test->variance).end_object();
    }
    if (!grouped.failure.empty()) json.member("failure", grouped.failure);
    json.end_object();
  }
  json.end_array();
  json.key("cox").begin_array();
  for (const Regression& r : a.regressions) {
    json.begin_object()
        .member("kind", r.multivariate ? "multivariate" : "univariate")
        .member("ties", std::string(to_string(r.ties)));
    json.key("covariates").begin_array();
    for (const std::string& name : r.covariates) json.value(name);
    json.end_array().member("left_out", r.left_out);
    if (!r.fit) {
      json.member("failure", r.failure).end_object();
      continue;
    }
    json.member("subjects", r.fit->subjects).member("events", r.fit->events);
    json.key("coefficients").begin_array();
    for (const CoxCoefficient& c : r.fit->coefficients) {
      json.begin_row_object()
          .member("name", c.name)
          .member("coefficient", c.coefficient)
          .member("standard_error", c.standard_error);
      json.member("hazard_ratio", c.hazard_ratio)
          .member("low", c.hazard_ratio_interval.low)
          .member("high", c.hazard_ratio_interval.high);
      json.member("p_value", c.p_value).end_object();
    }
    json.end_array();
    json.member("log_likelihood_start", r.fit->log_likelihood_start).member("log_likelihood", r.fit->log_likelihood);
    const int degrees = int(r.fit->coefficients.size());
    write_test(json, "likelihood_ratio", r.fit->likelihood_ratio, degrees);
    write_test(json, "wald", r.fit->wald, degrees);
    write_test(json, "score", r.fit->score, degrees);
    json.end_object();
  }
  json.end_array();
  if (!a.not_in_multivariate.empty()) {
    json.key("not_in_multivariate").begin_array();
    for (const std::string& name : a.not_in_multivariate) json.value(name);
    json.end_array();
  }
  if (!a.incidences.empty()) {
    json.key("cumulative_incidence").begin_array();
    for (const Incidence& incidence : a.incidences) {
      json.begin_object().member("event", incidence.cause).member("events", incidence.events);
      json.key("steps").begin_array();
      for (const IncidenceStep& s : incidence.steps) {
        json.begin_row_object().member("months", s.time).member("at_risk", s.at_risk).member("events", s.events);
        json.member("incidence", s.incidence);
        if (std::isfinite(s.standard_error)) json.member("standard_error", s.standard_error);
        json.end_object();
      }
      json.end_array().end_object();
    }
    json.end_array();
  }
  json.end_object();
}

/// Text from outside: never a formula to a spreadsheet.
std::string csv_text(const std::string& text) {
  std::string safe = text;
  if (!safe.empty() && std::string_view("=+-@\t\r\n").find(safe[0]) != std::string_view::npos) safe.insert(0, "'");
  if (safe.find_first_of(",\"\n\r;\t") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string range_of(const Measure& m, const std::optional<Spread>& s) {
  return s ? fmt::format("{} ({} to {})", shown(m, s->median), shown(m, s->low), shown(m, s->high)) : "-";
}

}  // namespace

std::string shown_number(double value) {
  const double size = std::abs(value);
  if (value == std::floor(value) && size < 1e15) return fmt::format("{:.0f}", value);
  if (size >= 1000) return fmt::format("{:.0f}", value);
  if (size >= 100) return fmt::format("{:.1f}", value);
  if (size >= 0.1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.2g}", value);
}

std::string to_json(const CohortReport& report) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-cohort/1");
  json.key("program").begin_row_object();
  json.member("name", "sbrtplan").member("version", report.version).member("revision", report.revision).end_object();
  json.member("store", report.store);
  write_series(json, report.numbers);
  if (report.with_published) {
    json.key("published").begin_object();
    json.key("measures").begin_array();
    for (const PublishedNumber& p : published_series())
      json.begin_row_object()
          .member("id", p.measure)
          .member("median", p.median)
          .member("low", p.low)
          .member("high", p.high)
          .end_object();
    json.end_array().member("remark", published_remark()).end_object();
  }
  if (report.outcomes) write_outcomes(json, *report.outcomes);
  write_cases(json, report);
  json.key("failed").begin_array();
  for (const FailedCase& f : report.contents.failed)
    json.begin_row_object().member("id", f.id).member("reason", f.reason).end_object();
  json.end_array();
  json.key("unreadable").begin_array();
  for (const UnreadableResult& u : report.contents.unreadable)
    json.begin_row_object().member("path", u.path.string()).member("reason", u.reason).end_object();
  json.end_array().end_object();
  return json.finish();
}

std::string to_csv(const CohortReport& report) {
  std::string csv = "case_id,patient_id,site,study_date,target";
  for (const Measure& m : cohort_measures()) csv += "," + m.id;
  for (const Measure& m : cohort_measures())
    if (!m.plan_key.empty()) csv += ",archived_" + m.id;
  csv += ",gamma_pct,goals_met,goals_missed,warnings\n";
  const auto cell = [](const std::optional<double>& value) {
    return "," + (value ? exact_text(*value) : std::string());
  };
  for (const CohortCase& one : report.contents.cases) {
    csv += csv_text(one.id) + "," + csv_text(one.patient_id) + "," + csv_text(site_name(one.site)) + "," +
           csv_text(one.study_date) + "," + csv_text(one.target);
    for (const Measure& m : cohort_measures()) csv += cell(m.value(one));
    for (const Measure& m : cohort_measures())
      if (!m.plan_key.empty()) csv += cell(archived_value(m, one));
    csv += cell(one.gamma_pct);
    for (const char* goals : {"goals_met", "goals_missed"}) {
      const auto found = one.replanned.find(goals);
      csv += cell(found == one.replanned.end() ? std::optional<double>() : std::optional(found->second));
    }
    std::string codes;
    for (const std::string& code : one.warnings) codes += (codes.empty() ? "" : " ") + code;
    csv += "," + csv_text(codes) + "\n";
  }
  return csv;
}

std::string text_report(const CohortReport& report) {
  const SeriesNumbers& n = report.numbers;
  std::string text = fmt::format("{} cases of {} patients; {} failed, {} not readable\n", n.cases, n.patients,
                                 report.contents.failed.size(), report.contents.unreadable.size());
  std::string sites, schedules;
  for (const SiteCount& s : n.sites) sites += fmt::format("{}{} {}", sites.empty() ? "" : ", ", s.site, s.cases);
  for (const PrescriptionCount& p : n.prescriptions)
    schedules += fmt::format("{}{:g} Gy/{} x{}", schedules.empty() ? "" : ", ", p.dose_gy, p.fractions, p.cases);
  text += fmt::format(
      "sites: {}\nsize: {} up to 5 cm, {} above\nprescriptions: {}\nBED: {} below 100 Gy, {} from 100 Gy\n\n", sites,
      n.up_to_5_cm, n.above_5_cm, schedules, n.bed_below_100, n.bed_from_100);
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{{""},
                                         {"unit"},
                                         {"median (range)", Align::right},
                                         {"n", Align::right},
                                         {"archived", Align::right},
                                         {"n", Align::right},
                                         {"difference", Align::right},
                                         {"better/worse/equal", Align::right}};
  if (report.with_published) columns.push_back({"published", Align::right});
  TextTable table(columns);
  for (const MeasureSummary& m : n.measures) {
    std::vector<std::string> cells{m.measure->title,
                                   m.measure->unit,
                                   range_of(*m.measure, m.replanned),
                                   m.replanned ? fmt::format("{}", m.replanned->cases) : "-",
                                   range_of(*m.measure, m.archived),
                                   m.archived ? fmt::format("{}", m.archived->cases) : "-",
                                   range_of(*m.measure, m.difference),
                                   m.difference && m.measure->better != Better::neither
                                       ? fmt::format("{}/{}/{}", m.better, m.worse, m.equal)
                                       : "-"};
    if (report.with_published) {
      std::string published = "-";
      for (const PublishedNumber& p : published_series())
        if (p.measure == m.measure->id)
          published = fmt::format("{} ({} to {})", shown(*m.measure, p.median), shown(*m.measure, p.low),
                                  shown(*m.measure, p.high));
      cells.push_back(published);
    }
    table.add_row(std::move(cells));
  }
  if (!table.empty()) text += table.text();
  if (report.with_published) text += "\n" + published_remark() + "\n";
  for (const FailedCase& f : report.contents.failed) text += fmt::format("failed: {}: {}\n", f.id, f.reason);
  for (const UnreadableResult& u : report.contents.unreadable) text += fmt::format("not readable: {}\n", u.reason);
  if (!report.outcomes) return text;
  const OutcomeAnalysis& a = *report.outcomes;
  text += fmt::format("\noutcomes: {} subjects, {} events, {} competing; {} rows without case, {} {} without row\n",
                      a.subjects, a.events, a.competing, a.rows_without_case.size(), a.cases_without_row.size(),
                      a.file.level == OutcomeLevel::lesion ? "cases" : "patients");
  const auto months = [](const std::optional<double>& t) { return t ? shown_number(*t) : std::string("not reached"); };
  for (const GroupedCurves& g : a.curves) {
    for (std::size_t k = 0; k < g.curves.size(); ++k)
      text += fmt::format(
          "  {}{}: n {}, events {}, median {} months ({:g} % {}: {} to {})\n", g.by.empty() ? "" : g.by + " ",
          g.values[k], g.subjects[k], g.events[k], months(g.curves[k].median.time), 100 * a.options.confidence,
          to_string(a.options.confidence_type), months(g.curves[k].median.low), months(g.curves[k].median.high));
    if (g.test)
      text += fmt::format("  log-rank by {}: chi2 {:.4f}, df {}, p {:.4g}\n", g.by, g.test->chi_square,
                          g.test->degrees_of_freedom, g.test->p_value);
  }
  return text;
}

}  // namespace sbrt
