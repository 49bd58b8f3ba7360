#include "engine/evaluation/tissue.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {

std::string_view to_string(SurvivalModel model) {
  return model == SurvivalModel::lq ? "LQ" : model == SurvivalModel::lql ? "LQ-L" : "USC";
}

Tissue::Tissue() : name(standard_name), source(program_source) {}

Tissue Tissue::linear_quadratic(double alpha_beta_gy, std::string source) {
  SBRT_EXPECT(alpha_beta_gy > 0);
  Tissue tissue;
  tissue.alpha_beta_gy = alpha_beta_gy;
  tissue.source = std::move(source);
  return tissue;
}

double Tissue::bed_gy(double dose_gy, int fractions) const {
  switch (model) {
    case SurvivalModel::lq:
      return sbrt::bed_gy(dose_gy, fractions, alpha_beta_gy);
    case SurvivalModel::lql:
      return bed_lql_gy(dose_gy, fractions, alpha_beta_gy, transition_gy);
    case SurvivalModel::usc:
      return bed_usc_gy(dose_gy, fractions, survival);
  }
  throw_contract_violation("postcondition", "a survival model", __FILE__, __LINE__);
}

double Tissue::net_bed_gy(double dose_gy, int fractions) const {
  return bed_gy(dose_gy, fractions) - (repopulation ? repopulation->loss_gy() : 0);
}

double Tissue::equivalent_dose_gy(double bed_gy, double fraction_gy) const {
  SBRT_EXPECT(fraction_gy > 0 && fraction_gy <= line_begins_gy().value_or(fraction_gy));
  return bed_gy / (1 + fraction_gy / alpha_beta_gy);  // (9)
}

std::optional<double> Tissue::line_begins_gy() const {
  if (model == SurvivalModel::lql) return transition_gy;
  if (model == SurvivalModel::usc) return survival.transition_gy();
  return std::nullopt;
}

std::string Tissue::survival_description() const {
  std::string text = fmt::format("alpha/beta {:.6g} Gy, {}", alpha_beta_gy, to_string(model));
  if (model == SurvivalModel::lql) text += fmt::format(", transition {} Gy", transition_gy);
  if (model == SurvivalModel::usc)
    text += fmt::format(", alpha {}/Gy, D0 {} Gy, Dq {} Gy, transition {:.6g} Gy", survival.alpha_per_gy,
                        survival.d0_gy, survival.dq_gy, survival.transition_gy());
  return text;
}

std::string Tissue::description() const {
  std::string text = survival_description();
  if (repopulation)
    text += fmt::format(", repopulation -{:.6g} Gy (alpha {}/Gy, from day {}, doubling {} d, treatment {} d)",
                        repopulation->loss_gy(), repopulation->parameters.alpha_per_gy,
                        repopulation->parameters.kick_off_days, repopulation->parameters.doubling_days,
                        repopulation->treatment_days);
  if (repair) text += fmt::format(", repair half-time {} min", repair->half_time_min);
  return text;
}

const Tissue& Biology::of(const std::string& structure) const {
  const auto own =
      std::find_if(structures.begin(), structures.end(), [&](const Tissue& t) { return t.name == structure; });
  return own == structures.end() ? standard : *own;
}

}  // namespace sbrt
