/// Metrics of one structure with their numerical intervals.
#pragma once

#include "engine/evaluation/dvh.h"
#include "engine/evaluation/structure_dose.h"
#include "geometry/interval.h"

#include <optional>

namespace sbrt {

/// A value with what may be numerically wrong about it.
struct MetricResult {
  Measured measured;
  double sampling = 0;  //!< half width that a finer step would make smaller; the rest comes from the ends
};

/// The interval of a value adds two effects:
/// - sampling: half the change that pieces twice as long make (root mean square of their draws), but no less than the
///   noise of an isodose surface that cuts through whole pieces (Dvh::volume_noise_mm3);
/// - ends: what the value does when the volume beyond the outermost contour planes is larger or smaller by the volume
///   interval of the shape.
/// It does not hold the uncertainty of the dose, nor that of the contours themselves. Minimum and maximum come from a
/// search, not from pieces: their interval is the value itself.
class MeasuredMetrics {
 public:
  /// @param fine curve that gives the values; the reference is kept
  MeasuredMetrics(const Dvh& fine, CoarseCurves curves, const std::optional<DoseReference>& reference);
  /// Nothing where Dvh::value() has none.
  std::optional<MetricResult> operator()(const Metric& metric) const;
  const CoarseCurves& curves() const { return curves_; }

 private:
  double noise(const Metric& metric, double value) const;

  const Dvh& fine_;
  const std::optional<DoseReference>& reference_;
  CoarseCurves curves_;
};

/// @param draws of coarse pieces
CoarseCurves coarse_curves(const Shape& shape, const std::vector<SampledStructure>& draws);
/// Of several shapes that make one structure. @param parts one draw of each
CoarseCurves coarse_curves(const std::vector<const Shape*>& shapes, const std::vector<SampledStructure>& parts);

/// A value with its interval; none for minimum and maximum, which come from a search.
struct JudgedMetric {
  double value = 0;
  std::optional<Interval> interval;
};
/// A metric of a structure that was evaluated. Nothing when it has no value there.
std::optional<JudgedMetric> measure(const StructureResult& structure, const Metric& metric);

}  // namespace sbrt
