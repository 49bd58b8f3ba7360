#include "dicom/detail/ct_series.h"
#include "dicom/detail/geometry.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt::dicom::detail {
namespace {

constexpr double duplicate_mm = 0.01;    // closer slices are one position
constexpr double lateral_mm = 0.1;       // sideways shift over the whole stack that counts as none
constexpr double regular_mm = 0.1;       // positions with one decimal: half a unit at a slice, half at the ends
constexpr double regular_share = 0.2;    // of the spacing, for very thin slices
constexpr double same_gap = 0.05;        // relative difference of gaps that count as equal
constexpr double missing_factor = 1.95;  // a gap of two regular spacings, less rounding
constexpr std::size_t regular_run = 3;   // equal gaps in a row that establish a spacing

struct Run {
  double gap_mm;
  std::size_t first, count;
};

// Consecutive gaps that are equal.
std::vector<Run> runs_of(const std::vector<double>& gaps) {
  std::vector<Run> runs;
  for (std::size_t n = 0; n < gaps.size(); ++n) {
    if (!runs.empty() && std::abs(gaps[n] - runs.back().gap_mm) <= same_gap * runs.back().gap_mm)
      ++runs.back().count;
    else
      runs.push_back({gaps[n], n, 1});
  }
  return runs;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(values.size() - 1) / 2];
}

// An isolated gap of two or more regular spacings. Regular is the spacing of a neighbouring run of at least three equal
// gaps, else the median; a run of three or more is a second spacing of the series, not a hole.
std::string missing_slices(const std::vector<double>& at) {
  std::vector<double> gaps;
  for (std::size_t n = 1; n < at.size(); ++n) gaps.push_back(at[n] - at[n - 1]);
  const auto runs = runs_of(gaps);
  const double middle = median(gaps);
  std::vector<std::string> holes;
  for (std::size_t n = 0; n < runs.size(); ++n) {
    if (runs[n].count >= regular_run) continue;
    double regular = HUGE_VAL;
    if (n > 0 && runs[n - 1].count >= regular_run) regular = runs[n - 1].gap_mm;
    if (n + 1 < runs.size() && runs[n + 1].count >= regular_run) regular = std::min(regular, runs[n + 1].gap_mm);
    if (regular == HUGE_VAL) regular = middle;
    if (runs[n].gap_mm >= missing_factor * regular)
      holes.push_back(fmt::format("{} mm after slice {} where the spacing is {} mm", short_number(runs[n].gap_mm),
                                  runs[n].first + 1, short_number(regular)));
  }
  if (holes.empty()) return {};
  return fmt::format("missing slices: a gap of {}{}", holes.front(),
                     holes.size() > 1 ? fmt::format(" and {} more", holes.size() - 1) : "");
}

std::string sideways(const CtSeries& series) {
  const PatientVec whole = series.slices.back().position - series.slices.front().position;
  double largest = 0;
  for (const auto& slice : series.slices) {
    const PatientVec step = slice.position - series.slices.front().position;
    largest = std::max(largest, norm(step - dot(step, series.axes.k) * series.axes.k));
  }
  if (largest <= lateral_mm) return {};
  // A tilt shifts each slice in proportion to its position; anything else is a jump of the couch or the patient.
  bool linear = true;
  for (const auto& slice : series.slices) {
    const PatientVec step = slice.position - series.slices.front().position;
    const double share = dot(step, series.axes.k) / dot(whole, series.axes.k);
    linear = linear && norm(step - share * whole) <= lateral_mm;
  }
  const double along = dot(whole, series.axes.k);
  if (linear)
    return fmt::format("gantry tilt of {:.1f} degrees: slices are shifted sideways by {} mm over the series",
                       std::atan2(norm(whole - along * series.axes.k), along) / units::degree, short_number(largest));
  return fmt::format("slices are shifted sideways against each other by up to {} mm", short_number(largest));
}

}  // namespace

SlicePlan plan_slices(const CtSeries& series) {
  SlicePlan plan;
  const auto& slices = series.slices;
  if (slices.size() < 2) {
    plan.refusal = "it has one slice only, so the slice distance is unknown";
    return plan;
  }
  for (const auto& slice : slices)
    plan.positions_mm.push_back(dot(slice.position - slices.front().position, series.axes.k));
  const auto& at = plan.positions_mm;
  if (at.back() - at.front() < duplicate_mm) {
    plan.refusal = "duplicate positions: all slices lie at one position";
    return plan;
  }
  std::size_t duplicates = 0, example = 0;
  for (std::size_t n = 1; n < at.size(); ++n)
    if (at[n] - at[n - 1] < duplicate_mm && duplicates++ == 0) example = n;
  if (duplicates > 0) {
    plan.refusal = fmt::format(
        "duplicate positions: {} of {} slices lie on another one ({} and {}); phases of a 4D scan?", duplicates,
        slices.size(), slices[example - 1].path.filename().string(), slices[example].path.filename().string());
    return plan;
  }
  plan.refusal = sideways(series);
  if (!plan.refusal.empty()) return plan;
  plan.regular = is_regular(at, std::min(regular_mm, regular_share * at.back() / double(at.size() - 1)));
  if (plan.regular) {
    plan.planes = int(at.size());
    plan.spacing_mm = at.back() / double(at.size() - 1);
    return plan;
  }
  plan.refusal = missing_slices(at);
  if (!plan.refusal.empty()) return plan;
  const RegularPositions cover = cover_positions(at);
  constexpr std::size_t most_planes_per_slice = 20, most_planes = 5000;
  if (cover.count < 2 || std::size_t(cover.count) > std::min(most_planes, most_planes_per_slice * at.size())) {
    plan.refusal = "slice distances are too irregular to be resampled";
    return plan;
  }
  plan.planes = cover.count;
  plan.spacing_mm = cover.spacing_mm;
  return plan;
}

}  // namespace sbrt::dicom::detail
