/// The plan indices of one target. Definitions: index_definitions().
#pragma once

#include "geometry/interval.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Id -> value with interval; an index that does not apply is absent.
using Indices = std::map<std::string, Measured>;

/// What the indices are made of. Volumes in mm^3, doses in Gy.
struct IndexIngredients {
  double prescription_gy = 0;
  Measured target;        //!< TV; its interval tells the effect of the end-cap rule
  Measured covered;       //!< TIV; its interval tells the sampling only
  Measured isodose;       //!< PIV
  Measured half_isodose;  //!< PIV50
  std::optional<Measured> max_in_target, max_in_body, max_beyond_2cm;
  std::optional<Measured> d2, d5, d50, d95, d98;  //!< of the target
  std::optional<Measured> near_max, near_min;
};

/// All indices. The interval of an index adds the effects of the ingredients' intervals; a change of TV by the end-cap
/// rule changes TIV in proportion. Indices that divide by a volume of zero are absent.
/// By definition TIV <= PIV and TIV <= TV: where the numerical volumes break this within their intervals, PIV is TIV
/// (so ci is never below 1) or TIV is TV.
Indices compute_indices(const IndexIngredients& ingredients);

/// Definition of an index in words with its unit and source, for tables and the report: {"ci", "PIV/TIV", "1", ...}.
struct IndexDefinition {
  std::string id, formula, unit, source;
};
const std::vector<IndexDefinition>& index_definitions();

/// Limits of RTOG 0813/0915 for R50 and D2cm, linear in the target volume.
struct RtogLimits {
  double r50_none, r50_minor, d2cm_none_pct, d2cm_minor_pct;
};
/// Nothing outside 1.8...163 cc, where the protocol has no rule.
std::optional<RtogLimits> rtog_limits(double target_cc);
/// "none" (no deviation), "minor" or "major".
std::string rtog_deviation(double value, double none_below, double minor_below);

}  // namespace sbrt
