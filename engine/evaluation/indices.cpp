#include "engine/evaluation/indices.h"

#include "geometry/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace sbrt {
namespace {

constexpr double pi = 3.14159265358979323846;

struct Volumes {
  double tv, tiv, piv, piv50;
};
using VolumeIndex = std::function<double(const Volumes&)>;

double effective_radius_mm(double volume_mm3) { return std::cbrt(3 * volume_mm3 / (4 * pi)); }

double ci(const Volumes& v) { return v.piv / v.tiv; }
double coverage(const Volumes& v) { return 100 * v.tiv / v.tv; }

// Changes one ingredient at a time to the ends of its interval and adds up what that does to the index.
Measured measure(const VolumeIndex& index, const Volumes& base, const IndexIngredients& in) {
  const double value = index(base);
  double down = 0, up = 0;
  const auto add_effect = [&](auto&& change, const Interval& interval) {
    double lowest = value, highest = value;
    for (const double end : {interval.low, interval.high}) {
      Volumes v = base;
      change(v, end);
      const double changed = index(v);
      if (!std::isfinite(changed)) continue;
      lowest = std::min(lowest, changed);
      highest = std::max(highest, changed);
    }
    down += value - lowest;
    up += highest - value;
  };
  add_effect(
      [&](Volumes& v, double end) {
        v.tiv = base.tiv * end / base.tv;
        v.tv = end;
      },
      in.target.interval);
  add_effect([](Volumes& v, double end) { v.tiv = std::min(end, v.tv); }, in.covered.interval);
  add_effect([](Volumes& v, double end) { v.piv = end; }, in.isodose.interval);
  add_effect([](Volumes& v, double end) { v.piv50 = end; }, in.half_isodose.interval);
  return {value, {value - down, value + up}};
}

Measured scaled(const Measured& m, double factor) {
  return {m.value * factor, {m.interval.low * factor, m.interval.high * factor}};
}

// 100 Rx / Dmax falls when Dmax rises.
Measured inverse(double numerator, const Measured& m) {
  return {numerator / m.value, {numerator / m.interval.high, numerator / m.interval.low}};
}

}  // namespace

Indices compute_indices(const IndexIngredients& in) {
  Indices out;
  const double rx = in.prescription_gy;
  Volumes v{in.target.value, in.covered.value, in.isodose.value, in.half_isodose.value};
  v.tiv = std::min(v.tiv, v.tv);
  if (v.piv < v.tiv && in.isodose.interval.high >= in.covered.interval.low) v.piv = v.tiv;
  v.piv50 = std::max(v.piv50, v.piv);
  const auto put = [&](const char* id, const VolumeIndex& index) { out[id] = measure(index, v, in); };

  put("tv_cc", [](const Volumes& x) { return x.tv / units::cc; });
  put("tiv_cc", [](const Volumes& x) { return x.tiv / units::cc; });
  put("piv_cc", [](const Volumes& x) { return x.piv / units::cc; });
  put("piv50_cc", [](const Volumes& x) { return x.piv50 / units::cc; });
  if (v.tv > 0) {
    put("coverage_pct", coverage);
    put("ci_rtog", [](const Volumes& x) { return x.piv / x.tv; });
    put("r50", [](const Volumes& x) { return x.piv50 / x.tv; });
  }
  if (v.tiv > 0) {
    put("ci", ci);
    put("selectivity", [](const Volumes& x) { return x.tiv / x.piv; });
    put("nci", [](const Volumes& x) { return 100 * ci(x) / coverage(x); });
    put("ci_paddick", [](const Volumes& x) { return coverage(x) / (100 * ci(x)); });
  }
  if (v.piv > 0) {
    put("gi", [](const Volumes& x) { return x.piv50 / x.piv; });
    put("r_eff_gradient_mm",
        [](const Volumes& x) { return effective_radius_mm(x.piv50) - effective_radius_mm(x.piv); });
  }
  if (out.contains("ci")) {
    // CI is never below 1; neither is its interval.
    out["ci"].interval.low = std::max(out["ci"].interval.low, std::min(out["ci"].value, 1.0));
    out["coverage_pct"].interval.high =
        std::min(out["coverage_pct"].interval.high, std::max(out["coverage_pct"].value, 100.0));
  }

  if (in.max_in_target) out["hi"] = scaled(*in.max_in_target, 1 / rx);
  if (in.max_in_body && in.max_in_body->value > 0) out["isodose_pct"] = inverse(100 * rx, *in.max_in_body);
  if (in.max_beyond_2cm) out["d2cm_pct"] = scaled(*in.max_beyond_2cm, 100 / rx);
  if (in.near_max) out["near_max_gy"] = *in.near_max;
  if (in.near_min) out["near_min_gy"] = *in.near_min;
  if (in.d2 && in.d50 && in.d98 && in.d50->value > 0) {
    const auto hi_icru = [](double d2, double d50, double d98) { return (d2 - d98) / d50; };
    const double value = hi_icru(in.d2->value, in.d50->value, in.d98->value);
    const double low = hi_icru(in.d2->interval.low, in.d50->interval.high, in.d98->interval.high);
    const double high = hi_icru(in.d2->interval.high, in.d50->interval.low, in.d98->interval.low);
    out["hi_icru"] = {value, {std::min(low, value), std::max(high, value)}};
  }
  if (in.d5 && in.d95 && in.d95->interval.low > 0)
    out["hi_d5_d95"] = {in.d5->value / in.d95->value,
                        {in.d5->interval.low / in.d95->interval.high, in.d5->interval.high / in.d95->interval.low}};
  return out;
}

const std::vector<IndexDefinition>& index_definitions() {
  static const std::vector<IndexDefinition> definitions{
      {"tv_cc", "TV: volume of the target", "cc", ""},
      {"piv_cc", "PIV: volume of the body that receives at least the prescription Rx, this target's part", "cc", ""},
      {"tiv_cc", "TIV: part of TV inside PIV", "cc", ""},
      {"piv50_cc", "PIV50: PIV at Rx/2", "cc", ""},
      {"coverage_pct", "100 TIV/TV", "%", ""},
      {"ci", "PIV/TIV", "1", "robotic radiosurgery convention, always >= 1"},
      {"nci", "TV PIV/TIV^2 = 100 ci/coverage_pct = 1/ci_paddick", "1", "Nakamura 2001"},
      {"ci_rtog", "PIV/TV", "1", "Shaw 1993"},
      {"ci_paddick", "TIV^2/(TV PIV)", "1", "Paddick 2000"},
      {"selectivity", "TIV/PIV", "1", "Paddick 2000"},
      {"hi", "Dmax/Rx, Dmax inside the target", "1", "robotic radiosurgery convention"},
      {"hi_icru", "(D2% - D98%)/D50% of the target", "1", "ICRU 83"},
      {"hi_d5_d95", "D5%/D95% of the target", "1", "for comparison with systems that report it"},
      {"isodose_pct", "100 Rx/Dmax, Dmax inside the body", "%", ""},
      {"gi", "PIV50/PIV", "1", "Paddick and Lippitz 2006"},
      {"r50", "PIV50/TV", "1", "RTOG 0813/0915"},
      {"r_eff_gradient_mm", "Reff(PIV50) - Reff(PIV), Reff = (3V/4pi)^(1/3)", "mm", "Paddick and Lippitz 2006"},
      {"d2cm_pct", "100 Dmax/Rx, Dmax in the body at 20 mm or more from the target", "%", "RTOG 0813/0915"},
      {"near_max_gy", "D2% of the target; D35mm3 below 2 cc", "Gy", "ICRU 91"},
      {"near_min_gy", "D98% of the target; D(V-35mm3) below 2 cc", "Gy", "ICRU 91"},
  };
  return definitions;
}

std::optional<RtogLimits> rtog_limits(double target_cc) {
  struct Row {
    double cc;
    RtogLimits limits;
  };
  // RTOG 0813/0915, conformality table: target volume; R50 none, minor; D2cm none, minor [% of Rx].
  static constexpr std::array<Row, 11> table{{{1.8, {5.9, 7.5, 50, 57}},
                                              {3.8, {5.5, 6.5, 50, 57}},
                                              {7.4, {5.1, 6.0, 50, 58}},
                                              {13.2, {4.7, 5.8, 50, 58}},
                                              {22.0, {4.5, 5.5, 54, 63}},
                                              {34.0, {4.3, 5.3, 58, 68}},
                                              {50.0, {4.0, 5.0, 62, 77}},
                                              {70.0, {3.5, 4.8, 66, 86}},
                                              {95.0, {3.3, 4.4, 70, 89}},
                                              {126.0, {3.1, 4.0, 73, 91}},
                                              {163.0, {2.9, 3.7, 77, 94}}}};
  if (!(target_cc >= table.front().cc && target_cc <= table.back().cc)) return std::nullopt;
  std::size_t i = 1;
  while (i + 1 < table.size() && target_cc > table[i].cc) ++i;
  const double t = (target_cc - table[i - 1].cc) / (table[i].cc - table[i - 1].cc);
  const RtogLimits &a = table[i - 1].limits, &b = table[i].limits;
  const auto mix = [t](double x, double y) { return x + t * (y - x); };
  return RtogLimits{mix(a.r50_none, b.r50_none), mix(a.r50_minor, b.r50_minor), mix(a.d2cm_none_pct, b.d2cm_none_pct),
                    mix(a.d2cm_minor_pct, b.d2cm_minor_pct)};
}

std::string rtog_deviation(double value, double none_below, double minor_below) {
  return value < none_below ? "none" : value < minor_below ? "minor" : "major";
}

}  // namespace sbrt
