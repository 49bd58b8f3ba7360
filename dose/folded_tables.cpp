#include "dose/folded_tables.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sbrt {
namespace {

constexpr double distance_step_mm = 25;  // OF and TPR change by less than 1 % in it and almost linearly

int nodes_to_cover(double last, double step) { return std::max(2, int(std::ceil(last / step - 1e-9)) + 1); }

/// Widest of the given steps whose even resampling reproduces every linear piece between the nodes of `axis`.
double widest_step(const std::vector<double>& axis, std::initializer_list<double> steps,
                   const std::function<double(double, double)>& error) {
  for (const double step : steps) {
    double worst = 0;
    for (const double node : axis) worst = std::max(worst, error(node, step));
    if (worst <= FoldedTables::tolerance) return step;
  }
  return *(steps.end() - 1);
}

/// Nodes (row-major, rows x columns) as cells of 16-bit values. @return Gy, or 1, per unit
double pack(const std::vector<double>& nodes, int rows, int columns, std::vector<FoldedTables::Cell>& cells) {
  constexpr double levels = 65535;
  const double unit = *std::max_element(nodes.begin(), nodes.end()) / levels;
  const auto level = [&](int row, int column) {
    return FoldedTables::Cell(std::lround(nodes[std::size_t(row) * columns + column] / unit));
  };
  for (int row = 0; row + 1 < rows; ++row)
    for (int column = 0; column + 1 < columns; ++column)
      cells.push_back(level(row, column) | level(row, column + 1) << 16 | level(row + 1, column) << 32 |
                      level(row + 1, column + 1) << 48);
  return unit;
}

}  // namespace

FoldedTables::FoldedTables(const BeamData::Tables& t, std::size_t collimator, double z_low_mm, double z_high_mm) {
  const Table2d& ocr = t.ocr[collimator];
  const Table1d& output = t.output_factor[collimator];
  const double diameter = t.collimators_mm[collimator];
  reach_mm_ = ocr.columns.back();
  reference_distance_mm_ = t.reference_distance_mm;

  // Resampling errs at most at the nodes of the original axis, where its slope changes.
  depth_step_ = widest_step(t.tpr.columns, {1, 0.5, 0.25, 0.125}, [&](double node, double step) {
    double worst = 0;
    const double low = std::floor(node / step) * step, f = (node - low) / step;
    for (std::size_t row = 0; row < t.tpr.rows.size(); ++row) {
      const auto at = [&](double d) { return t.tpr.at({row, row, 0, false}, locate(t.tpr.columns, d)); };
      worst = std::max(worst, std::abs(at(low) + f * (at(low + step) - at(low)) - at(node)));
    }
    return worst;
  });
  ocr_depth_step_ = widest_step(ocr.rows, {10, 5, 2.5, 1}, [&](double node, double step) {
    double worst = 0;
    const double low = std::floor(node / step) * step, f = (node - low) / step;
    for (std::size_t column = 0; column < ocr.columns.size(); ++column) {
      const auto at = [&](double d) { return ocr.at(locate(ocr.rows, d), {column, column, 0, false}); };
      worst = std::max(worst, std::abs(at(low) + f * (at(low + step) - at(low)) - at(node)));
    }
    return worst;
  });
  radius_step_ = widest_step(ocr.columns, {0.25, 0.2, 0.1, 0.05}, [&](double node, double step) {
    double worst = 0;
    const double low = std::floor(node / step) * step, f = (node - low) / step;
    for (std::size_t row = 0; row < ocr.rows.size(); ++row) {
      const auto at = [&](double r) { return ocr.at({row, row, 0, false}, locate(ocr.columns, r)); };
      worst = std::max(worst, std::abs(at(low) + f * (at(low + step) - at(low)) - at(node)));
    }
    return worst;
  });

  std::vector<double> axis_dose, off_axis;
  const int depths = nodes_to_cover(t.tpr.columns.back(), depth_step_);
  z_first_ = std::floor(z_low_mm / distance_step_mm) * distance_step_mm;
  z_step_ = distance_step_mm;
  const int distances = nodes_to_cover(z_high_mm - z_first_, z_step_);
  for (int iz = 0; iz < distances; ++iz) {
    const double z = z_first_ + iz * z_step_;
    const AxisPosition field = locate(t.tpr.rows, diameter * z / t.reference_distance_mm);
    const double factor =
        t.gy_per_mu * output.at(locate(output.axis, z)) * t.reference_distance_mm * t.reference_distance_mm;
    for (int id = 0; id < depths; ++id)
      axis_dose.push_back(factor * t.tpr.at(field, locate(t.tpr.columns, id * depth_step_)));
  }
  const int ocr_depths = nodes_to_cover(ocr.rows.back(), ocr_depth_step_);
  const int radii = nodes_to_cover(ocr.columns.back(), radius_step_);
  for (int id = 0; id < ocr_depths; ++id) {
    const AxisPosition depth = locate(ocr.rows, id * ocr_depth_step_);
    for (int ir = 0; ir < radii; ++ir) off_axis.push_back(ocr.at(depth, locate(ocr.columns, ir * radius_step_)));
  }
  unit_ = pack(axis_dose, distances, depths, axis_dose_) * pack(off_axis, ocr_depths, radii, ocr_);
  distances_ = distances - 1, depths_ = depths - 1, ocr_depths_ = ocr_depths - 1, radii_ = radii - 1;

  depth_low_mm = std::max(t.tpr.columns.front(), ocr.rows.front());
  depth_high_mm = std::min(t.tpr.columns.back(), ocr.rows.back());
  z_low_of_field_mm = t.tpr.rows.front() * t.reference_distance_mm / diameter;
  z_high_of_field_mm = t.tpr.rows.back() * t.reference_distance_mm / diameter;
  const bool one_distance = output.axis.size() == 1;
  z_low_of_distance_mm = one_distance ? 0 : output.axis.front();
  z_high_of_distance_mm = one_distance ? HUGE_VAL : output.axis.back();
}

FoldedTables::View FoldedTables::view() const {
  return {axis_dose_.data(),
          ocr_.data(),
          depths_,
          distances_,
          ocr_depths_,
          radii_,
          float(1 / depth_step_),
          float(1 / z_step_),
          float(-z_first_ / z_step_),
          float(1 / ocr_depth_step_),
          float(1 / radius_step_),
          float(unit_),
          float(reach_mm_),
          float(reference_distance_mm_)};
}

}  // namespace sbrt
