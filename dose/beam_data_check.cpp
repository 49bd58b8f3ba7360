#include "dose/beam_data_check.h"

#include "dose/beam_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

// What a plan of a body or a head asks for: distances of the nodes, depths, fields in the planes of the points.
constexpr double nearest_mm = 650, farthest_mm = 1000, deepest_mm = 300;
constexpr double tail_mm = 10, tail_dose = 0.02;  // the profile must reach this far beyond the field, or this low
constexpr double of_noise = 0.002, tpr_noise = 0.002, ocr_noise = 0.005;
constexpr double tpr_rise = 0.0005, tpr_field_fall = 0.002, ocr_rise = 0.005;
constexpr double penumbra_low_mm = 1.2, penumbra_high_mm = 6.0;
constexpr double width_mm = 1.0, width_share = 0.03;
constexpr double field_order_from_mm = 50;

struct Worst {
  double value = 0;
  std::string place;
  void take(double v, const std::string& where) {
    if (place.empty() || v > value) value = v, place = where;
  }
};

class Findings {
 public:
  void add(std::string code, const std::string& what, std::string found, std::string wanted, bool passed) {
    all_.push_back({"beam-data-" + std::move(code), what, std::move(found), std::move(wanted), passed});
  }
  /// A quantity whose worst value must stay at or below a limit.
  void at_most(std::string code, const std::string& what, const Worst& worst, double limit) {
    add(std::move(code), worst.place.empty() ? what : what + " (" + worst.place + ")",
        fmt::format("{:.4f}", std::abs(worst.value) < 5e-5 ? 0.0 : worst.value), fmt::format("at most {:.4f}", limit),
        worst.value <= limit);
  }
  std::vector<BeamDataFinding> take() { return std::move(all_); }

 private:
  std::vector<BeamDataFinding> all_;
};

/// Row r of a table.
std::vector<double> row_of(const Table2d& t, std::size_t r) {
  return {t.values.begin() + std::ptrdiff_t(r * t.columns.size()),
          t.values.begin() + std::ptrdiff_t((r + 1) * t.columns.size())};
}

void check_output_factors(const BeamData::Tables& t, Findings& findings) {
  Worst fall{0, ""}, noise, reference;
  const auto at_reference = [&](std::size_t i) {
    return t.output_factor[i].at(locate(t.output_factor[i].axis, t.reference_distance_mm));
  };
  reference.take(std::abs(at_reference(t.find(t.reference_collimator_mm)) - 1), "");
  double smallest_step = std::numeric_limits<double>::infinity();
  std::string where;
  for (std::size_t i = 1; i < t.collimators_mm.size(); ++i)
    if (const double step = at_reference(i) - at_reference(i - 1); step < smallest_step) {
      smallest_step = step;
      where = fmt::format("{} to {} mm", t.collimators_mm[i - 1], t.collimators_mm[i]);
    }
  findings.at_most("of-reference", "OF at the reference, distance from 1", reference, 1e-3);
  if (!where.empty())
    findings.add("of-not-rising", "OF, smallest step to the next collimator (" + where + ")",
                 fmt::format("{:+.4f}", smallest_step), "above 0", smallest_step > 0);
  bool constant = false, short_reach = false;
  double first = 0, last = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < t.collimators_mm.size(); ++i) {
    const Table1d& of = t.output_factor[i];
    noise.take(zigzag(of.axis, of.values), fmt::format("collimator {} mm", t.collimators_mm[i]));
    constant = constant || of.axis.size() == 1;
    first = std::max(first, of.axis.front());
    last = std::min(last, of.axis.back());
  }
  findings.at_most("of-noise", "OF, zigzag over the distance", noise, of_noise);
  short_reach = first > nearest_mm || last < farthest_mm;
  if (constant)
    findings.add("of-one-distance", "OF, distances", "one, so constant",
                 fmt::format("{:.0f} to {:.0f} mm; else the phantom scatter of the true field is neglected", nearest_mm,
                             farthest_mm),
                 false);
  else
    findings.add("of-ends-early", "OF, distances of every collimator", fmt::format("{:g} to {:g} mm", first, last),
                 fmt::format("{:.0f} to {:.0f} mm; clamped outside", nearest_mm, farthest_mm), !short_reach);
}

void check_tpr(const BeamData::Tables& t, Findings& findings) {
  Worst reference, noise, rise, order;
  const AxisPosition at_reference = locate(t.tpr.columns, t.reference_depth_mm);
  for (std::size_t r = 0; r < t.tpr.rows.size(); ++r) {
    const std::vector<double> values = row_of(t.tpr, r);
    const std::string field = fmt::format("field {:g} mm", t.tpr.rows[r]);
    reference.take(std::abs(t.tpr.at({r, r, 0.0, false}, at_reference) - 1), field);
    noise.take(zigzag(t.tpr.columns, values), field);
    for (std::size_t d = 1; d < values.size(); ++d) {
      const double depth = t.tpr.columns[d];
      if (t.tpr.columns[d - 1] >= t.reference_depth_mm + 5)
        rise.take(values[d] - values[d - 1], fmt::format("{}, depth {:g} mm", field, depth));
      if (r > 0 && depth >= field_order_from_mm)
        order.take(t.tpr.values[(r - 1) * values.size() + d] - values[d],
                   fmt::format("{}, depth {:g} mm", field, depth));
    }
  }
  findings.at_most("tpr-reference", fmt::format("TPR at {:g} mm, distance from 1", t.reference_depth_mm), reference,
                   1e-3);
  findings.at_most("tpr-noise", "TPR, zigzag over the depth", noise, tpr_noise);
  findings.at_most("tpr-not-falling", "TPR, largest rise between depths beyond the build-up", rise, tpr_rise);
  if (t.tpr.rows.size() > 1)
    findings.at_most("tpr-field-order",
                     fmt::format("TPR, largest fall to the next field from {:.0f} mm on", field_order_from_mm), order,
                     tpr_field_fall);
  const double first = t.tpr.columns.front(), last = t.tpr.columns.back();
  findings.add("tpr-depths-end-early", "TPR, depths", fmt::format("{:g} to {:g} mm", first, last),
               fmt::format("0 to {:.0f} mm; clamped outside", deepest_mm), first <= 0 && last >= deepest_mm);
  const double low = t.collimators_mm.front() * nearest_mm / t.reference_distance_mm,
               high = t.collimators_mm.back() * farthest_mm / t.reference_distance_mm;
  findings.add("tpr-fields-end-early", "TPR, fields",
               fmt::format("{:g} to {:g} mm", t.tpr.rows.front(), t.tpr.rows.back()),
               fmt::format("{:.3g} to {:.3g} mm for all collimators at {:.0f}-{:.0f} mm; clamped outside", low, high,
                           nearest_mm, farthest_mm),
               t.tpr.rows.front() <= low && t.tpr.rows.back() >= high);
}

void check_ocr(const BeamData& data, Findings& findings) {
  const BeamData::Tables& t = data.tables();
  Worst axis, noise, rise;
  double shallow = 0, deep = std::numeric_limits<double>::infinity();
  std::string shallow_at, deep_at;
  for (std::size_t i = 0; i < t.collimators_mm.size(); ++i) {
    const Table2d& ocr = t.ocr[i];
    for (std::size_t d = 0; d < ocr.rows.size(); ++d) {
      const std::vector<double> values = row_of(ocr, d);
      const std::string place = fmt::format("collimator {:g} mm, depth {:g} mm", t.collimators_mm[i], ocr.rows[d]);
      axis.take(std::abs(values.front() - 1), place);
      noise.take(zigzag(ocr.columns, values), place);
      for (std::size_t r = 1; r < values.size(); ++r)
        rise.take(values[r] - values[r - 1], fmt::format("{}, radius {:g} mm", place, ocr.columns[r]));
    }
    if (shallow_at.empty() || ocr.rows.front() > shallow)
      shallow = ocr.rows.front(), shallow_at = fmt::format("{:g}", t.collimators_mm[i]);
    if (ocr.rows.back() < deep) deep = ocr.rows.back(), deep_at = fmt::format("{:g}", t.collimators_mm[i]);
  }
  findings.at_most("ocr-axis", "OCR(0), distance from 1", axis, 1e-3);
  findings.at_most("ocr-noise", "OCR, zigzag over the radius", noise, ocr_noise);
  findings.at_most("ocr-not-falling", "OCR, largest rise to the next radius", rise, ocr_rise);
  findings.add("ocr-depths-end-early",
               fmt::format("OCR, depths (first: collimator {} mm, last: {} mm)", shallow_at, deep_at),
               fmt::format("{:g} to {:g} mm", shallow, deep),
               fmt::format("{:g} to {:.0f} mm or more; clamped outside", t.reference_depth_mm, deepest_mm),
               shallow <= t.reference_depth_mm && deep >= deepest_mm);
  for (std::size_t i = 0; i < t.collimators_mm.size(); ++i) {
    const double c = t.collimators_mm[i], depth = t.reference_depth_mm;
    const std::string place = fmt::format("collimator {:g} mm, depth {:g} mm", c, depth);
    const double penumbra = radius_at_level(data, c, depth, 0.2) - radius_at_level(data, c, depth, 0.8);
    findings.add("penumbra", "penumbra 80-20 % (" + place + ")", fmt::format("{:.2f} mm", penumbra),
                 fmt::format("{} to {} mm", penumbra_low_mm, penumbra_high_mm),
                 penumbra >= penumbra_low_mm && penumbra <= penumbra_high_mm);
    const double width = 2 * radius_at_level(data, c, depth, 0.5), tolerance = width_mm + width_share * c;
    findings.add("width", "full width at half maximum (" + place + ")", fmt::format("{:.2f} mm", width),
                 fmt::format("{:g} mm within {:.2f} mm", c, tolerance), std::abs(width - c) <= tolerance);
    const double reach = data.largest_radius_mm(c), tail = data.off_axis_ratio(c, reach, depth);
    findings.add("ocr-radii-end-early", "last radius and its OCR (" + place + ")",
                 fmt::format("{:g} mm, {:.4f}", reach, tail),
                 fmt::format("{:g} mm or more, {} or less; dose is 0 beyond", c / 2 + tail_mm, tail_dose),
                 reach >= c / 2 + tail_mm && tail <= tail_dose);
  }
}

}  // namespace

double zigzag(const std::vector<double>& axis, const std::vector<double>& values) {
  double largest = 0, before = 0, last = 0;
  for (std::size_t i = 1; i + 1 < axis.size(); ++i) {
    const double f = (axis[i] - axis[i - 1]) / (axis[i + 1] - axis[i - 1]);
    const double now = values[i] - (values[i - 1] + f * (values[i + 1] - values[i - 1]));
    if (before * last < 0 && last * now < 0)
      largest = std::max(largest, std::min({std::abs(before), std::abs(last), std::abs(now)}));
    before = last;
    last = now;
  }
  return largest;
}

double radius_at_level(const BeamData& data, double collimator_mm, double depth_mm, double level) {
  const BeamData::Tables& t = data.tables();
  const std::vector<double>& radii = t.ocr.at(t.find(collimator_mm)).columns;
  double inner = data.off_axis_ratio(collimator_mm, radii.front(), depth_mm);
  for (std::size_t i = 1; i < radii.size(); ++i) {
    const double outer = data.off_axis_ratio(collimator_mm, radii[i], depth_mm);
    if (inner >= level && outer < level)
      return radii[i - 1] + (inner - level) / (inner - outer) * (radii[i] - radii[i - 1]);
    inner = outer;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<BeamDataFinding> check_beam_data(const BeamData& data) {
  Findings findings;
  check_output_factors(data.tables(), findings);
  check_tpr(data.tables(), findings);
  check_ocr(data, findings);
  return findings.take();
}

Warnings warnings_of(const std::vector<BeamDataFinding>& findings) {
  Warnings all;
  for (const BeamDataFinding& f : findings)
    if (!f.passed) all.push_back({f.code, fmt::format("{}: {}; wanted {}", f.what, f.found, f.wanted)});
  return all;
}

}  // namespace sbrt
