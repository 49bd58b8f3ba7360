#include "engine/report/dose_origin.h"

#include "engine/report/text_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sbrt {
namespace {

std::vector<double> as_numbers(const std::vector<int>& numbers) { return {numbers.begin(), numbers.end()}; }

void write_part(JsonWriter& json, const DosePart& part) {
  json.begin_object();
  if (!part.path.empty()) json.member("path", part.path);
  if (!part.uid.empty()) json.member("uid", part.uid);
  json.member("summation_type", part.summation_type).member("dose_type", part.dose_type).member("units", part.units);
  if (!part.beams.empty()) json.member("beams", as_numbers(part.beams));
  if (!part.brachy_setups.empty()) json.member("application_setups", as_numbers(part.brachy_setups));
  json.member("factor", part.factor).member("why", part.why).end_object();
}

void write_figures(JsonWriter& json, const char* name, const DvhFigures& f) {
  json.key(name).begin_row_object();
  if (f.volume_cc) json.member("volume_cc", *f.volume_cc);
  if (f.min_gy) json.member("min_gy", *f.min_gy);
  if (f.mean_gy) json.member("mean_gy", *f.mean_gy);
  if (f.max_gy) json.member("max_gy", *f.max_gy);
  json.member("d95_gy", f.d95_gy).member("d50_gy", f.d50_gy).member("d2_gy", f.d2_gy).end_object();
}

void write_comparison(JsonWriter& json, const EmbeddedComparison& row) {
  json.begin_object();
  if (!row.structure.empty()) json.member("structure", row.structure);
  json.member("roi_number", row.roi_number);
  if (!row.not_compared.empty()) {
    json.member("not_compared", row.not_compared).end_object();
    return;
  }
  write_figures(json, "embedded", row.embedded);
  write_figures(json, "ours", row.ours);
  json.member("largest_volume_difference_pct", row.largest_volume_difference_pct);
  json.member("at_dose_gy", row.at_dose_gy).member("within_bounds", row.within_bounds);
  if (!row.reason.empty()) json.member("reason", row.reason);
  json.end_object();
}

std::string pair(const std::optional<double>& embedded, const std::optional<double>& ours) {
  return (embedded ? fmt::format("{:.3f}", *embedded) : "-") + " " + (ours ? fmt::format("{:.3f}", *ours) : "-");
}

}  // namespace

void write_dose_origin(JsonWriter& json, const DoseOrigin& origin) {
  json.key("dose").begin_object().member("total", origin.how).key("parts").begin_array();
  for (const DosePart& part : origin.parts) write_part(json, part);
  json.end_array().end_object();
  if (origin.embedded.empty()) return;
  json.key("embedded_dvhs").begin_array();
  for (const EmbeddedComparison& row : origin.embedded) write_comparison(json, row);
  json.end_array();
}

std::string dose_origin_text(const DoseOrigin& origin) {
  std::string out = "dose: " + origin.how + "\n";
  if (origin.parts.size() > 1)
    for (const DosePart& part : origin.parts) {
      std::string of;
      if (!part.beams.empty()) of = fmt::format(" beam {}", fmt::join(part.beams, "+"));
      if (!part.brachy_setups.empty()) of = fmt::format(" application setup {}", fmt::join(part.brachy_setups, "+"));
      out += fmt::format("  {:.6g} x {}{} ({})\n", part.factor, part.path, of, part.why);
    }
  if (origin.embedded.empty()) return out;
  using Align = TextTable::Align;
  TextTable table({{"DVH in the RTDOSE | ours"},
                   {"cc", Align::right},
                   {"mean Gy", Align::right},
                   {"max Gy", Align::right},
                   {"D95% Gy", Align::right},
                   {"D50% Gy", Align::right},
                   {"D2% Gy", Align::right},
                   {"curve", Align::right},
                   {"result"}});
  std::string left_out;
  for (const EmbeddedComparison& row : origin.embedded) {
    const std::string name = row.structure.empty() ? fmt::format("ROI {}", row.roi_number) : row.structure;
    if (!row.not_compared.empty()) {
      left_out += fmt::format("{}: not compared, {}\n", name, row.not_compared);
      continue;
    }
    const DvhFigures &e = row.embedded, &o = row.ours;
    table.add_row({name, pair(e.volume_cc, o.volume_cc), pair(e.mean_gy, o.mean_gy), pair(e.max_gy, o.max_gy),
                   pair(e.d95_gy, o.d95_gy), pair(e.d50_gy, o.d50_gy), pair(e.d2_gy, o.d2_gy),
                   fmt::format("{:+.1f} % at {:.2f} Gy", row.largest_volume_difference_pct, row.at_dose_gy),
                   row.within_bounds ? "agrees" : "DIFFERS"});
  }
  if (!table.empty())
    out += "\n" + table.text() +
           fmt::format(
               "of the part that the dose grid covers; curve: largest difference of volume at equal dose; bounds: "
               "volume {:.0f} %, doses {:.0f} % of the maximum, curve {:.0f} % or {:.0f} % of the maximum in dose\n",
               embedded_volume_bound_pct, embedded_dose_bound_pct, embedded_curve_bound_pct,
               embedded_curve_dose_shift_pct);
  return out + left_out;
}

}  // namespace sbrt
