#include "dose/beam_data_plots.h"

#include "dose/beam_tables.h"
#include "dose/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

constexpr std::size_t most_curves = 12;  // more cannot be told apart in one plot

/// At most `most_curves` of n indices, the first and the last among them.
std::vector<std::size_t> chosen(std::size_t n) {
  std::vector<std::size_t> all;
  if (n <= most_curves)
    for (std::size_t i = 0; i < n; ++i) all.push_back(i);
  else
    for (std::size_t i = 0; i < most_curves; ++i)
      all.push_back((i * (n - 1) + (most_curves - 1) / 2) / (most_curves - 1));
  return all;
}

std::string subtitle(const BeamData& data) {
  return fmt::format("{} version {}, {}", data.name(), data.version(),
                     data.clinical() ? "marked clinical" : "not for clinical use");
}

std::vector<double> distances_in_all_tables(const BeamData::Tables& t) {
  std::vector<double> all;
  for (const double z : {650.0, t.reference_distance_mm, 1000.0})
    if (std::all_of(t.output_factor.begin(), t.output_factor.end(),
                    [&](const Table1d& of) { return z >= of.axis.front() && z <= of.axis.back(); }))
      all.push_back(z);
  if (all.empty()) all.push_back(t.reference_distance_mm);
  return all;
}

}  // namespace

std::vector<PlotFile> beam_data_plots(const BeamData& data) {
  const BeamData::Tables& t = data.tables();
  std::vector<PlotFile> files;

  LinePlot of{"Output factor",
              subtitle(data) + fmt::format("; depth {:g} mm in water", t.reference_depth_mm),
              fmt::format("collimator diameter at {:g} mm / mm", t.reference_distance_mm),
              "output factor",
              "distance",
              {}};
  for (const double z : distances_in_all_tables(t)) {
    PlotCurve curve{fmt::format("{:g} mm", z), {}, true};
    for (const double c : t.collimators_mm) curve.points.emplace_back(c, data.output_factor(c, z));
    of.curves.push_back(std::move(curve));
  }
  files.push_back({"of.svg", to_svg(of)});

  LinePlot tpr{"Tissue-phantom ratio",
               subtitle(data) + fmt::format("; 1 at {:g} mm", t.reference_depth_mm),
               "water-equivalent depth / mm",
               "tissue-phantom ratio",
               "field diameter",
               {}};
  for (const std::size_t r : chosen(t.tpr.rows.size())) {
    PlotCurve curve{fmt::format("{:g} mm", t.tpr.rows[r]), {}};
    for (std::size_t d = 0; d < t.tpr.columns.size(); ++d)
      curve.points.emplace_back(t.tpr.columns[d], t.tpr.values[r * t.tpr.columns.size() + d]);
    tpr.curves.push_back(std::move(curve));
  }
  files.push_back({"tpr.svg", to_svg(tpr)});

  for (std::size_t i = 0; i < t.collimators_mm.size(); ++i) {
    const Table2d& table = t.ocr[i];
    LinePlot ocr{fmt::format("Off-axis ratio, {:g} mm collimator", t.collimators_mm[i]),
                 subtitle(data),
                 fmt::format("radius at {:g} mm / mm", t.reference_distance_mm),
                 "off-axis ratio",
                 "depth",
                 {}};
    for (const std::size_t d : chosen(table.rows.size())) {
      PlotCurve curve{fmt::format("{:g} mm", table.rows[d]), {}};
      for (std::size_t r = 0; r < table.columns.size(); ++r)
        curve.points.emplace_back(table.columns[r], table.values[d * table.columns.size() + r]);
      ocr.curves.push_back(std::move(curve));
    }
    files.push_back({fmt::format("ocr-{:g}mm.svg", t.collimators_mm[i]), to_svg(ocr)});
  }
  return files;
}

}  // namespace sbrt
