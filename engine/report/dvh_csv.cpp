#include "engine/report/dvh_csv.h"

#include "engine/report/report_tables.h"

#include <fmt/format.h>

#include <iterator>

namespace sbrt {
std::string dvh_csv(const Evaluation& evaluation) {
  std::string out = "structure,role,dose_gy,volume_cc,volume_pct,differential_cc_per_gy\n";
  for (const StructureResult& s : evaluation.structures) {
    const std::string name = csv_field(s.name);
    const std::size_t bins = s.dvh_dose_gy.size();
    for (std::size_t i = 0; i < bins; ++i) {
      // The last dose lies above the maximum: nothing follows it.
      const double per_gy =
          i + 1 < bins ? (s.dvh_volume_cc[i] - s.dvh_volume_cc[i + 1]) / (s.dvh_dose_gy[i + 1] - s.dvh_dose_gy[i]) : 0;
      fmt::format_to(std::back_inserter(out), "{},{},{:.10g},{:.7g},{:.7g},{:.7g}\n", name, to_string(s.role),
                     s.dvh_dose_gy[i], s.dvh_volume_cc[i], 100 * s.dvh_volume_cc[i] / s.volume_cc, per_gy);
    }
  }
  return out;
}

}  // namespace sbrt
