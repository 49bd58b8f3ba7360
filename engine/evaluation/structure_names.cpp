#include "engine/evaluation/structure_names.h"

#include "engine/evaluation/biological_metric.h"
#include "geometry/error.h"
#include "geometry/structure_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sbrt {
namespace {

bool equal_without_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::size_t index_of_structure(const std::string& name, const std::vector<std::string>& names,
                               const std::string& asked_by) {
  const auto exact = std::find(names.begin(), names.end(), name);
  if (exact != names.end()) return std::size_t(exact - names.begin());
  std::vector<std::size_t> alike;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (equal_without_case(names[i], name)) alike.push_back(i);
  if (alike.size() == 1) return alike.front();
  std::string nearest;
  for (const std::string& n : nearest_names(name, names)) nearest += (nearest.empty() ? "'" : ", '") + n + "'";
  throw InputError(fmt::format("no structure named '{}'", name), asked_by,
                   fmt::format("{} structures with closed contours were read", names.size()),
                   nearest.empty() ? "check the RTSTRUCT" : "nearest names: " + nearest);
}

std::string why_no_value(const Metric& metric, const StructureResult& structure) {
  if (!structure.has_dose) return "the dose grid does not cover the structure";
  if (const std::string why = why_no_biology(metric, structure.reference); !why.empty()) return why;
  if (metric.needs_prescription() && !(structure.reference && structure.reference->dose_gy > 0))
    return "there is no prescription, or the targets have different ones";
  if (metric.kind == Metric::Kind::dose_at_volume && metric.argument_unit == Metric::Unit::cc &&
      metric.argument > structure.volume_cc)
    return fmt::format("the structure has only {:.4g} cc", structure.volume_cc);
  return "it would need the part of the structure outside the dose grid";
}

}  // namespace sbrt
