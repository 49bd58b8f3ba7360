#include "dose/svg_plot.h"
#include "engine/cohort/cohort_page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sbrt {

std::string figures(const std::vector<CohortPicture>& pictures) {
  std::string html = "<div class=\"grid\">";
  for (const CohortPicture& p : pictures) html += "<figure>" + p.svg + "</figure>\n";
  return html + "</div>\n";
}

namespace {

namespace fs = std::filesystem;

constexpr const char* style = R"(
:root{--ink:#1d2329;--soft:#5b6670;--line:#dde2e6;--blue:#0072B2;--paper:#fff;--tint:#f4f6f8}
*{box-sizing:border-box}
body{margin:0;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--tint)}
main,header{max-width:1380px;margin:0 auto;padding:0 24px}
header{padding-top:24px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:0 0 10px}h3{font-size:15px;margin:18px 0 6px}
p{margin:4px 0 10px;max-width:95ch}.soft{color:var(--soft)}
section{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:18px 20px;margin:16px 0}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:120px}
.tile b{display:block;font-size:24px;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th{color:var(--soft);font-weight:600;vertical-align:bottom}th:first-child,td:first-child,.left{text-align:left}
tbody tr:hover{background:#eef4f9}
abbr{text-decoration:underline dotted #8a949c;cursor:help}
.grid{display:flex;flex-wrap:wrap;gap:16px}.grid figure{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px;overflow-x:auto;max-width:100%}
svg{max-width:100%;height:auto;display:block}
.sortable th{cursor:pointer}.sortable th[aria-sort=ascending]::after{content:" \2191"}.sortable th[aria-sort=descending]::after{content:" \2193"}
.beside{display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}.beside .grid{flex:1 1 420px}
.wrap{white-space:normal;max-width:90ch}a{color:var(--blue)}
nav a{margin-right:14px}dt{font-weight:600;margin-top:6px}dd{margin:0 0 0 18px;color:var(--soft)}
@media print{body{background:#fff}section{break-inside:avoid;border:0;padding:0}}
)";

// Sorts by the number or the text of a cell; cells without value stay last.
constexpr const char* script = R"(
for(const t of document.querySelectorAll('table.sortable'))t.tHead.addEventListener('click',e=>{
const h=e.target.closest('th');if(!h)return;const c=h.cellIndex,up=h.getAttribute('aria-sort')!=='ascending';
for(const o of t.tHead.rows[0].cells)o.removeAttribute('aria-sort');h.setAttribute('aria-sort',up?'ascending':'descending');
const v=r=>r.cells[c].dataset.v??r.cells[c].textContent;const b=t.tBodies[0];
[...b.rows].sort((x,y)=>{const p=v(x),q=v(y);if(p===''||q==='')return (p==='')-(q==='');
const n=Number(p)-Number(q);const d=Number.isNaN(n)?p.localeCompare(q):n;return up?d:-d}).forEach(r=>b.append(r))});
)";

std::string with_definition(const Measure& m) {
  const std::string unit =
      m.unit == "1" ? "" : fmt::format(" <span class=\"soft\">[{}]</span>", markup_escaped(m.unit));
  return fmt::format("<abbr title=\"{}\">{}</abbr>{}", markup_escaped(m.definition), markup_escaped(m.title), unit);
}

/// "1.13 (1.00 - 2.77)"; differences, which may be negative, with "to".
std::string median_range(const Measure& m, const std::optional<Spread>& s, const char* between = "&ndash;") {
  if (!s) return "<td></td>";
  const auto number = [&](double v) {
    const std::string text = shown(m, v);
    return text.starts_with("-") ? "&minus;" + text.substr(1) : text;
  };
  return fmt::format("<td title=\"{} cases, mean {}\">{} <span class=\"soft\">({} {} {})</span></td>", s->cases,
                     number(s->mean), number(s->median), number(s->low), between, number(s->high));
}

std::string quartiles(const Measure& m, const std::optional<Spread>& s) {
  return s ? fmt::format("<td>{} &ndash; {}</td>", shown(m, s->first_quartile), shown(m, s->third_quartile))
           : "<td></td>";
}

std::string count_cell(const std::optional<Spread>& s) {
  return s ? fmt::format("<td>{}</td>", s->cases) : "<td></td>";
}

std::string tile(const std::string& number, const std::string& words) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", number, words);
}

std::string series_section(const CohortReport& report, const CohortPictures& pictures) {
  const bool archived = std::any_of(report.numbers.measures.begin(), report.numbers.measures.end(),
                                    [](const MeasureSummary& m) { return m.archived.has_value(); });
  std::string html =
      "<section id=\"series\"><h2>The series in numbers</h2>\n<p class=\"soft\">Median (range); n: cases that the "
      "number is known of. Definitions appear on hover and at the end of the page.</p>\n<div class=\"beside\">\n"
      "<div class=\"scroll\"><table><thead><tr><th>number</th><th>n</th><th>replanned</th><th>quartiles</th>";
  if (archived) html += "<th>n</th><th>archived</th>";
  html += "</tr></thead><tbody>\n";
  for (const MeasureSummary& m : report.numbers.measures) {
    html += "<tr><td>" + with_definition(*m.measure) + "</td>" + count_cell(m.replanned) +
            median_range(*m.measure, m.replanned) + quartiles(*m.measure, m.replanned);
    if (archived) html += count_cell(m.archived) + median_range(*m.measure, m.archived);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n" + figures(pictures.counts) + "</div></section>\n";
}

std::string published_section(const CohortReport& report) {
  std::string html =
      "<section id=\"published\"><h2>Beside the published series</h2>\n<p class=\"soft\">58 lesions of 37 patients; "
      "median (range) as printed there. The patients are others, so nothing here has to agree.</p>\n"
      "<div class=\"scroll\"><table><thead><tr><th>number</th><th>published</th><th>this "
      "series</th><th>n</th></tr></thead><tbody>\n";
  for (const PublishedNumber& p : published_series())
    for (const MeasureSummary& m : report.numbers.measures) {
      if (m.measure->id != p.measure) continue;
      html += fmt::format("<tr><td>{}</td><td>{} <span class=\"soft\">({} &ndash; {})</span></td>{}{}</tr>\n",
                          with_definition(*m.measure), shown(*m.measure, p.median), shown(*m.measure, p.low),
                          shown(*m.measure, p.high), median_range(*m.measure, m.replanned), count_cell(m.replanned));
    }
  return html + "</tbody></table></div>\n<p>" + markup_escaped(published_remark()) + "</p></section>\n";
}

std::string comparison_section(const CohortReport& report, const CohortPictures& pictures) {
  std::string html =
      "<section id=\"comparison\"><h2>Archived and replanned</h2>\n<p class=\"soft\">Over the cases that have both; "
      "each plan is judged by its own prescription. "
      "Difference: replanned less archived, case by case. Better and worse count its sign only.</p>\n"
      "<div "
      "class=\"scroll\"><table><thead><tr><th>number</th><th>n</th><th>archived</th><th>replanned</th><th>difference</"
      "th>"
      "<th>better</th><th>worse</th><th>equal</th></tr></thead><tbody>\n";
  for (const MeasureSummary& m : report.numbers.measures) {
    if (!m.difference) continue;
    html += "<tr><td>" + with_definition(*m.measure) + "</td>" + count_cell(m.difference) +
            median_range(*m.measure, m.archived) + median_range(*m.measure, m.replanned) +
            median_range(*m.measure, m.difference, "to");
    html += m.measure->better == Better::neither
                ? std::string("<td></td><td></td><td></td></tr>\n")
                : fmt::format("<td>{}</td><td>{}</td><td>{}</td></tr>\n", m.better, m.worse, m.equal);
  }
  return html + "</tbody></table></div>\n<h3>Case by case</h3>\n" + figures(pictures.comparisons) + "</section>\n";
}

std::string url_of(const fs::path& relative) {
  std::string url;
  for (const char c : relative.generic_string()) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '/' || c == '.' || c == '-' || c == '_' || c == '~')
      url += c;
    else
      url += fmt::format("%{:02X}", byte);
  }
  // A leading "name:" would be a scheme.
  return url.starts_with("/") || url.starts_with(".") ? url : "./" + url;
}

std::string cases_section(const CohortReport& report, const fs::path& out) {
  static constexpr const char* columns[] = {"largest_diameter_mm",
                                            "dose_gy",
                                            "fractions",
                                            "bed_gy",
                                            "isodose_pct",
                                            "coverage_pct",
                                            "ci",
                                            "nci",
                                            "hi",
                                            "gi",
                                            "r50",
                                            "total_mu",
                                            "beams",
                                            "minutes_per_fraction"};
  std::vector<const MeasureSummary*> shown;
  for (const char* id : columns)
    for (const MeasureSummary& m : report.numbers.measures)
      if (m.measure->id == id && m.replanned) shown.push_back(&m);
  std::string html =
      "<section id=\"cases\"><h2>Cases</h2>\n<p class=\"soft\">A click on a title sorts; a case links to its report. "
      "Every number is in cases.csv.</p>\n"
      "<div class=\"scroll\"><table class=\"sortable\"><thead><tr><th>case</th><th class=\"left\">patient</th><th "
      "class=\"left\">site</th>";
  for (const MeasureSummary* m : shown) html += "<th>" + with_definition(*m->measure) + "</th>";
  html +=
      "<th><abbr title=\"goals missed of all goals\">goals</abbr></th><th "
      "class=\"left\">warnings</th></tr></thead><tbody>\n";
  for (const CohortCase& one : report.contents.cases) {
    const std::string name = markup_escaped(one.id);
    html += "<tr><td>" +
            (one.report.empty() ? name
                                : fmt::format("<a href=\"{}\">{}</a>",
                                              url_of(fs::absolute(one.report)
                                                         .lexically_normal()
                                                         .lexically_relative(fs::absolute(out).lexically_normal())),
                                              name)) +
            "</td><td class=\"left\">" + markup_escaped(one.patient_id) + "</td><td class=\"left\">" +
            markup_escaped(site_name(one.site)) + "</td>";
    for (const MeasureSummary* m : shown) {
      const auto value = m->measure->value(one);
      html += value ? fmt::format("<td data-v=\"{}\">{}</td>", *value, sbrt::shown(*m->measure, *value))
                    : "<td data-v=\"\"></td>";
    }
    const auto goals = [&](const char* key) {
      const auto found = one.replanned.find(key);
      return found == one.replanned.end() ? std::optional<double>() : std::optional(found->second);
    };
    const auto met = goals("goals_met"), missed = goals("goals_missed");
    html += met && missed ? fmt::format("<td data-v=\"{}\">{:g} / {:g}</td>", *missed, *missed, *met + *missed)
                          : "<td data-v=\"\"></td>";
    std::string codes;
    for (const std::string& code : one.warnings) codes += (codes.empty() ? "" : ", ") + code;
    html += "<td class=\"left wrap\">" + markup_escaped(codes) + "</td></tr>\n";
  }
  return html + "</tbody></table></div></section>\n";
}

std::string left_out_section(const CohortReport& report) {
  if (report.contents.failed.empty() && report.contents.unreadable.empty()) return "";
  std::string html =
      "<section id=\"left-out\"><h2>Not in the series</h2>\n<div class=\"scroll\"><table><thead><tr><th>case</th><th "
      "class=\"left\">reason</th></tr></thead><tbody>\n";
  for (const FailedCase& f : report.contents.failed)
    html += fmt::format("<tr><td>{}</td><td class=\"left wrap\">{}</td></tr>\n", markup_escaped(f.id),
                        markup_escaped(f.reason));
  for (const UnreadableResult& u : report.contents.unreadable)
    html += fmt::format("<tr><td>{}</td><td class=\"left wrap\">{}</td></tr>\n",
                        markup_escaped(u.path.parent_path().filename().string()), markup_escaped(u.reason));
  return html + "</tbody></table></div></section>\n";
}

std::string definitions_section(const CohortReport& report) {
  std::string html = "<section id=\"definitions\"><h2>Definitions</h2><dl>\n";
  for (const MeasureSummary& m : report.numbers.measures)
    html += fmt::format("<dt>{}{}</dt><dd>{}</dd>\n", markup_escaped(m.measure->title),
                        m.measure->unit == "1" ? "" : " [" + markup_escaped(m.measure->unit) + "]",
                        markup_escaped(m.measure->definition));
  return html +
         "<dt>median, quartiles</dt><dd>middle value or mean of the two middle ones; quartiles interpolated between "
         "order statistics (type 7)</dd>\n"
         "</dl></section>\n";
}

}  // namespace

std::string to_html(const CohortReport& report, const CohortPictures& pictures, const fs::path& out) {
  const SeriesNumbers& n = report.numbers;
  const bool compared = !pictures.comparisons.empty();
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n";
  html += fmt::format("<title>Series of {} cases</title><style>{}</style></head><body>\n", n.cases, style);
  html += fmt::format(
      "<header><h1>Series of {} cases in {} patients</h1>\n<p class=\"soft\">store {} &middot; sbrtplan {} ({}) "
      "&middot; research software, not a medical device</p>\n",
      n.cases, n.patients, markup_escaped(report.store), markup_escaped(report.version),
      markup_escaped(report.revision));
  html += "<nav><a href=\"#series\">Numbers</a>";
  if (report.with_published) html += "<a href=\"#published\">Published</a>";
  html += "<a href=\"#distributions\">Distributions</a>";
  if (compared) html += "<a href=\"#comparison\">Archived and replanned</a>";
  if (report.outcomes) html += "<a href=\"#outcomes\">Outcomes</a>";
  html +=
      "<a href=\"#cases\">Cases</a><a href=\"#definitions\">Definitions</a></nav></header>\n<main><div "
      "class=\"tiles\">\n";
  html += tile(fmt::format("{}", n.cases), "cases") + tile(fmt::format("{}", n.patients), "patients");
  html += tile(fmt::format("{} / {}", n.up_to_5_cm, n.above_5_cm), "up to 5 cm / above");
  html += tile(fmt::format("{} / {}", n.bed_below_100, n.bed_from_100), "BED &lt; 100 Gy / &ge; 100 Gy");
  html += tile(fmt::format("{}", report.contents.failed.size() + report.contents.unreadable.size()),
               "cases without a result");
  html += "</div>\n";
  html += series_section(report, pictures);
  if (report.with_published) html += published_section(report);
  html +=
      "<section id=\"distributions\"><h2>Distributions</h2>\n<p class=\"soft\">Bars: number of cases; dots: each case, "
      "its name on hover (above 1000 cases a box between the quartiles); black line: median.</p>\n" +
      figures(pictures.distributions) + "</section>\n";
  if (compared) html += comparison_section(report, pictures);
  if (report.outcomes) html += outcome_section(*report.outcomes, pictures);
  html += cases_section(report, out) + left_out_section(report) + definitions_section(report);
  return html + fmt::format("</main><script>{}</script></body></html>\n", script);
}

}  // namespace sbrt
