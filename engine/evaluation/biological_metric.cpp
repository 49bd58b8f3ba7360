#include "engine/evaluation/biological_metric.h"

#include "geometry/error.h"

#include <algorithm>
#include <vector>

namespace sbrt {
namespace {

// Rounding in the sum of up to 1e7 volumes.
constexpr double volume_rounding = 1e-9;

Tissue tissue_of(const Metric& metric, const DoseReference& reference) {
  return metric.alpha_beta_gy ? Tissue::linear_quadratic(*metric.alpha_beta_gy, "stated in the query")
                              : reference.tissue;
}

std::optional<NtcpModel> ntcp_of(const Metric& metric, const DoseReference& reference) {
  return metric.ntcp ? metric.ntcp : reference.tissue.ntcp;
}

std::optional<TcpModel> tcp_of(const Metric& metric, const DoseReference& reference) {
  return metric.tcp ? metric.tcp : reference.tissue.tcp;
}

// Which dose the response model wants; nothing when there is no such model.
std::optional<ResponseDose> response_dose(const Metric& metric, const DoseReference& reference) {
  if (metric.kind == Metric::Kind::ntcp) {
    if (const auto model = ntcp_of(metric, reference)) return model->dose;
  } else if (const auto model = tcp_of(metric, reference)) {
    return model->dose;
  }
  return std::nullopt;
}

double tcp(const TcpModel& model, const Tissue& tissue, const Dvh& dvh, int fractions) {
  std::vector<double> dose(dvh.doses_gy().begin(), dvh.doses_gy().end());
  const bool clonogens = std::holds_alternative<ClonogenParameters>(model.parameters);
  for (double& d : dose) {
    d = std::max(d, 0.0);
    if (!model.dose.fraction_gy) continue;
    d = tissue.net_bed_gy(d, fractions);
    if (!clonogens) d = tissue.equivalent_dose_gy(d, *model.dose.fraction_gy);
  }
  return clonogens ? lq_tcp(dose, dvh.volumes_mm3(), std::get<ClonogenParameters>(model.parameters))
                   : poisson_tcp(dose, dvh.volumes_mm3(), std::get<PoissonParameters>(model.parameters));
}

}  // namespace

BiologicalDose::BiologicalDose(const Metric& metric, const DoseReference& reference)
    : tissue_(tissue_of(metric, reference)),
      fractions_(reference.fractions),
      eqd2_(metric.scale == Metric::Scale::eqd2) {
  SBRT_EXPECT(metric.scale != Metric::Scale::physical && fractions_ >= 1);
}

double BiologicalDose::operator()(double dose_gy) const {
  const double bed = tissue_.net_bed_gy(std::max(dose_gy, 0.0), fractions_);
  return eqd2_ ? tissue_.equivalent_dose_gy(bed) : bed;
}

std::optional<double> response_pct(const Dvh& dvh, const Metric& metric, const DoseReference& reference) {
  SBRT_EXPECT(why_no_biology(metric, reference).empty());
  if (dvh.covered_mm3() < dvh.volume_mm3() * (1 - volume_rounding)) return std::nullopt;
  const Tissue tissue = tissue_of(metric, reference);
  if (metric.kind == Metric::Kind::tcp) return 100 * tcp(*tcp_of(metric, reference), tissue, dvh, reference.fractions);
  const NtcpModel model = *ntcp_of(metric, reference);
  const auto convert = [&](double d) {
    const double dose = std::max(d, 0.0);
    return model.dose.fraction_gy
               ? tissue.equivalent_dose_gy(tissue.net_bed_gy(dose, reference.fractions), *model.dose.fraction_gy)
               : dose;
  };
  return 100 * lkb_ntcp(dvh.mapped(convert).geud_gy(1 / model.parameters.n), model.parameters);  // (14), (15)
}

std::string why_no_biology(const Metric& metric, const std::optional<DoseReference>& reference) {
  const bool scaled = metric.scale != Metric::Scale::physical;
  if (!scaled && !metric.is_response()) return "";
  const DoseReference known = reference.value_or(DoseReference{});
  bool converts = scaled;
  if (metric.is_response()) {
    const auto dose = response_dose(metric, known);
    if (!dose) return "no parameters: state them in the query or for this structure in a biology file (--biology)";
    const auto line = tissue_of(metric, known).line_begins_gy();
    if (dose->fraction_gy && line && *dose->fraction_gy > *line)
      return "its reference fraction lies above the transition dose of the tissue's model";
    converts = dose->fraction_gy.has_value();
  }
  if (converts && known.effective) return "the dose is a biologically effective one already and is not converted again";
  if (converts && known.fractions < 1)
    return "the number of fractions is not known (--fractions, or one prescription for all targets)";
  return "";
}

}  // namespace sbrt
