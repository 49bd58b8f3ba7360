#include "engine/cohort/series_numbers.h"

#include "engine/evaluation/indices.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace sbrt {
namespace {

Measure of_plan(std::string id, std::string title, std::string unit, std::string definition, Better better,
                int decimals) {
  return {
      id, std::move(title), std::move(unit), std::move(definition), better, decimals, id, [id](const CohortCase& one) {
        const auto found = one.replanned.find(id);
        return found == one.replanned.end() ? std::optional<double>() : std::optional(found->second);
      }};
}

/// An index of the report, by its own definition.
Measure of_index(const std::string& id, std::string title, Better better, int decimals = 2) {
  for (const IndexDefinition& known : index_definitions())
    if (known.id == id)
      return of_plan(id, std::move(title), known.unit,
                     known.formula + (known.source.empty() ? "" : " (" + known.source + ")"), better, decimals);
  SBRT_EXPECT(!"an index without definition");
  return {};
}

template <class T>
Measure of_case(std::string id, std::string title, std::string unit, std::string definition, int decimals,
                std::optional<T> CohortCase::*member) {
  return {std::move(id),
          std::move(title),
          std::move(unit),
          std::move(definition),
          Better::neither,
          decimals,
          "",
          [member](const CohortCase& one) {
            const auto& value = one.*member;
            return value ? std::optional(double(*value)) : std::optional<double>();
          }};
}

double order_statistic(const std::vector<double>& sorted, double share) {
  const double at = share * double(sorted.size() - 1);
  const std::size_t below = std::size_t(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - double(below)) * (sorted[below + 1] - sorted[below]);
}

}  // namespace

const std::vector<Measure>& cohort_measures() {
  using enum Better;
  static const std::vector<Measure> all{
      of_case("largest_diameter_mm", "lesion size", "mm", "largest three-dimensional diameter of the GTV", 1,
              &CohortCase::largest_diameter_mm),
      of_case("gtv_cc", "GTV", "cc", "volume of the GTV", 1, &CohortCase::gtv_cc),
      of_case("ptv_cc", "PTV", "cc", "volume of the planned target (TV)", 1, &CohortCase::ptv_cc),
      of_case("dose_gy", "prescribed dose", "Gy", "total over all fractions", 0, &CohortCase::dose_gy),
      of_case("fractions", "fractions", "1", "number of fractions", 0, &CohortCase::fractions),
      of_case("bed_gy", "BED", "Gy", "n d (1 + d/(alpha/beta)) of the prescription, d = dose/n", 1,
              &CohortCase::bed_gy),
      of_index("isodose_pct", "isodose", neither, 1),
      of_index("coverage_pct", "coverage", larger),
      of_index("ci", "CI", smaller),
      of_index("nci", "nCI", smaller),
      of_index("hi", "HI", neither),
      of_index("gi", "GI", smaller),
      of_index("r50", "R50", smaller),
      of_index("d2cm_pct", "D2cm", smaller, 1),
      of_plan("total_mu", "monitor units", "MU", "over all fractions", smaller, 0),
      of_plan("beams", "beams", "1", "beams with monitor units", smaller, 0),
      of_plan("nodes", "nodes", "1", "robot positions that the beams use", smaller, 0),
      of_plan("minutes_per_fraction", "time", "min", "estimated time of one fraction", smaller, 1)};
  return all;
}

std::string shown(const Measure& measure, double value) {
  const bool half = measure.decimals == 0 && std::abs(value) < 1000 && value != std::round(value);
  return fmt::format("{:.{}f}", value, half ? 1 : measure.decimals);
}

std::optional<double> archived_value(const Measure& measure, const CohortCase& one) {
  if (measure.plan_key.empty() || !one.archived) return std::nullopt;
  const auto found = one.archived->find(measure.plan_key);
  return found == one.archived->end() ? std::optional<double>() : std::optional(found->second);
}

Spread spread_of(std::vector<double> values) {
  SBRT_EXPECT(!values.empty());
  std::sort(values.begin(), values.end());
  Spread s;
  s.cases = int(values.size());
  s.median = order_statistic(values, 0.5);
  s.low = values.front();
  s.high = values.back();
  s.first_quartile = order_statistic(values, 0.25);
  s.third_quartile = order_statistic(values, 0.75);
  for (const double v : values) s.mean += v;
  s.mean /= double(values.size());
  return s;
}

SeriesNumbers summarise(const std::vector<CohortCase>& cases) {
  SeriesNumbers all;
  all.cases = int(cases.size());
  std::set<std::string> patients;
  std::map<std::string, int> sites;
  std::map<std::pair<double, int>, int> prescriptions;
  for (const CohortCase& one : cases) {
    patients.insert(one.patient_id);
    ++sites[site_name(one.site)];
    if (one.dose_gy && one.fractions) ++prescriptions[{*one.dose_gy, *one.fractions}];
    ++(!one.largest_diameter_mm                    ? all.size_unknown
       : *one.largest_diameter_mm <= size_limit_mm ? all.up_to_5_cm
                                                   : all.above_5_cm);
    ++(!one.bed_gy ? all.bed_unknown : *one.bed_gy < bed_limit_gy ? all.bed_below_100 : all.bed_from_100);
  }
  all.patients = int(patients.size());
  for (const auto& [site, count] : sites) all.sites.push_back({site, count});
  for (const auto& [schedule, count] : prescriptions)
    all.prescriptions.push_back({schedule.first, schedule.second, count});
  const auto more = [](const auto& a, const auto& b) { return a.cases > b.cases; };
  std::stable_sort(all.sites.begin(), all.sites.end(), more);
  std::stable_sort(all.prescriptions.begin(), all.prescriptions.end(), more);

  for (const Measure& measure : cohort_measures()) {
    std::vector<double> replanned, archived, difference;
    MeasureSummary summary;
    summary.measure = &measure;
    for (const CohortCase& one : cases) {
      const auto now = measure.value(one), before = archived_value(measure, one);
      if (now) replanned.push_back(*now);
      if (before) archived.push_back(*before);
      if (!now || !before) continue;
      difference.push_back(*now - *before);
      if (measure.better == Better::neither) continue;
      const bool fell = difference.back() < 0;
      ++(difference.back() == 0                        ? summary.equal
         : fell == (measure.better == Better::smaller) ? summary.better
                                                       : summary.worse);
    }
    if (!replanned.empty()) summary.replanned = spread_of(replanned);
    if (!archived.empty()) summary.archived = spread_of(archived);
    if (!difference.empty()) summary.difference = spread_of(difference);
    if (summary.replanned || summary.archived) all.measures.push_back(summary);
  }
  return all;
}

const std::vector<PublishedNumber>& published_series() {
  static const std::vector<PublishedNumber> all{{"largest_diameter_mm", 55, 16, 200},
                                                {"isodose_pct", 75, 55, 88},
                                                {"ci", 1.13, 1.00, 2.77},
                                                {"nci", 1.42, 1.13, 2.93},
                                                {"hi", 1.33, 1.10, 2.00},
                                                {"coverage_pct", 86.12, 47.81, 99.75},
                                                {"bed_gy", 85.5, 51.3, 187.5}};
  return all;
}

std::string published_remark() {
  return "The published extremes do not all agree: a BED of 51.3 Gy is 27 Gy in 3 fractions, below the stated least "
         "dose of 30 Gy; an HI of 1.10 to 2.00 is an isodose of 50 to 91 %, not 55 to 88 %.";
}

std::string site_name(const std::string& site) {
  std::string lower;
  for (const char c : site) lower += char(std::tolower(static_cast<unsigned char>(c)));
  if (lower.empty()) return "not stated";
  if (lower == "abdomenpelvis") return "abdomen/pelvis";
  if (lower == "headneck") return "head and neck";
  if (lower == "extremity") return "limb";
  if (lower == "spine") return "vertebra";
  return lower == "lung" || lower == "chest" || lower == "abdomen" || lower == "pelvis" || lower == "head" ? lower
                                                                                                           : site;
}

}  // namespace sbrt
