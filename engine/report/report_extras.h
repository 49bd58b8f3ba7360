/// The parts of report.json that pages show beyond the judgement itself: verdict, published ranges, curves.
#pragma once

#include "engine/report/plan_report.h"

namespace sbrt {

class JsonWriter;

/// How many goals are met and how many are not. Reported quantities and goals without a structure do not count.
struct Verdict {
  int met = 0, minor = 0, missed = 0;
  int not_shown = 0;  //!< goals that apply but have no value
  int stated() const { return met + minor + missed + not_shown; }
};
Verdict verdict_of(const PlanReport& report);
/// "all 5 goals are met", "2 of 5 goals are missed", "no goal was stated"
std::string verdict_text(const Verdict& verdict);

void write_verdict(JsonWriter& json, const PlanReport& report);

/// What a clinical series reports for the same index; shown beside the value, never used to judge it.
struct PublishedRange {
  std::string id;
  double median, low, high;
};
const std::vector<PublishedRange>& published_ranges();
void write_published(JsonWriter& json);

/// Cumulative curves of all structures with a dose, % of the whole structure, on common dose steps; seven digits. A
/// curve ends at the first step above its maximum.
void write_curves(JsonWriter& json, const Evaluation& evaluation);

}  // namespace sbrt
