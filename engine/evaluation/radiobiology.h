/// Biologically effective doses of one schedule. Equation numbers are those of docs/physics.md.
#pragma once

namespace sbrt {

/// BED = n d (1 + d/(alpha/beta)) (8), linear-quadratic model.
/// Neglected: repopulation, repair during a fraction. All doses in Gy; @pre fractions >= 1, alpha_beta_gy > 0, dose_gy
/// >= 0
double bed_gy(double dose_gy, int fractions, double alpha_beta_gy);

/// EQD2 = BED/(1 + 2/(alpha/beta)) (9): the dose in 2 Gy fractions with the same effect.
double eqd2_gy(double dose_gy, int fractions, double alpha_beta_gy);

/// BED of the linear-quadratic-linear model (10): above `transition_gy` per fraction the curve goes on along its
/// tangent.
double bed_lql_gy(double dose_gy, int fractions, double alpha_beta_gy, double transition_gy);

}  // namespace sbrt
