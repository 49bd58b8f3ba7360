#include "engine/evaluation/embedded_dvh.h"

#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double hottest_pct = 0.01;  // of the volume: stands for the maximum where the file states none

/// Cumulative share of the covered volume [%] over dose, linear between its edges.
class Curve {
 public:
  Curve(const dicom::EmbeddedDvh& dvh, double factor) : dose_(dvh.dose_gy), volume_(dvh.volume) {
    for (double& d : dose_) d *= factor;
    for (double& v : volume_) v *= 100 / dvh.volume.front();
  }

  double volume_pct(double dose_gy) const {
    if (dose_gy <= dose_.front()) return volume_.front();
    if (dose_gy >= dose_.back()) return 0;
    const std::size_t n = std::size_t(std::upper_bound(dose_.begin(), dose_.end(), dose_gy) - dose_.begin());
    const double width = dose_[n] - dose_[n - 1];
    return width > 0 ? volume_[n - 1] + (volume_[n] - volume_[n - 1]) * (dose_gy - dose_[n - 1]) / width : volume_[n];
  }

  double dose_gy(double volume_pct) const {
    const auto below = std::partition_point(volume_.begin(), volume_.end(), [&](double v) { return v >= volume_pct; });
    if (below == volume_.begin()) return dose_.front();
    if (below == volume_.end()) return dose_.back();
    const std::size_t n = std::size_t(below - volume_.begin());
    return dose_[n - 1] + (dose_[n] - dose_[n - 1]) * (volume_[n - 1] - volume_pct) / (volume_[n - 1] - volume_[n]);
  }

  double mean_gy() const {
    double sum = 0;
    for (std::size_t n = 1; n < dose_.size(); ++n) sum += (volume_[n - 1] - volume_[n]) * (dose_[n - 1] + dose_[n]) / 2;
    return sum / 100;
  }

  const std::vector<double>& dose() const { return dose_; }

 private:
  std::vector<double> dose_, volume_;
};

DvhFigures figures_of(const dicom::EmbeddedDvh& dvh, const Curve& curve, double factor) {
  const auto scaled = [&](const std::optional<double>& gy) { return gy ? std::optional(*gy * factor) : std::nullopt; };
  DvhFigures f;
  if (!dvh.in_percent) f.volume_cc = dvh.volume.front();
  f.min_gy = scaled(dvh.min_gy);
  f.mean_gy = dvh.mean_gy ? scaled(dvh.mean_gy) : curve.mean_gy();
  f.max_gy = scaled(dvh.max_gy);
  f.d95_gy = curve.dose_gy(95);
  f.d50_gy = curve.dose_gy(50);
  f.d2_gy = curve.dose_gy(2);
  return f;
}

DvhFigures figures_of(const StructureResult& s) {
  const double covered = s.dvh.covered_mm3();
  const auto dose_at = [&](double pct) { return s.dvh.dose_at_volume_gy(pct / 100 * covered).value_or(s.min_gy); };
  DvhFigures f;
  f.volume_cc = covered / units::cc;
  f.min_gy = s.min_gy;
  f.mean_gy = s.mean_gy;
  f.max_gy = s.max_gy;
  f.d95_gy = dose_at(95);
  f.d50_gy = dose_at(50);
  f.d2_gy = dose_at(2);
  return f;
}

double ours_pct(const StructureResult& s, double dose_gy) {
  return 100 * s.dvh.volume_at_dose_mm3(dose_gy) / s.dvh.covered_mm3();
}

/// Differences in words where they exceed their bounds.
std::vector<std::string> beyond_bounds(const EmbeddedComparison& row, const Curve& curve, const StructureResult& s) {
  std::vector<std::string> found;
  const double whole = row.embedded.max_gy.value_or(curve.dose_gy(hottest_pct));
  const auto dose = [&](const char* name, double theirs, double ours) {
    if (std::abs(ours - theirs) > embedded_dose_bound_pct / 100 * whole)
      found.push_back(fmt::format("{} {:.4g} instead of {:.4g} Gy", name, ours, theirs));
  };
  if (row.embedded.volume_cc && std::abs(*row.ours.volume_cc - *row.embedded.volume_cc) >
                                    embedded_volume_bound_pct / 100 * *row.embedded.volume_cc)
    found.push_back(fmt::format("volume {:.4g} instead of {:.4g} cc", *row.ours.volume_cc, *row.embedded.volume_cc));
  dose("mean", *row.embedded.mean_gy, *row.ours.mean_gy);
  dose("D95%", row.embedded.d95_gy, row.ours.d95_gy);
  dose("D50%", row.embedded.d50_gy, row.ours.d50_gy);
  dose("D2%", row.embedded.d2_gy, row.ours.d2_gy);
  const double shift = embedded_curve_dose_shift_pct / 100 * whole;
  for (const double d : curve.dose()) {
    const double ours = ours_pct(s, d);
    if (ours > curve.volume_pct(d - shift) + embedded_curve_bound_pct ||
        ours < curve.volume_pct(d + shift) - embedded_curve_bound_pct) {
      found.push_back(
          fmt::format("{:.3g} instead of {:.3g} % of the volume at {:.4g} Gy", ours, curve.volume_pct(d), d));
      break;
    }
  }
  return found;
}

std::string reason_of(const EmbeddedComparison& row, const StructureResult& s) {
  if (s.outside_grid_cc > 0)
    return fmt::format(
        "{:.3g} of {:.4g} cc lie outside the dose grid; systems end the covered part differently "
        "(at the outermost points or half a voxel beyond)",
        s.outside_grid_cc, s.volume_cc);
  if (row.embedded.volume_cc &&
      std::abs(*row.embedded.volume_cc - s.volume_cc) > s.volume_interval_cc.high - s.volume_interval_cc.low &&
      s.volume_cc < 5)
    return "a small structure: the volume depends on how the other system rasterises it";
  return {};
}

EmbeddedComparison compare(const dicom::EmbeddedDvh& dvh, double factor, const StructureResult& s, int roi_number,
                           Warnings& warnings) {
  const Curve curve(dvh, factor);
  EmbeddedComparison row;
  row.structure = s.name;
  row.roi_number = roi_number;
  row.embedded = figures_of(dvh, curve, factor);
  row.ours = figures_of(s);
  for (const double d : curve.dose()) {
    const double difference = ours_pct(s, d) - curve.volume_pct(d);
    if (std::abs(difference) > std::abs(row.largest_volume_difference_pct)) {
      row.largest_volume_difference_pct = difference;
      row.at_dose_gy = d;
    }
  }
  const std::vector<std::string> found = beyond_bounds(row, curve, s);
  row.within_bounds = found.empty();
  if (row.within_bounds) return row;
  row.reason = reason_of(row, s);
  std::string text = fmt::format("{}: the DVH in the RTDOSE differs from ours:", s.name);
  for (const std::string& one : found) text += (&one == &found.front() ? " " : ", ") + one;
  warnings.push_back({"embedded-dvh-differs", text + (row.reason.empty() ? "" : "; " + row.reason)});
  return row;
}

}  // namespace

EmbeddedComparisons compare_embedded(const std::vector<dicom::EmbeddedDvh>& dvhs, double factor, bool same_structures,
                                     const StructureSet& structures, const Evaluation& evaluation) {
  EmbeddedComparisons all;
  for (const dicom::EmbeddedDvh& dvh : dvhs) {
    EmbeddedComparison row;
    row.roi_number = dvh.rois.front().number;
    const auto refuse = [&](const std::string& why) {
      row.not_compared = why;
      all.rows.push_back(row);
    };
    if (!same_structures) {
      refuse("the DVHs of the file belong to another RTSTRUCT");
      continue;
    }
    const auto roi = std::find_if(structures.structures().begin(), structures.structures().end(),
                                  [&](const Structure& s) { return s.number == row.roi_number; });
    if (roi != structures.structures().end()) row.structure = roi->name;
    if (dvh.rois.size() > 1 || !dvh.rois.front().included) {
      refuse("it is the DVH of a combination of ROIs");
      continue;
    }
    if (roi == structures.structures().end()) {
      refuse("the RTSTRUCT has no ROI of this number");
      continue;
    }
    const auto ours = std::find_if(evaluation.structures.begin(), evaluation.structures.end(),
                                   [&](const StructureResult& s) { return s.name == roi->name; });
    if (ours == evaluation.structures.end() || !ours->has_dose) {
      refuse("we have no DVH of the structure");
      continue;
    }
    all.rows.push_back(compare(dvh, factor, *ours, row.roi_number, all.warnings));
  }
  return all;
}

}  // namespace sbrt
