/// Doses whose coverage and conformity of a lobed ellipsoid are known exactly. Private to this room.
#pragma once

#include "phantoms/series.h"

namespace sbrt::phantoms {

/// The prescription isodose runs where gauge^3 = A + B mu. As the form is symmetric in mu, PIV = A V whatever B is;
/// TIV = V mean of min(A + B mu, 1). A follows from A = coverage x CI, B from the coverage.
/// @param ci wanted; lowered where such an isodose would have to pass the centre (|B| < 0.9 A)
ArchivedPlan fit_archived_plan(const LobedEllipsoid& ptv, double coverage_pct, double ci);

/// TIV/V of that isodose.
double covered_share(const LobedEllipsoid& ptv, double level, double slope);

/// With f the share of the way from the centre to the prescription isodose: rx + (max - rx)(1 - f^4); beyond it at a
/// distance d along the ray: rx (0.85 exp(-d/fall-off) + 0.15 exp(-d/(4 fall-off))).
double archived_dose_gy(const ArchivedPlan& plan, const LobedEllipsoid& ptv, double rx_gy, PatientPoint p);

}  // namespace sbrt::phantoms
