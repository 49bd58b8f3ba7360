/// Biologically effective doses of one schedule. Equation numbers are those of docs/physics.md.
#pragma once

#include <span>
#include <string>

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

/// Universal survival curve (Park 2008, 10.1016/j.ijrobp.2007.10.059): linear-quadratic up to the transition dose, the
/// multi-target line beyond. Value and slope are continuous there, which fixes alpha/beta and the transition.
struct UniversalSurvival {
  double alpha_per_gy = 0;
  double d0_gy = 0;              //!< final slope of the multi-target curve; alpha d0 < 1
  double dq_gy = 0;              //!< quasi-threshold dose
  std::string source;            //!< where the parameters come from; told with every result
  double transition_gy() const;  ///< DT = 2 Dq / (1 - alpha D0)
  double alpha_beta_gy() const;  ///< 2 DT alpha D0 / (1 - alpha D0)
};
/// (11): (n d - n Dq)/(alpha D0) above the transition dose per fraction, else (8).
double bed_usc_gy(double dose_gy, int fractions, const UniversalSurvival& parameters);

/// Accelerated repopulation.
struct Repopulation {
  double alpha_per_gy = 0;
  double kick_off_days = 0;  //!< Tk: it begins that long after the first fraction
  double doubling_days = 0;  //!< Tp
  std::string source;
};
/// What the treatment's length takes from BED (12): ln 2 max(0, T - Tk)/(alpha Tp), to be subtracted [Gy].
double repopulation_loss_gy(double treatment_days, const Repopulation& parameters);

/// What a beam of constant dose rate contributes to (13). @param x repair constant times its duration, >= 0
struct BeamFactors {
  double within = 1;  //!< g(x) = 2 (x - 1 + exp(-x))/x^2: repair while it is on
  double at_end = 1;  //!< A = (1 - exp(-x))/x: share of its damage not repaired at its end
};
BeamFactors beam_factors(double x);

/// Lea-Catcheside factor of one fraction that is given beam by beam (13), O(1) per beam, so that it can be carried in
/// every voxel. One repair half-time; the dose rate is constant within a beam.
class Protraction {
 public:
  /// @pre repair_half_time_min > 0
  explicit Protraction(double repair_half_time_min);
  /// The next beam in the order of delivery. @param gap_min from the end of the beam before (of the first: ignored)
  void add_beam(double dose_gy, double minutes, double gap_min);
  double dose_gy() const { return dose_; }
  double factor() const;  ///< G, 0...1; 1 without dose
  /// d (1 + G d/(alpha/beta)) of this fraction.
  double bed_gy(double alpha_beta_gy) const;

 private:
  double repair_per_min_;
  double dose_ = 0;
  double unrepaired_ = 0;  //!< s: dose whose damage is not yet repaired at the end of the last beam
  double squared_ = 0;     //!< q = G d^2
};

/// Generalised equivalent uniform dose (sum v d^(1/n))^n, v the shares of the volume. @pre n != 0, as many doses as
/// volumes, doses >= 0 (one of 0 makes it 0 for n < 0), volumes > 0 in sum
double geud_gy(std::span<const double> dose_gy, std::span<const double> volume_mm3, double n);

/// Lyman-Kutcher-Burman model. The doses must be those of the fractionation that td50_gy refers to (EQD2, mostly).
struct LymanParameters {
  double td50_gy = 0, m = 0, n = 0;
  std::string source;
};
/// Phi((gEUD - TD50)/(m TD50)).
double lkb_ntcp(std::span<const double> dose_gy, std::span<const double> volume_mm3, const LymanParameters& parameters);
/// The same from a known gEUD.
double lkb_ntcp(double geud_gy, const LymanParameters& parameters);

/// Poisson model of a dose-response curve by its middle.
struct PoissonParameters {
  double d50_gy = 0;   //!< uniform dose of 50 % control
  double gamma50 = 0;  //!< slope there: D50 dTCP/dD
  std::string source;
};
/// 2^(-sum v exp(2 gamma50/ln 2 (1 - D/D50))): survivors fall exponentially with the dose, and for a uniform dose the
/// curve passes D50 at 50 % with exactly the slope gamma50/D50 (some papers write e for 2/ln 2 = 2.885; their gamma is
/// that of the steepest point).
double poisson_tcp(std::span<const double> dose_gy, std::span<const double> volume_mm3,
                   const PoissonParameters& parameters);

/// Clonogens that survive with exp(-alpha BED), (8).
struct ClonogenParameters {
  double clonogens_per_cc = 0;
  double alpha_per_gy = 0;
  std::string source;
};
/// exp(-sum of the survivors) (linear-quadratic TCP). @param bed_gy of every piece, (8) or with (10)-(13)
double lq_tcp(std::span<const double> bed_gy, std::span<const double> volume_mm3, const ClonogenParameters& parameters);

}  // namespace sbrt
