#include "engine/planning/prescription.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <cmath>
#include <regex>

namespace sbrt {

Prescription Prescription::parse(const std::string& text) {
  static const std::regex grammar(
      R"(\s*([0-9]*\.?[0-9]+)\s*Gy\s*/\s*([0-9]+)\s*fx\s*(?:@\s*([0-9]*\.?[0-9]+)\s*%)?\s*)", std::regex::icase);
  std::smatch m;
  const std::string remedy = "write it like 45Gy/5fx@75% (total dose / fractions @ prescription isodose)";
  if (text.size() > 64 || !std::regex_match(text, m, grammar))
    throw InputError("prescription '" + text + "' cannot be read", "--prescription", "", remedy);
  Prescription p;
  p.dose_gy = std::stod(m[1]);
  const double fractions = std::stod(m[2]);
  if (!(p.dose_gy > 0 && p.dose_gy <= 500))
    throw InputError(fmt::format("prescription dose {} Gy", p.dose_gy), "--prescription",
                     "it must lie between 0 and 500 Gy", remedy);
  if (!(fractions >= 1 && fractions <= 100))
    throw InputError(fmt::format("{} fractions", fractions), "--prescription", "it must lie between 1 and 100", remedy);
  p.fractions = int(fractions);
  if (m[3].matched) {
    p.isodose_pct = std::stod(m[3]);
    if (!(*p.isodose_pct >= 20 && *p.isodose_pct <= 100))
      throw InputError(fmt::format("prescription isodose {} %", *p.isodose_pct), "--prescription",
                       "it must lie between 20 and 100 % of the maximum", remedy);
  }
  return p;
}

std::string Prescription::to_string() const {
  std::string text = fmt::format("{}Gy/{}fx", dose_gy, fractions);
  if (isodose_pct) text += fmt::format("@{}%", *isodose_pct);
  return text;
}

}  // namespace sbrt
