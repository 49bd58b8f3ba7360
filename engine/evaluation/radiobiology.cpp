#include "engine/evaluation/radiobiology.h"

#include "geometry/error.h"
#include "geometry/units.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sbrt {
namespace {

// 2 (x - 1 + exp(-x))/x^2; the series where the difference would cancel (next term 5e-17 at 0.01).
double factor_within_beam(double x) {
  if (x < 0.01) return 1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6 * (1 - x / 7))));
  return 2 * (x + std::expm1(-x)) / (x * x);
}

// (1 - exp(-x))/x
double unrepaired_at_end(double x) { return x > 0 ? -std::expm1(-x) / x : 1; }

double total(std::span<const double> volume_mm3) {
  const double sum = std::accumulate(volume_mm3.begin(), volume_mm3.end(), 0.0);
  SBRT_EXPECT(sum > 0);
  return sum;
}

}  // namespace

double bed_gy(double dose_gy, int fractions, double alpha_beta_gy) {
  SBRT_EXPECT(fractions >= 1 && alpha_beta_gy > 0);
  return dose_gy * (1 + dose_gy / fractions / alpha_beta_gy);  // (8)
}

double eqd2_gy(double dose_gy, int fractions, double alpha_beta_gy) {
  return bed_gy(dose_gy, fractions, alpha_beta_gy) / (1 + 2 / alpha_beta_gy);  // (9)
}

double bed_lql_gy(double dose_gy, int fractions, double alpha_beta_gy, double transition_gy) {
  SBRT_EXPECT(fractions >= 1 && alpha_beta_gy > 0 && transition_gy > 0);
  const double d = dose_gy / fractions, t = transition_gy;
  if (d <= t) return bed_gy(dose_gy, fractions, alpha_beta_gy);
  return fractions * (t * (1 + t / alpha_beta_gy) + (1 + 2 * t / alpha_beta_gy) * (d - t));  // (10)
}

double UniversalSurvival::transition_gy() const { return 2 * dq_gy / (1 - alpha_per_gy * d0_gy); }

double UniversalSurvival::alpha_beta_gy() const {
  return 2 * transition_gy() * alpha_per_gy * d0_gy / (1 - alpha_per_gy * d0_gy);
}

double bed_usc_gy(double dose_gy, int fractions, const UniversalSurvival& p) {
  SBRT_EXPECT(fractions >= 1 && dose_gy >= 0);
  SBRT_EXPECT(p.alpha_per_gy > 0 && p.d0_gy > 0 && p.dq_gy > 0 && p.alpha_per_gy * p.d0_gy < 1);
  const double d = dose_gy / fractions;
  if (d <= p.transition_gy()) return bed_gy(dose_gy, fractions, p.alpha_beta_gy());
  return fractions * (d - p.dq_gy) / (p.alpha_per_gy * p.d0_gy);  // (11)
}

double repopulation_loss_gy(double treatment_days, const Repopulation& p) {
  SBRT_EXPECT(treatment_days >= 0 && p.alpha_per_gy > 0 && p.doubling_days > 0 && p.kick_off_days >= 0);
  return std::numbers::ln2 * std::fmax(0, treatment_days - p.kick_off_days) /
         (p.alpha_per_gy * p.doubling_days);  // (12)
}

BeamFactors beam_factors(double x) {
  SBRT_EXPECT(x >= 0);
  return {factor_within_beam(x), unrepaired_at_end(x)};
}

Protraction::Protraction(double repair_half_time_min) : repair_per_min_(std::numbers::ln2 / repair_half_time_min) {
  SBRT_EXPECT(repair_half_time_min > 0);
}

void Protraction::add_beam(double dose_gy, double minutes, double gap_min) {
  SBRT_EXPECT(dose_gy >= 0 && minutes >= 0 && gap_min >= 0);
  const double x = repair_per_min_ * minutes;
  const auto [within, at_end] = beam_factors(x);
  const double before = std::exp(-repair_per_min_ * gap_min) * unrepaired_;
  squared_ += dose_gy * dose_gy * within + 2 * dose_gy * at_end * before;  // (13)
  unrepaired_ = before * std::exp(-x) + dose_gy * at_end;
  dose_ += dose_gy;
}

double Protraction::factor() const { return dose_ > 0 ? squared_ / (dose_ * dose_) : 1; }

double Protraction::bed_gy(double alpha_beta_gy) const {
  SBRT_EXPECT(alpha_beta_gy > 0);
  return dose_ + squared_ / alpha_beta_gy;
}

double geud_gy(std::span<const double> dose_gy, std::span<const double> volume_mm3, double n) {
  SBRT_EXPECT(dose_gy.size() == volume_mm3.size() && n != 0);
  const double volume = total(volume_mm3);
  // Doses relative to the one that counts most keep d^(1/n) in range.
  const double scale =
      n > 0 ? *std::max_element(dose_gy.begin(), dose_gy.end()) : *std::min_element(dose_gy.begin(), dose_gy.end());
  if (!(scale > 0)) return 0;
  double sum = 0;
  for (std::size_t v = 0; v < dose_gy.size(); ++v) sum += volume_mm3[v] / volume * std::pow(dose_gy[v] / scale, 1 / n);
  return scale * std::pow(sum, n);
}

double lkb_ntcp(double geud_gy, const LymanParameters& p) {
  SBRT_EXPECT(p.td50_gy > 0 && p.m > 0);
  return std::erfc((p.td50_gy - geud_gy) / (p.m * p.td50_gy) / std::numbers::sqrt2) / 2;
}

double lkb_ntcp(std::span<const double> dose_gy, std::span<const double> volume_mm3, const LymanParameters& p) {
  return lkb_ntcp(geud_gy(dose_gy, volume_mm3, p.n), p);
}

double poisson_tcp(std::span<const double> dose_gy, std::span<const double> volume_mm3, const PoissonParameters& p) {
  SBRT_EXPECT(dose_gy.size() == volume_mm3.size() && p.d50_gy > 0 && p.gamma50 > 0);
  const double volume = total(volume_mm3);
  double survivors = 0;
  for (std::size_t v = 0; v < dose_gy.size(); ++v)
    survivors += volume_mm3[v] / volume * std::exp(2 * p.gamma50 / std::numbers::ln2 * (1 - dose_gy[v] / p.d50_gy));
  return std::exp2(-survivors);
}

double lq_tcp(std::span<const double> bed_gy, std::span<const double> volume_mm3, const ClonogenParameters& p) {
  SBRT_EXPECT(bed_gy.size() == volume_mm3.size() && p.clonogens_per_cc > 0 && p.alpha_per_gy > 0);
  double survivors = 0;
  for (std::size_t v = 0; v < bed_gy.size(); ++v)
    survivors += p.clonogens_per_cc * volume_mm3[v] / units::cc * std::exp(-p.alpha_per_gy * bed_gy[v]);
  return std::exp(-survivors);
}

}  // namespace sbrt
