/// The numbers of a series: what each is, how often it is known, and how it is spread.
#pragma once

#include "engine/cohort/case_store.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

enum class Better { smaller, larger, neither };

/// A number that every case may have.
struct Measure {
  std::string id, title, unit;  //!< unit "1" for ratios
  std::string definition;       //!< one sentence with the formula
  Better better = Better::neither;
  int decimals = 2;      //!< as people read it
  std::string plan_key;  //!< in PlanNumbers; empty: a number of the lesion or the prescription
  std::function<std::optional<double>(const CohortCase&)> value;
};
const std::vector<Measure>& cohort_measures();
/// Of the archived plan; nothing for a measure of the lesion.
/// The value with the decimals of its measure; counts keep a half.
std::string shown(const Measure& measure, double value);
std::optional<double> archived_value(const Measure& measure, const CohortCase& one);

/// Median: the middle value, or the mean of the two middle ones. Quartiles interpolate linearly between order
/// statistics (type 7 of Hyndman and Fan 1996, R's default).
struct Spread {
  int cases = 0;
  double median = 0, low = 0, high = 0, first_quartile = 0, third_quartile = 0, mean = 0;
};
/// @pre at least one value, all finite
Spread spread_of(std::vector<double> values);

struct MeasureSummary {
  const Measure* measure = nullptr;
  std::optional<Spread> replanned, archived;
  /// Replanned less archived, over the cases that have both.
  std::optional<Spread> difference;
  int better = 0, worse = 0, equal = 0;  //!< of these; all 0 where neither direction is better
};

struct SiteCount {
  std::string site;
  int cases = 0;
};
struct PrescriptionCount {
  double dose_gy = 0;
  int fractions = 0, cases = 0;
};

struct SeriesNumbers {
  int cases = 0, patients = 0;
  std::vector<SiteCount> sites;                  //!< most frequent first, then by name
  std::vector<PrescriptionCount> prescriptions;  //!< most frequent first, then by dose and fractions
  int up_to_5_cm = 0, above_5_cm = 0, size_unknown = 0;
  int bed_below_100 = 0, bed_from_100 = 0, bed_unknown = 0;
  std::vector<MeasureSummary> measures;  //!< in the order of cohort_measures(), those that any case has
};
SeriesNumbers summarise(const std::vector<CohortCase>& cases);

inline constexpr double size_limit_mm = 50, bed_limit_gy = 100;  ///< where the published series is divided

/// A line of the published series of 58 lesions: median and range.
struct PublishedNumber {
  std::string measure;  //!< id
  double median = 0, low = 0, high = 0;
};
const std::vector<PublishedNumber>& published_series();
std::string published_remark();  ///< what of it cannot all be true at once

/// "abdomen/pelvis" for the DICOM term ABDOMENPELVIS in any case; other texts as they are.
std::string site_name(const std::string& site);

}  // namespace sbrt
