#include "dose/folded_tables.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double distance_step_mm = 25;  // OF and TPR change by less than 1 % in it and almost linearly

/// Even steps from 0 on, finer ones between two of them; the last may end behind what it is to cover.
struct Steps {
  double coarse, fine, fine_from, fine_until, last;

  int nodes() const {
    return int(std::lround(fine_from / coarse + (fine_until - fine_from) / fine + (last - fine_until) / coarse)) + 1;
  }
  double at(int node) const {
    const double before = fine_from / coarse, within = (fine_until - fine_from) / fine;
    if (node <= before) return node * coarse;
    if (node <= before + within) return fine_from + (node - before) * fine;
    return fine_until + (node - before - within) * coarse;
  }
  FoldedTables::Axis axis() const {
    return {float(1 / coarse),  float(fine_from), float(fine_until - fine_from), float(1 / fine - 1 / coarse),
            float(nodes() - 1), nodes()};
  }
};

/// Which axis of a table is resampled.
enum class Along { rows, columns };

/// Largest error at every node of the axis when it is resampled in steps of `step`: resampling errs most at the nodes
/// of the original, where its slope changes.
std::vector<double> errors_of(const Table2d& t, Along along, double step) {
  const std::vector<double>& axis = along == Along::rows ? t.rows : t.columns;
  const std::size_t others = along == Along::rows ? t.columns.size() : t.rows.size();
  std::vector<double> errors;
  for (const double node : axis) {
    const double low = std::floor(node / step) * step, f = (node - low) / step;
    const AxisPosition here = locate(axis, node), below = locate(axis, low), above = locate(axis, low + step);
    double worst = 0;
    for (std::size_t other = 0; other < others; ++other) {
      const AxisPosition fixed{other, other, 0, false};
      const auto at = [&](const AxisPosition& p) { return along == Along::rows ? t.at(p, fixed) : t.at(fixed, p); };
      worst = std::max(worst, std::abs(at(below) + f * (at(above) - at(below)) - at(here)));
    }
    errors.push_back(worst);
  }
  return errors;
}

/// The fewest nodes within the tolerance, or within what the finest step gives where that is more.
/// @param steps to choose from, the widest first
/// @param from_zero the fine steps begin at 0
Steps fewest_nodes(const Table2d& t, Along along, const std::vector<double>& steps, bool from_zero) {
  const std::vector<double>& axis = along == Along::rows ? t.rows : t.columns;
  std::vector<std::vector<double>> errors;
  for (const double step : steps) errors.push_back(errors_of(t, along, step));
  const auto last_of = [&](double coarse) { return coarse * std::max(1.0, std::ceil(axis.back() / coarse - 1e-9)); };
  const double finest = steps.back();
  Steps best{finest, finest, 0, 0, last_of(finest)};
  for (std::size_t c = 0; c < steps.size(); ++c)
    for (std::size_t f = c; f < steps.size(); ++f) {
      if (std::abs(std::remainder(steps[c], steps[f])) > 1e-9) continue;
      Steps tried{steps[c], steps[f], HUGE_VAL, 0, last_of(steps[c])};
      bool within = true;
      for (std::size_t n = 0; n < axis.size(); ++n) {
        if (errors[c][n] <= FoldedTables::tolerance) continue;
        const double low = std::floor(axis[n] / tried.coarse) * tried.coarse;
        tried.fine_from = std::min(tried.fine_from, low);
        tried.fine_until = std::max(tried.fine_until, low + tried.coarse);
      }
      if (from_zero || tried.fine_from > tried.fine_until) tried.fine_from = 0;
      for (std::size_t n = 0; n < axis.size(); ++n)
        if (axis[n] > tried.fine_from && axis[n] < tried.fine_until)
          within &= errors[f][n] <= std::max(FoldedTables::tolerance, errors.back()[n]);
      if (within && tried.nodes() < best.nodes()) best = tried;
    }
  return best;
}

/// Nodes (row-major, rows x columns) as cells of 16-bit values; the last row and column stand behind themselves once
/// more. @return Gy, or 1, per unit
double pack(const std::vector<double>& nodes, int rows, int columns, std::vector<FoldedTables::Cell>& cells) {
  constexpr double levels = 65535;
  const double unit = *std::max_element(nodes.begin(), nodes.end()) / levels;
  std::vector<FoldedTables::Cell> level;
  for (const double node : nodes) level.push_back(FoldedTables::Cell(node / unit + 0.5));
  for (int row = 0; row < rows; ++row) {
    const auto* here = &level[std::size_t(row) * columns];
    const auto* next = &level[std::size_t(std::min(row + 1, rows - 1)) * columns];
    for (int column = 0; column < columns; ++column) {
      const int beside = std::min(column + 1, columns - 1);
      cells.push_back(here[column] | here[beside] << 16 | next[column] << 32 | next[beside] << 48);
    }
  }
  return unit;
}

}  // namespace

FoldedTables::FoldedTables(const BeamData::Tables& t, std::size_t collimator, double z_low_mm, double z_high_mm) {
  const Table2d& ocr = t.ocr[collimator];
  const Table1d& output = t.output_factor[collimator];
  const double diameter = t.collimators_mm[collimator];

  const Steps depths = fewest_nodes(t.tpr, Along::columns, {10, 5, 2.5, 1, 0.5, 0.25, 0.125}, true);
  const Steps ocr_depths = fewest_nodes(ocr, Along::rows, {50, 25, 10, 5, 2.5, 1, 0.5}, true);
  const Steps radii = fewest_nodes(ocr, Along::columns, {5, 2, 1, 0.5, 0.25, 0.2, 0.1, 0.05}, false);

  const double z_first = std::floor(z_low_mm / distance_step_mm) * distance_step_mm;
  const int distances = std::max(2, int(std::ceil((z_high_mm - z_first) / distance_step_mm - 1e-9)) + 1);
  std::vector<double> axis_dose, off_axis;
  for (int iz = 0; iz < distances; ++iz) {
    const double z = z_first + iz * distance_step_mm;
    const AxisPosition field = locate(t.tpr.rows, diameter * z / t.reference_distance_mm);
    const double factor =
        t.gy_per_mu * output.at(locate(output.axis, z)) * t.reference_distance_mm * t.reference_distance_mm;
    for (int id = 0; id < depths.nodes(); ++id)
      axis_dose.push_back(factor * t.tpr.at(field, locate(t.tpr.columns, depths.at(id))));
  }
  for (int id = 0; id < ocr_depths.nodes(); ++id) {
    const AxisPosition depth = locate(ocr.rows, ocr_depths.at(id));
    for (int ir = 0; ir < radii.nodes(); ++ir) off_axis.push_back(ocr.at(depth, locate(ocr.columns, radii.at(ir))));
  }
  const double unit =
      pack(axis_dose, distances, depths.nodes(), axis_dose_) * pack(off_axis, ocr_depths.nodes(), radii.nodes(), ocr_);
  view_.depth = depths.axis(), view_.ocr_depth = ocr_depths.axis(), view_.radius = radii.axis();
  view_.z_scale = float(1 / distance_step_mm), view_.z_shift = float(-z_first / distance_step_mm);
  view_.z_last = float(distances - 1);
  view_.unit = float(unit);
  view_.reach_mm = float(ocr.columns.back());
  view_.reference_distance_mm = float(t.reference_distance_mm);

  depth_low_mm = std::max(t.tpr.columns.front(), ocr.rows.front());
  depth_high_mm = std::min(t.tpr.columns.back(), ocr.rows.back());
  z_low_of_field_mm = t.tpr.rows.front() * t.reference_distance_mm / diameter;
  z_high_of_field_mm = t.tpr.rows.back() * t.reference_distance_mm / diameter;
  const bool one_distance = output.axis.size() == 1;
  z_low_of_distance_mm = one_distance ? 0 : output.axis.front();
  z_high_of_distance_mm = one_distance ? HUGE_VAL : output.axis.back();
}

FoldedTables::View FoldedTables::view() const {
  View view = view_;
  view.axis_dose = axis_dose_.data(), view.ocr = ocr_.data();
  return view;
}

}  // namespace sbrt
