#include "dose/beam_data_import.h"
#include "dose/beam_tables.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sbrt {
namespace {

constexpr double reference_distance_mm = 800, reference_depth_mm = 15;
constexpr double shift_warning_mm = 1.0, asymmetry_warning = 0.02;
constexpr double inner_share = 0.8;  // of the half width: asymmetry is judged inside, where no edge shift enters
constexpr double finest_radius_mm = 0.05;

Table1d curve_of(const WaterScan& scan) {
  Table1d curve;
  for (const auto& [position, reading] : scan.points) {
    curve.axis.push_back(position);
    curve.values.push_back(reading);
  }
  return curve;
}

double at(const Table1d& curve, double x) { return curve.at(locate(curve.axis, x)); }

/// TPR of one depth scan and the field diameter in the plane of each of its depths.
struct DepthCurve {
  double collimator_mm = 0, ssd_mm = 0;
  bool fixed_field = false;
  Table1d tpr;
  double field_mm(double depth_mm) const {
    return fixed_field ? collimator_mm : collimator_mm * (ssd_mm + depth_mm) / reference_distance_mm;
  }
};

DepthCurve depth_curve(const WaterScan& scan, DepthScanKind kind, BeamDataImport& import) {
  DepthCurve curve{scan.field_mm, scan.ssd_mm, kind == DepthScanKind::tissue_phantom_ratio, curve_of(scan)};
  std::vector<double>&axis = curve.tpr.axis, &values = curve.tpr.values;
  if (axis.front() > reference_depth_mm || axis.back() < reference_depth_mm)
    throw InputError(fmt::format("the scan runs from {} to {} mm", axis.front(), axis.back()), scan.where,
                     fmt::format("it must hold the reference depth of {} mm", reference_depth_mm),
                     "give a longer scan");
  Table1d of;
  if (!curve.fixed_field) {
    if (!scan.has_ssd)
      throw InputError("the scan has no %SSD", scan.where, "the inverse square needs it", "add the line");
    const auto factors = import.parts.output_factors.find(scan.field_mm);
    if (factors == import.parts.output_factors.end())
      throw InputError(fmt::format("no output factors of the {} mm collimator", scan.field_mm), scan.where,
                       "the conversion to TPR takes the change of phantom scatter from them",
                       "add the collimator to the output factors or correct %FLSZ");
    for (const auto& [z, value] : factors->second) {
      of.axis.push_back(z);
      of.values.push_back(value);
    }
    if (of.axis.size() == 1)
      import.warnings.push_back(
          {"import-phantom-scatter",
           fmt::format(
               "{}: the output factors of the {} mm collimator have one distance, so the change of phantom scatter "
               "with the field size in depth was neglected in TPR",
               scan.where, scan.field_mm)});
    else if (of.axis.front() > scan.ssd_mm + axis.front() || of.axis.back() < scan.ssd_mm + axis.back())
      import.warnings.push_back(
          {"import-of-ends-early",
           fmt::format(
               "{}: the output factors of the {} mm collimator end at {} and {} mm, the scan runs from {} to {} mm "
               "from the source; the end values were used",
               scan.where, scan.field_mm, of.axis.front(), of.axis.back(), scan.ssd_mm + axis.front(),
               scan.ssd_mm + axis.back())});
  }
  const double reference = at(curve.tpr, reference_depth_mm);
  if (!(reference > 0))
    throw InputError("the reading at 15 mm is 0", scan.where, "the scan is relative to it", "correct the scan");
  const double z0 = scan.ssd_mm + reference_depth_mm;
  for (std::size_t i = 0; i < axis.size(); ++i) {
    values[i] /= reference;
    if (curve.fixed_field) continue;
    const double z = scan.ssd_mm + axis[i];
    values[i] *= (z / z0) * (z / z0) * at(of, z0) / at(of, z);
  }
  return curve;
}

void convert_depth_scans(const std::vector<DepthCurve>& curves, BeamDataImport& import) {
  double first = 0, last = curves.front().tpr.axis.back();
  for (const DepthCurve& c : curves) {
    first = std::max(first, c.tpr.axis.front());
    last = std::min(last, c.tpr.axis.back());
  }
  BeamTable& table = import.parts.tpr;
  std::size_t most = 0;
  for (const DepthCurve& c : curves) {
    std::vector<double> depths;
    for (const double d : c.tpr.axis)
      if (d >= first && d <= last) depths.push_back(d);
    if (depths.size() > most) most = depths.size(), table.second = std::move(depths);
  }
  const auto place = std::lower_bound(table.second.begin(), table.second.end(), reference_depth_mm);
  if (place == table.second.end() || *place != reference_depth_mm) table.second.insert(place, reference_depth_mm);

  for (const DepthCurve& c : curves) table.first.push_back(c.collimator_mm);
  const double widest = std::ceil(curves.back().field_mm(last) * 1000) / 1000;
  if (widest > table.first.back()) table.first.push_back(widest);
  table.values.assign(table.first.size(), std::vector<double>(table.second.size()));
  std::size_t held = 0;
  for (std::size_t d = 0; d < table.second.size(); ++d) {
    Table1d over_field;
    for (const DepthCurve& c : curves) {
      over_field.axis.push_back(c.field_mm(table.second[d]));
      over_field.values.push_back(at(c.tpr, table.second[d]));
    }
    for (std::size_t f = 0; f < table.first.size(); ++f) {
      const AxisPosition p = locate(over_field.axis, table.first[f]);
      held += p.clamped;
      table.values[f][d] = over_field.at(p);
    }
  }
  import.notes.push_back(
      fmt::format("TPR: {} fields from {:g} to {:g} mm, {} depths from {:g} to {:g} mm, from {} depth scans",
                  table.first.size(), table.first.front(), table.first.back(), table.second.size(),
                  table.second.front(), table.second.back(), curves.size()));
  if (held > 0)
    import.warnings.push_back(
        {"import-field-held", fmt::format("{} of {} TPR values lie outside the fields that were scanned at their depth "
                                          "({:g} to {:g} mm at {:g} mm); "
                                          "they hold the value of the nearest scanned field",
                                          held, table.first.size() * table.second.size(), curves.front().field_mm(last),
                                          curves.back().field_mm(last), last)});
}

/// A profile about its centre, radius projected to 800 mm.
struct Profile {
  char axis = 'X';
  double scale = 1, centre_mm = 0, half_width_mm = 0, reach_mm = 0, spacing_mm = 0, asymmetry = 0;
  Table1d curve;
  double side(double radius_800_mm, int sign) const { return at(curve, centre_mm + sign * radius_800_mm / scale); }
  double ocr(double radius_800_mm) const {
    return (side(radius_800_mm, 1) + side(radius_800_mm, -1)) / (2 * at(curve, centre_mm));
  }
};

/// Where the curve first falls through the level, going from node `from` outwards.
double crossing(const Table1d& curve, std::size_t from, int step, double level, const WaterScan& scan) {
  for (std::size_t i = from; step > 0 ? i + 1 < curve.axis.size() : i > 0; i += std::size_t(step)) {
    const std::size_t next = i + std::size_t(step);
    if (curve.values[i] >= level && curve.values[next] < level)
      return curve.axis[i] +
             (curve.values[i] - level) / (curve.values[i] - curve.values[next]) * (curve.axis[next] - curve.axis[i]);
  }
  throw InputError("the profile does not fall to half of its axis value on both sides", scan.where,
                   "its centre and width cannot be found", "give the whole profile");
}

Profile profile_of(const WaterScan& scan) {
  if (!scan.has_ssd)
    throw InputError("the scan has no %SSD", scan.where, "the radius is projected to 800 mm with it", "add the line");
  Profile p;
  p.axis = scan.axis;
  p.scale = reference_distance_mm / (scan.ssd_mm + scan.depth_mm);
  p.curve = curve_of(scan);
  const std::size_t peak =
      std::size_t(std::max_element(p.curve.values.begin(), p.curve.values.end()) - p.curve.values.begin());
  double axis_value = p.curve.values[peak];
  for (int round = 0; round < 4; ++round) {
    const double left = crossing(p.curve, peak, -1, axis_value / 2, scan);
    const double right = crossing(p.curve, peak, 1, axis_value / 2, scan);
    p.centre_mm = (left + right) / 2;
    p.half_width_mm = (right - left) / 2 * p.scale;
    axis_value = at(p.curve, p.centre_mm);
  }
  p.reach_mm = std::min(p.centre_mm - p.curve.axis.front(), p.curve.axis.back() - p.centre_mm) * p.scale;
  std::vector<double> gaps;
  for (std::size_t i = 1; i < p.curve.axis.size(); ++i) gaps.push_back(p.curve.axis[i] - p.curve.axis[i - 1]);
  std::nth_element(gaps.begin(), gaps.begin() + std::ptrdiff_t(gaps.size() / 2), gaps.end());
  p.spacing_mm = gaps[gaps.size() / 2] * p.scale;
  for (double r = 0; r <= inner_share * p.half_width_mm; r += p.half_width_mm / 50)
    p.asymmetry = std::max(p.asymmetry, std::abs(p.side(r, 1) - p.side(r, -1)) / axis_value);
  return p;
}

void note_profile(const WaterScan& scan, const Profile& p, BeamDataImport& import) {
  const std::string text = fmt::format(
      "{}: {} mm collimator, depth {} mm, along {}: centre shift {:+.2f} mm, asymmetry {:.2f} %, width {:.2f} mm at "
      "800 mm",
      scan.where, scan.field_mm, scan.depth_mm, scan.axis, p.centre_mm, 100 * p.asymmetry, 2 * p.half_width_mm);
  import.notes.push_back(text);
  if (std::abs(p.centre_mm) > shift_warning_mm) import.warnings.push_back({"import-centre-shift", text});
  if (p.asymmetry > asymmetry_warning) import.warnings.push_back({"import-asymmetry", text});
}

BeamTable ocr_of(const std::map<double, std::vector<Profile>>& by_depth) {
  double spacing = 1e9, reach = 1e9;
  for (const auto& [depth, profiles] : by_depth)
    for (const Profile& p : profiles) {
      spacing = std::min(spacing, p.spacing_mm);
      reach = std::min(reach, p.reach_mm);
    }
  // Half the spacing, so that the lines between the scan's points survive the new nodes.
  const double step = std::max(1.0, std::round(spacing / 2 / finest_radius_mm)) * finest_radius_mm;
  BeamTable table;
  for (int i = 0; i * step <= reach + 1e-9; ++i) table.second.push_back(std::round(i * step * 1000) / 1000);
  for (const auto& [depth, profiles] : by_depth) {
    table.first.push_back(depth);
    std::vector<double> row;
    for (const double r : table.second) {
      double sum = 0;
      for (const Profile& p : profiles) sum += p.ocr(r);
      row.push_back(sum / double(profiles.size()));
    }
    table.values.push_back(std::move(row));
  }
  return table;
}

[[noreturn]] void twice(const std::string& what, const WaterScan& scan) {
  throw InputError(what + " twice", scan.where, "only one of them could count", "leave one out");
}

}  // namespace

void convert_scans(const std::vector<WaterScan>& scans, DepthScanKind depth_scans, BeamDataImport& import) {
  std::vector<DepthCurve> depth_curves;
  std::map<double, std::map<double, std::vector<Profile>>> profiles;
  for (const WaterScan& scan : scans) {
    if (scan.is_depth_scan) {
      if (depth_scans == DepthScanKind::not_stated)
        throw InputError("what the depth scans hold is not stated", scan.where,
                         "depth doses at fixed SSD and TPR at fixed source-detector distance look alike in the file",
                         "give --depth-scans pdd or --depth-scans tpr");
      if (!import.parts.tpr.first.empty()) twice("TPR, from a table and from a depth scan:", scan);
      for (const DepthCurve& c : depth_curves)
        if (c.collimator_mm == scan.field_mm)
          twice(fmt::format("a depth scan of the {} mm field", scan.field_mm), scan);
      depth_curves.push_back(depth_curve(scan, depth_scans, import));
    } else {
      if (import.parts.ocr.contains(scan.field_mm))
        twice(fmt::format("OCR of the {} mm collimator, from a table and from a scan:", scan.field_mm), scan);
      auto& same = profiles[scan.field_mm][scan.depth_mm];
      for (const Profile& p : same)
        if (p.axis == scan.axis)
          twice(fmt::format("a profile of the {} mm collimator at {} mm along {}", scan.field_mm, scan.depth_mm,
                            scan.axis),
                scan);
      same.push_back(profile_of(scan));
      note_profile(scan, same.back(), import);
    }
  }
  if (!depth_curves.empty()) {
    // Wider collimators have wider fields at every depth only when all were scanned at one SSD.
    std::sort(depth_curves.begin(), depth_curves.end(),
              [](const DepthCurve& a, const DepthCurve& b) { return a.collimator_mm < b.collimator_mm; });
    for (const DepthCurve& c : depth_curves)
      if (!c.fixed_field && c.ssd_mm != depth_curves.front().ssd_mm)
        throw InputError(fmt::format("depth scans at SSD {} and {} mm", depth_curves.front().ssd_mm, c.ssd_mm),
                         scans.front().where, "all must have one SSD",
                         "convert them one set at a time, or give tpr.csv");
    convert_depth_scans(depth_curves, import);
  }
  for (const auto& [collimator, by_depth] : profiles) {
    import.parts.ocr[collimator] = ocr_of(by_depth);
    const BeamTable& t = import.parts.ocr[collimator];
    import.notes.push_back(fmt::format("OCR of the {} mm collimator: {} depths, {} radii to {:g} mm", collimator,
                                       t.first.size(), t.second.size(), t.second.back()));
  }
}

}  // namespace sbrt
