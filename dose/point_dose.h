/// Dose of one beam at one point, docs/physics.md eqs. (1)-(6).
///
/// Neglected: lateral electron transport and the change of scatter in tissue other than water; the head's own scatter
/// beyond what the output factor holds. TPR and OCR are always water's at the point's water-equivalent depth.
#pragma once

#include "dose/beam.h"
#include "dose/beam_tables.h"

#include <cmath>

namespace sbrt {

/// A beam seen from its source.
struct BeamAxis {
  PatientPoint source;
  Direction<Patient> direction;
  explicit BeamAxis(const Beam& beam) : source(beam.source), direction(beam.aim - beam.source) {}
};

struct PointInBeam {
  double z_mm = 0;     //!< distance of the point's plane from the source along the axis
  double r800_mm = 0;  //!< distance from the axis, projected to the reference distance (800 mm)
};

inline PointInBeam locate(const BeamAxis& axis, PatientPoint point, double reference_distance_mm) {
  const PatientVec d = point - axis.source;
  const double z = dot(d, axis.direction.vec());            // (1)
  const double r = norm(d - z * axis.direction.vec());      // (2)
  return {z, z > 0 ? r * reference_distance_mm / z : 0.0};  // (3)
}

/// The factors of eq. (6) and which of them left their table.
struct DoseFactors {
  double output_factor = 0, tpr = 0, ocr = 0, inverse_square = 0;
  double gy_per_mu = 0;  //!< their product with the calibration
  bool depth_clamped = false, field_clamped = false, distance_clamped = false;
};

/// @param collimator place of the collimator in the tables; the point lies in front of the source (z > 0)
inline DoseFactors dose_factors(const BeamData::Tables& tables, std::size_t collimator, PointInBeam p,
                                double depth_mm) {
  DoseFactors f;
  const Table2d& ocr = tables.ocr[collimator];
  if (p.r800_mm > ocr.columns.back()) return f;
  const double field_mm = tables.collimators_mm[collimator] * p.z_mm / tables.reference_distance_mm;  // (4)
  const AxisPosition distance = locate(tables.output_factor[collimator].axis, p.z_mm);
  const AxisPosition field = locate(tables.tpr.rows, field_mm);
  const AxisPosition tpr_depth = locate(tables.tpr.columns, depth_mm);
  const AxisPosition ocr_depth = locate(ocr.rows, depth_mm);
  f.output_factor = tables.output_factor[collimator].at(distance);
  f.tpr = tables.tpr.at(field, tpr_depth);
  f.ocr = ocr.at(ocr_depth, locate(ocr.columns, p.r800_mm));
  const double ratio = tables.reference_distance_mm / p.z_mm;
  f.inverse_square = ratio * ratio;
  f.gy_per_mu = tables.gy_per_mu * f.output_factor * f.tpr * f.ocr * f.inverse_square;  // (6)
  f.depth_clamped = tpr_depth.clamped || ocr_depth.clamped;
  f.field_clamped = field.clamped;
  f.distance_clamped = distance.clamped && tables.output_factor[collimator].axis.size() > 1;
  return f;
}

}  // namespace sbrt
