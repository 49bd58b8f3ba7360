#include "engine/report/biology_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

void write_response_dose(JsonWriter& json, const ResponseDose& dose) {
  if (dose.fraction_gy)
    json.member("reference_fraction_gy", *dose.fraction_gy);
  else
    json.member("dose", "as-is");
}

void write_ntcp(JsonWriter& json, const NtcpModel& model) {
  json.key("ntcp").begin_row_object().member("model", "LKB");
  json.member("td50_gy", model.parameters.td50_gy).member("m", model.parameters.m).member("n", model.parameters.n);
  write_response_dose(json, model.dose);
  if (!model.endpoint.empty()) json.member("endpoint", model.endpoint);
  json.member("source", model.parameters.source).end_object();
}

void write_tcp(JsonWriter& json, const TcpModel& model) {
  json.key("tcp").begin_row_object();
  if (const auto* poisson = std::get_if<PoissonParameters>(&model.parameters)) {
    json.member("model", "poisson").member("d50_gy", poisson->d50_gy).member("gamma50", poisson->gamma50);
    write_response_dose(json, model.dose);
    json.member("source", poisson->source);
  } else {
    const auto& cells = std::get<ClonogenParameters>(model.parameters);
    json.member("model", "clonogens").member("clonogens_per_cc", cells.clonogens_per_cc);
    json.member("alpha_per_gy", cells.alpha_per_gy);
    if (!model.dose.fraction_gy) json.member("dose", "as-is");
    json.member("source", cells.source);
  }
  json.end_object();
}

std::string dose_text(const ResponseDose& dose) {
  return dose.fraction_gy ? fmt::format("on the dose in {} Gy fractions", *dose.fraction_gy)
                          : std::string("on the dose as it is");
}

std::string response_text(const Tissue& tissue) {
  std::string text;
  if (tissue.ntcp) {
    const auto& [p, dose, endpoint] = *tissue.ntcp;
    text += fmt::format("  NTCP{}: LKB, TD50 {} Gy, m {}, n {}, {} [{}]\n", endpoint.empty() ? "" : " " + endpoint,
                        p.td50_gy, p.m, p.n, dose_text(dose), p.source);
  }
  if (!tissue.tcp) return text;
  if (const auto* p = std::get_if<PoissonParameters>(&tissue.tcp->parameters))
    return text + fmt::format("  TCP: Poisson, D50 {} Gy, gamma50 {}, {} [{}]\n", p->d50_gy, p->gamma50,
                              dose_text(tissue.tcp->dose), p->source);
  const auto& p = std::get<ClonogenParameters>(tissue.tcp->parameters);
  return text +
         fmt::format("  TCP: LQ, {} clonogens/cc, alpha {}/Gy [{}]\n", p.clonogens_per_cc, p.alpha_per_gy, p.source);
}

std::string tissue_text(const Tissue& tissue) {
  std::string text = fmt::format("radiobiology of {}: {} [{}]\n",
                                 tissue.name == Tissue::standard_name ? "all other structures" : tissue.name,
                                 tissue.description(), tissue.source);
  if (tissue.repopulation) text += fmt::format("  repopulation [{}]\n", tissue.repopulation->parameters.source);
  if (tissue.repair)
    text += fmt::format(
        "  repair within a fraction is not applied here: a dose alone does not tell the order of beams "
        "[{}]\n",
        tissue.repair->source);
  return text + response_text(tissue);
}

bool has_own_tissue(const StructureResult& s) { return s.reference && s.reference->tissue.name == s.name; }

}  // namespace

void write_tissue(JsonWriter& json, const Tissue& tissue) {
  json.member("alpha_beta_gy", tissue.alpha_beta_gy).member("model", to_string(tissue.model));
  if (const auto line = tissue.line_begins_gy()) json.member("transition_gy", *line);
  if (tissue.model == SurvivalModel::usc)
    json.member("alpha_per_gy", tissue.survival.alpha_per_gy)
        .member("d0_gy", tissue.survival.d0_gy)
        .member("dq_gy", tissue.survival.dq_gy);
  json.member("source", tissue.source);
  if (const auto& timed = tissue.repopulation) {
    json.key("repopulation").begin_row_object().member("loss_gy", timed->loss_gy());
    json.member("alpha_per_gy", timed->parameters.alpha_per_gy);
    json.member("kick_off_days", timed->parameters.kick_off_days);
    json.member("doubling_days", timed->parameters.doubling_days).member("treatment_days", timed->treatment_days);
    json.member("source", timed->parameters.source).end_object();
  }
  if (tissue.repair) {
    json.key("repair").begin_row_object().member("half_time_min", tissue.repair->half_time_min);
    json.member("source", tissue.repair->source).end_object();
  }
  if (tissue.ntcp) write_ntcp(json, *tissue.ntcp);
  if (tissue.tcp) write_tcp(json, *tissue.tcp);
}

void write_radiobiology(JsonWriter& json, const Evaluation& evaluation) {
  const auto is_used = [](const StructureResult& s) {
    return has_own_tissue(s) || (s.reference && s.reference->fractions > 0);
  };
  const auto& structures = evaluation.structures;
  const TargetResult* first = evaluation.targets.empty() ? nullptr : &evaluation.targets.front();
  if (evaluation.effective_dose || (!first && std::none_of(structures.begin(), structures.end(), is_used))) return;
  json.key("radiobiology").begin_object();
  write_tissue(json, first ? first->tissue : evaluation.standard_tissue);
  if (first && first->prescription_bed_gy) json.member("prescription_bed_gy", *first->prescription_bed_gy);
  if (first && first->prescription_eqd2_gy) json.member("prescription_eqd2_gy", *first->prescription_eqd2_gy);
  bool any = false;
  for (const StructureResult& s : evaluation.structures) {
    if (!has_own_tissue(s)) continue;
    if (!any) json.key("structures").begin_object();
    any = true;
    json.key(s.name).begin_object();
    write_tissue(json, s.reference->tissue);
    json.end_object();
  }
  if (any) json.end_object();
  json.end_object();
}

std::string biology_text(const Evaluation& evaluation) {
  if (evaluation.effective_dose) return "";
  std::string text;
  for (const StructureResult& s : evaluation.structures)
    if (has_own_tissue(s)) text += tissue_text(s.reference->tissue);
  if (!text.empty() || evaluation.standard_tissue.source != Tissue::program_source)
    text += tissue_text(evaluation.standard_tissue);
  return text;
}

}  // namespace sbrt
