/// The metrics that need a tissue: BED, EQD2, NTCP, TCP. Doses are converted piece by piece, never a mean.
#pragma once

#include "engine/evaluation/dvh.h"

#include <optional>
#include <string>

namespace sbrt {

/// Total dose -> BED or EQD2 of one point, by the tissue of the reference or by `ab=` of the metric. Doses below 0 (the
/// interpolation may make them) count as 0; a BED may be negative where repopulation takes more than was killed.
class BiologicalDose {
 public:
  /// @pre the metric's scale is BED or EQD2, reference.fractions >= 1
  BiologicalDose(const Metric& metric, const DoseReference& reference);
  double operator()(double dose_gy) const;

 private:
  Tissue tissue_;
  int fractions_;
  bool eqd2_;
};

/// NTCP by (14), (15) or TCP by (16), (17), in %; nothing when a part of the structure has no dose.
/// @pre why_no_biology() is empty
std::optional<double> response_pct(const Dvh& dvh, const Metric& metric, const DoseReference& reference);

/// In words, why a metric cannot be evaluated with this reference; empty when it can, or when it needs no tissue.
std::string why_no_biology(const Metric& metric, const std::optional<DoseReference>& reference);

}  // namespace sbrt
