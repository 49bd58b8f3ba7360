/// The DVHs that an RTDOSE brings along, beside ours on the same dose.
#pragma once

#include "dicom/import.h"
#include "engine/evaluation/evaluate.h"
#include "geometry/structure_set.h"
#include "geometry/warning.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// What both curves are asked. Doses [Gy] and volumes of the part of the structure that the dose grid covers: another
/// system's DVH knows no other.
struct DvhFigures {
  std::optional<double> volume_cc;  //!< nothing where the file's volumes are in % of an unstated whole
  std::optional<double> min_gy, mean_gy, max_gy;
  double d95_gy = 0, d50_gy = 0, d2_gy = 0;  //!< least dose in the hottest 95, 50, 2 % of the covered volume
};

struct EmbeddedComparison {
  std::string structure;  //!< empty when the ROI is not among ours
  int roi_number = 0;
  DvhFigures embedded, ours;
  double largest_volume_difference_pct = 0;  //!< ours minus the file's, each in % of its own volume, at equal dose
  double at_dose_gy = 0;                     //!< where that is
  bool within_bounds = false;
  std::string reason;        //!< of a difference beyond the bounds, where it is known
  std::string not_compared;  //!< why there are no figures; then only the names have a meaning
};

/// Bounds of a difference that is worth no warning. Independent systems agree in volume and mean dose to 0.1...2 %
/// (Nelms et al. 2015, 10.1118/1.4923175, and the cases of docs/validation.md).
inline constexpr double embedded_volume_bound_pct = 2;      ///< of the file's volume
inline constexpr double embedded_dose_bound_pct = 2;        ///< D95, D50, D2 and mean, of the file's maximum
inline constexpr double embedded_curve_bound_pct = 5;       ///< of the volume, at equal dose ...
inline constexpr double embedded_curve_dose_shift_pct = 1;  ///< ... or at a dose this % of the maximum away

struct EmbeddedComparisons {
  std::vector<EmbeddedComparison> rows;
  Warnings warnings;  //!< embedded-dvh-differs
};

/// @param factor what the file's dose was multiplied by; the embedded doses are too
/// @param same_structures false when the file's DVHs belong to another RTSTRUCT: then ROI numbers mean nothing here and
///        nothing is compared
EmbeddedComparisons compare_embedded(const std::vector<dicom::EmbeddedDvh>& dvhs, double factor, bool same_structures,
                                     const StructureSet& structures, const Evaluation& evaluation);

}  // namespace sbrt
