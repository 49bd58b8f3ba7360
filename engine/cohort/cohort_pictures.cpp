#include "engine/cohort/cohort_report.h"
#include "engine/cohort/svg_canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// Beyond it a page would hold more names than anybody reads.
constexpr std::size_t most_named_dots = 1000;

constexpr const char* title_style = "font-size=\"14\" font-weight=\"600\"";
constexpr const char* small_style = "font-size=\"11\" fill=\"#555\"";
constexpr const char* middle = "text-anchor=\"middle\" font-size=\"11\"";
constexpr const char* at_end = "text-anchor=\"end\" font-size=\"11\"";
constexpr const char* grid_style = "stroke=\"#e3e3e3\"";
constexpr const char* axis_style = "stroke=\"#555\"";

std::string with_unit(const Measure& measure) {
  return measure.unit == "1" ? measure.title : fmt::format("{} [{}]", measure.title, measure.unit);
}

struct NamedValue {
  std::string id;
  double value;
};

std::string tooltip_of(const NamedValue& one, const Measure& measure) {
  return fmt::format("{}: {}{}", one.id, shown(measure, one.value), measure.unit == "1" ? "" : " " + measure.unit);
}

/// Volumes span decades.
bool wants_log(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *low > 0 && *high > 40 * *low;
}

/// Counts as bars over a strip of the cases; the archived plans below.
std::string distribution(const Measure& measure, const std::vector<NamedValue>& now,
                         const std::vector<NamedValue>& before) {
  constexpr double width = 400, left = 52, right = 386, top = 46, bars_bottom = 150, strip_height = 24;
  std::vector<double> all;
  for (const auto& list : {now, before})
    for (const NamedValue& one : list) all.push_back(one.value);
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  const RoundAxis axis(*low, *high, wants_log(all));
  const auto px = [&](double v) { return left + (right - left) * axis.fraction(v); };

  struct Strip {
    const std::vector<NamedValue>* values;
    const char *name, *colour;
  };
  std::vector<Strip> strips;
  if (!now.empty()) strips.push_back({&now, measure.plan_key.empty() ? "cases" : "replanned", replanned_colour});
  if (!before.empty()) strips.push_back({&before, "archived", archived_colour});
  const double axis_y = bars_bottom + 8 + strip_height * double(strips.size()) + 4;
  SvgCanvas svg(width, axis_y + 46, "distribution of " + measure.title);
  svg.text(left, 18, measure.title, title_style);

  const int bins = std::max(6, 2 * (int(axis.ticks().size()) - 1));
  const auto counted = [&](const std::vector<NamedValue>& values) {
    std::vector<int> counts(std::size_t(bins), 0);
    for (const NamedValue& one : values)
      ++counts[std::size_t(std::clamp(int(axis.fraction(one.value) * bins * (1 + 1e-12)), 0, bins - 1))];
    return counts;
  };
  int most = 1;
  for (const Strip& strip : strips)
    for (const int count : counted(*strip.values)) most = std::max(most, count);
  const RoundAxis counts_axis(0, most, false, 3);
  const auto py = [&](double count) { return bars_bottom - (bars_bottom - top) * counts_axis.fraction(count); };
  for (const double tick : counts_axis.ticks()) {
    if (tick != std::floor(tick)) continue;
    svg.line(left, py(tick), right, py(tick), grid_style);
    svg.text(left - 5, py(tick) + 4, fmt::format("{:g}", tick), at_end);
  }
  for (std::size_t s = 0; s < strips.size(); ++s) {
    const std::vector<int> counts = counted(*strips[s].values);
    for (int b = 0; b < bins; ++b) {
      const int count = counts[std::size_t(b)];
      if (count == 0) continue;
      const double from = axis.value_at(double(b) / bins), to = axis.value_at(double(b + 1) / bins);
      const double x = px(from) + 1, wide = px(to) - px(from) - 2;
      const std::string tip = fmt::format("{} {}: {} cases from {} to {}", strips[s].name, measure.title, count,
                                          shown(measure, from), shown(measure, to));
      // The first as bars, the other as outlines over them.
      if (s == 0)
        svg.rect(x, py(count), wide, bars_bottom - py(count),
                 fmt::format("fill=\"{}\" fill-opacity=\"0.55\"", strips[s].colour), tip);
      else
        svg.rect(
            x, py(count), wide, bars_bottom - py(count),
            fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"4 2\"", strips[s].colour),
            tip);
    }
  }
  svg.line(left, bars_bottom, right, bars_bottom, axis_style);
  std::string medians;
  for (std::size_t s = 0; s < strips.size(); ++s) {
    const Strip& strip = strips[s];
    std::vector<double> values;
    const double y = bars_bottom + 8 + strip_height * (double(s) + 0.5);
    const bool many = strip.values->size() > most_named_dots;
    for (std::size_t n = 0; n < strip.values->size(); ++n) {
      const NamedValue& one = (*strip.values)[n];
      values.push_back(one.value);
      if (many) continue;
      // Spread over the strip so that equal values stay countable.
      const double lift = (double(n * 7 % 11) / 10 - 0.5) * (strip_height - 10);
      svg.circle(px(one.value), y + lift, 2.6,
                 s == 0 ? fmt::format("fill=\"{}\" fill-opacity=\"0.75\"", strip.colour)
                        : fmt::format("fill=\"none\" stroke=\"{}\"", strip.colour),
                 tooltip_of(one, measure));
    }
    const Spread spread = spread_of(values);
    if (many) {
      svg.line(px(spread.low), y, px(spread.high), y, fmt::format("stroke=\"{}\"", strip.colour));
      svg.rect(px(spread.first_quartile), y - 6, px(spread.third_quartile) - px(spread.first_quartile), 12,
               fmt::format("fill=\"{}\" fill-opacity=\"0.6\"", strip.colour), "from the first to the third quartile");
    }
    const double median = spread.median;
    svg.line(px(median), y - strip_height / 2 + 1, px(median), y + strip_height / 2 - 1,
             "stroke=\"#000\" stroke-width=\"2\"");
    medians += fmt::format("{}{} {} (n = {})", medians.empty() ? "median: " : ", ", strip.name, shown(measure, median),
                           values.size());
  }
  svg.text(left, 35, medians, small_style);
  for (const double tick : axis.ticks()) {
    svg.line(px(tick), axis_y - 4, px(tick), axis_y, axis_style);
    svg.text(px(tick), axis_y + 13, fmt::format("{:g}", std::abs(tick) < 1e-9 * axis.high() ? 0.0 : tick), middle);
  }
  svg.line(left, axis_y, right, axis_y, axis_style);
  svg.text((left + right) / 2, axis_y + 32, with_unit(measure), "text-anchor=\"middle\" font-size=\"12\"");
  svg.text(10, (top + bars_bottom) / 2, "cases",
           fmt::format("text-anchor=\"middle\" font-size=\"11\" transform=\"rotate(-90 10 {:g})\"",
                       (top + bars_bottom) / 2));
  return svg.finish();
}

/// A dot per case, archived across, replanned up; the better side of the diagonal is shaded.
std::string before_after(const MeasureSummary& summary, const std::vector<CohortCase>& cases) {
  constexpr double width = 336, left = 64, right = 320, top = 50, bottom = 306;
  const Measure& measure = *summary.measure;
  struct Pair {
    std::string id;
    double before, now;
  };
  std::vector<Pair> pairs;
  std::vector<double> all;
  for (const CohortCase& one : cases) {
    const auto before = archived_value(measure, one), now = measure.value(one);
    if (!before || !now) continue;
    pairs.push_back({one.id, *before, *now});
    all.insert(all.end(), {*before, *now});
  }
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  const RoundAxis axis(*low, *high, wants_log(all), 4);
  const auto px = [&](double v) { return left + (right - left) * axis.fraction(v); };
  const auto py = [&](double v) { return bottom - (bottom - top) * axis.fraction(v); };
  SvgCanvas svg(width, 350, measure.title + " of archived and replanned plans");
  svg.text(left, 18, measure.title, title_style);
  if (measure.better == Better::neither) {
    svg.text(left, 35, fmt::format("n = {}", pairs.size()), small_style);
  } else {
    const bool up = measure.better == Better::larger;
    svg.path(fmt::format("M{0:g} {1:g}L{2:g} {3:g}L{4:g} {5:g}Z", left, bottom, right, top, up ? left : right,
                         up ? top : bottom),
             "fill=\"#009E73\" fill-opacity=\"0.10\"");
    svg.text(left, 35,
             fmt::format("shaded: better; {} better, {} worse, {} equal", summary.better, summary.worse, summary.equal),
             small_style);
  }
  for (const double tick : axis.ticks()) {
    svg.line(px(tick), top, px(tick), bottom, grid_style);
    svg.line(left, py(tick), right, py(tick), grid_style);
    svg.text(px(tick), bottom + 15, fmt::format("{:g}", tick), middle);
    svg.text(left - 5, py(tick) + 4, fmt::format("{:g}", tick), at_end);
  }
  svg.line(left, bottom, right, top, "stroke=\"#555\" stroke-dasharray=\"4 3\"");
  svg.rect(left, top, right - left, bottom - top, "fill=\"none\" stroke=\"#555\"");
  const bool many = pairs.size() > most_named_dots;
  for (const Pair& pair : pairs)
    svg.circle(px(pair.before), py(pair.now), many ? 1.2 : 3.2,
               fmt::format("fill=\"{}\" fill-opacity=\"{}\"", replanned_colour, many ? 0.3 : 0.7),
               many ? std::string()
                    : fmt::format("{}: archived {}, replanned {}", pair.id, shown(measure, pair.before),
                                  shown(measure, pair.now)));
  svg.text((left + right) / 2, bottom + 34, "archived " + with_unit(measure),
           "text-anchor=\"middle\" font-size=\"12\"");
  svg.text(
      16, (top + bottom) / 2, "replanned " + with_unit(measure),
      fmt::format("text-anchor=\"middle\" font-size=\"12\" transform=\"rotate(-90 13 {:g})\"", (top + bottom) / 2));
  return svg.finish();
}

struct Bar {
  std::string label;
  int count;
};
std::string bars(const std::string& title, const std::vector<Bar>& all, int total) {
  constexpr double width = 400, left = 130, right = 320, row = 22, top = 32;
  int most = 1;
  for (const Bar& bar : all) most = std::max(most, bar.count);
  SvgCanvas svg(width, top + row * double(all.size()) + 10, title);
  svg.text(12, 18, title, title_style);
  for (std::size_t n = 0; n < all.size(); ++n) {
    const double y = top + row * double(n), wide = (right - left) * all[n].count / most;
    constexpr std::size_t longest = 24;
    std::string label = all[n].label;
    if (label.size() > longest) label = label.substr(0, longest - 3) + "...";
    svg.text(left - 8, y + 15, label, "text-anchor=\"end\" font-size=\"12\"");
    svg.rect(left, y + 3, wide, row - 6, fmt::format("fill=\"{}\" fill-opacity=\"0.75\"", replanned_colour),
             fmt::format("{}: {} of {} cases", all[n].label, all[n].count, total));
    svg.text(left + wide + 6, y + 15,
             fmt::format("{}  ({:.0f} %)", all[n].count, 100.0 * all[n].count / std::max(1, total)),
             "font-size=\"11\"");
  }
  return svg.finish();
}

struct StepCurve {
  std::string label, group;
  std::vector<std::pair<double, double>> points;  // after each step
  std::vector<std::pair<double, double>> low, high;
  std::vector<std::pair<double, double>> censored;
  std::vector<int> at_risk;
};

/// Steps with bands, ticks at censored times and the numbers at risk below.
std::string step_picture(const std::string& title, const std::string& y_label, double start,
                         const std::vector<StepCurve>& curves, const std::vector<double>& times, double last) {
  constexpr double width = 612, left = 112, right = 596, top = 52, bottom = 300, row = 17;
  const double end = std::max(last, 1e-9);
  const bool risk = std::any_of(curves.begin(), curves.end(), [](const auto& c) { return !c.at_risk.empty(); });
  SvgCanvas svg(width, bottom + 52 + (risk ? 20 + row * double(curves.size()) : 0), title);
  const auto px = [&](double t) { return left + (right - left) * t / end; };
  const auto py = [&](double s) { return bottom - (bottom - top) * s; };
  svg.text(12, 18, title, title_style);
  for (int n = 0; n <= 5; ++n) {
    svg.line(left, py(n / 5.0), right, py(n / 5.0), grid_style);
    svg.text(left - 6, py(n / 5.0) + 4, fmt::format("{} %", 20 * n), at_end);
  }
  for (const double t : times) {
    svg.line(px(t), bottom, px(t), bottom + 4, axis_style);
    svg.text(px(t), bottom + 17, fmt::format("{:g}", t), middle);
  }
  constexpr std::array<const char*, 4> dashes{"", "7 3", "2 3", "9 3 2 3"};
  double legend_x = left;
  for (std::size_t n = 0; n < curves.size(); ++n) {
    const StepCurve& curve = curves[n];
    const char* colour = safe_colours[n % safe_colours.size()];
    const auto stairs = [&](const std::vector<std::pair<double, double>>& points) {
      std::string d;
      double y = py(start);
      for (const auto& [t, s] : points) {
        d += fmt::format("L{:.2f} {:.2f}L{:.2f} {:.2f}", px(t), y, px(t), py(s));
        y = py(s);
      }
      return d;
    };
    if (!curve.low.empty()) {
      std::vector<std::string> back;
      double y = py(start);
      for (const auto& [t, s] : curve.high) {
        back.push_back(fmt::format("L{:.2f} {:.2f}", px(t), y));
        back.push_back(fmt::format("L{:.2f} {:.2f}", px(t), py(s)));
        y = py(s);
      }
      std::string d = fmt::format("M{:.2f} {:.2f}", px(0), py(start)) + stairs(curve.low);
      std::reverse(back.begin(), back.end());
      for (const std::string& step : back) d += step;
      svg.path(d + "Z", fmt::format("fill=\"{}\" fill-opacity=\"0.13\"", colour));
    }
    const char* dash = dashes[n % dashes.size()];
    svg.path(fmt::format("M{:.2f} {:.2f}", px(0), py(start)) + stairs(curve.points),
             fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"", colour, dash));
    for (const auto& [t, s] : curve.censored)
      svg.line(px(t), py(s) - 4, px(t), py(s) + 4, fmt::format("stroke=\"{}\" stroke-width=\"1.3\"", colour));
    svg.line(legend_x, 36, legend_x + 26, 36,
             fmt::format("stroke=\"{}\" stroke-width=\"2.4\" stroke-dasharray=\"{}\"", colour, dash));
    svg.text(legend_x + 31, 40, curve.label);
    legend_x += 52 + 6.6 * double(curve.label.size());
    if (curve.at_risk.empty()) continue;
    const double y = bottom + 66 + row * double(n);
    constexpr std::size_t longest = 13;
    svg.line(12, y - 4, 24, y - 4, fmt::format("stroke=\"{}\" stroke-width=\"2.4\"", colour));
    svg.text(28, y, curve.group.size() > longest ? curve.group.substr(0, longest - 2) + ".." : curve.group,
             "font-size=\"11\"");
    for (std::size_t k = 0; k < times.size() && k < curve.at_risk.size(); ++k)
      svg.text(px(times[k]), y, fmt::format("{}", curve.at_risk[k]), middle);
  }
  svg.rect(left, top, right - left, bottom - top, "fill=\"none\" stroke=\"#555\"");
  svg.text((left + right) / 2, bottom + 34, "months", "text-anchor=\"middle\"");
  svg.text(20, (top + bottom) / 2, y_label,
           fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 20 {:g})\"", (top + bottom) / 2));
  if (risk) svg.text(12, bottom + 48, "at risk", small_style);
  return svg.finish();
}

std::string curves_picture(const GroupedCurves& grouped, const OutcomeAnalysis& analysis) {
  std::vector<StepCurve> curves;
  double last = 0;
  for (const SurvivalCurve& curve : grouped.curves)
    if (!curve.steps.empty()) last = std::max(last, curve.steps.back().time);
  const std::vector<double> times = round_times(last);
  for (std::size_t n = 0; n < grouped.curves.size(); ++n) {
    StepCurve steps;
    steps.label = fmt::format("{} (n = {})", grouped.values[n], grouped.subjects[n]);
    steps.group = grouped.values[n];
    double low = 1, high = 1;
    for (const SurvivalStep& step : grouped.curves[n].steps) {
      steps.points.emplace_back(step.time, step.survival);
      if (step.interval) low = step.interval->low, high = step.interval->high;
      // Where nothing can be said the band stays as it was.
      steps.low.emplace_back(step.time, low);
      steps.high.emplace_back(step.time, high);
      if (step.censored > 0) steps.censored.emplace_back(step.time, step.survival);
    }
    for (const double t : times) steps.at_risk.push_back(grouped.curves[n].at_risk(t));
    curves.push_back(std::move(steps));
  }
  std::string title = grouped.by.empty() ? "Free of the event" : "Free of the event by " + column_label(grouped.by);
  title += fmt::format(", bands: {:g} % {} intervals", 100 * analysis.options.confidence,
                       to_string(analysis.options.confidence_type));
  return step_picture(title, "free of the event", 1, curves, times, last);
}

std::string incidence_picture(const OutcomeAnalysis& analysis) {
  std::vector<StepCurve> curves;
  double last = 0;
  for (const Incidence& incidence : analysis.incidences) {
    StepCurve curve;
    curve.label = fmt::format("event {} (n = {})", incidence.cause, incidence.events);
    for (const IncidenceStep& step : incidence.steps) {
      curve.points.emplace_back(step.time, step.incidence);
      last = std::max(last, step.time);
    }
    curves.push_back(std::move(curve));
  }
  return step_picture("Cumulative incidence by event", "cumulative incidence", 0, curves, round_times(last), last);
}

}  // namespace

CohortPictures draw_pictures(const CohortReport& report) {
  CohortPictures pictures;
  const SeriesNumbers& numbers = report.numbers;
  std::vector<Bar> sites, schedules;
  for (const SiteCount& site : numbers.sites) sites.push_back({site.site, site.cases});
  for (const PrescriptionCount& p : numbers.prescriptions)
    schedules.push_back({fmt::format("{:g} Gy in {}", p.dose_gy, p.fractions), p.cases});
  if (!sites.empty()) pictures.counts.push_back({"sites", bars("Sites", sites, numbers.cases)});
  if (!schedules.empty()) pictures.counts.push_back({"prescriptions", bars("Prescriptions", schedules, numbers.cases)});
  for (const MeasureSummary& summary : numbers.measures) {
    std::vector<NamedValue> now, before;
    for (const CohortCase& one : report.contents.cases) {
      if (const auto value = summary.measure->value(one)) now.push_back({one.id, *value});
      if (const auto value = archived_value(*summary.measure, one)) before.push_back({one.id, *value});
    }
    pictures.distributions.push_back({summary.measure->id, distribution(*summary.measure, now, before)});
    if (summary.difference)
      pictures.comparisons.push_back({"compare-" + summary.measure->id, before_after(summary, report.contents.cases)});
  }
  if (report.outcomes) {
    int number = 0;
    for (const GroupedCurves& grouped : report.outcomes->curves)
      pictures.outcomes.push_back({fmt::format("curve-{}", number++), curves_picture(grouped, *report.outcomes)});
    if (!report.outcomes->incidences.empty())
      pictures.outcomes.push_back({"cumulative-incidence", incidence_picture(*report.outcomes)});
  }
  return pictures;
}

}  // namespace sbrt
