/// Largest and smallest dose between the points where it was taken.
#pragma once

#include "geometry/interpolate.h"

#include <functional>
#include <optional>
#include <span>

namespace sbrt {

struct DoseAtPoint {
  double dose_gy = 0;
  PatientPoint point;
};

using Allowed = std::function<bool(PatientPoint)>;

/// Climbs from `start` along the axes and diagonals of the grid with a step that halves from half a voxel to 1/64,
/// staying where `allowed` holds. At the border of what is allowed it slides along it: steps that would leave are drawn
/// back against the slope. @return at least the dose at the start
DoseAtPoint climb(const DoseInterpolator& dose, PatientPoint start, const Allowed& allowed);

enum class Extreme { hottest, coldest };

/// The best climb (descent) from up to eight points that lie at least `apart_mm` from each other, taken from the 4 096
/// hottest (coldest): a local search, which may miss a summit that none of these points hints at.
/// @param points and their doses, NaN where there is none  @return nothing when no point has a dose
std::optional<DoseAtPoint> extreme_near(Extreme which, const DoseInterpolator& dose,
                                        std::span<const PatientPoint> points, std::span<const double> dose_gy,
                                        double apart_mm, const Allowed& allowed);

}  // namespace sbrt
