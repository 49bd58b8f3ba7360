#include "dose/beam_data_fit.h"

#include "dose/beam_data_writer.h"
#include "dose/csv.h"
#include "engine/cli/beam_data_commands.h"

#include <fmt/format.h>

namespace sbrt::cli {
namespace {

struct FitOptions {
  std::string measured, out;
  BeamDataDescription description;
  bool overwrite = false;
};

void print_fit(const BeamDataFit& fit, const std::vector<MeasuredPoint>& points) {
  fmt::print("{:<26} {:>12} {:>12}\n", "parameter", "value", "+/- 1 sd");
  for (const FittedParameter& p : fit.table)
    fmt::print("{:<26} {:>12.5g} {:>12} {}\n", p.name, p.value,
               p.fitted ? fmt::format("{:.2g}", p.uncertainty) : "not fitted", p.unit);
  fmt::print("\n{:>5} {:<4} {:>10} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>6}\n", "line", "kind", "collimator", "depth",
             "radius", "distance", "measured", "fitted", "residual", "in sd");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const MeasuredPoint& p = points[i];
    const char* kind = p.kind == MeasuredKind::output_factor          ? "of"
                       : p.kind == MeasuredKind::tissue_phantom_ratio ? "tpr"
                                                                      : "ocr";
    const double residual = fit.modelled[i] - p.value;
    fmt::print("{:>5} {:<4} {:>10g} {:>8g} {:>8.5g} {:>9g} {:>9.4f} {:>9.4f} {:>+9.4f} {:>+6.1f}\n", p.line, kind,
               p.collimator_mm, p.depth_mm, p.radius_mm, p.distance_mm, p.value, fit.modelled[i], residual,
               residual / p.uncertainty);
  }
  fmt::print("\n{} points, rms of the residuals {:.4f}", points.size(), fit.rms);
  if (fit.reduced_chi2 > 0) fmt::print(", chi^2 per degree of freedom {:.2f}", fit.reduced_chi2);
  fmt::print("\n");
}

void fit_set(FitOptions options, Session& session) {
  const std::vector<MeasuredPoint> points = parse_measured_points(read_text_file(options.measured), options.measured);
  const BeamDataFit fit = fit_generic_model(points);
  if (options.description.source.empty())
    options.description.source = fmt::format(
        "Closed-form pencil-kernel model (dose/generic_model.cpp) fitted to the {} measured points of {}, rms of the "
        "residuals "
        "{:.4f}. Depths above 15 mm and what the points do not determine are the model's own, not measured.",
        points.size(), options.measured, fit.rms);
  BeamDataFiles files = make_generic_files(fit.parameters);
  files.description = beam_data_json(options.description);
  write_beam_data(options.out, files, options.overwrite);
  print_fit(fit, points);
  session.log(fit.warnings);
  fmt::print("\n{}: {} collimators, marked not clinical; look at it with\n  sbrtplan beam-data check {}\n", options.out,
             fit.parameters.apertures.size(), options.out);
}

}  // namespace

void add_beam_data_fit(CLI::App& verb, Session& session) {
  auto o = std::make_shared<FitOptions>();
  CLI::App* fit = add_verb(verb, "fit", "fit the generic model to a few measured points",
                           "sbrtplan beam-data fit measured.csv --out site --name our-site");
  fit->add_option("MEASURED.csv", o->measured, "kind,collimator_mm,depth_mm,radius_mm,distance_mm,value,uncertainty")
      ->required();
  fit->add_option("--out", o->out, "new folder of the set")->required();
  fit->add_option("--name", o->description.name, "name of the set, as plans record it")->required();
  fit->add_option("--collimator-kind", o->description.collimator_kind, "fixed or iris")
      ->check(CLI::IsMember({"fixed", "iris"}))
      ->capture_default_str();
  fit->add_option("--version", o->description.version, "version of the set")->capture_default_str();
  fit->add_option("--source", o->description.source, "where the numbers come from (default: the fit)");
  fit->add_option("--licence", o->description.licence, "licence of the numbers")->capture_default_str();
  fit->add_flag("--overwrite", o->overwrite, "replace the folder if it holds nothing but a beam data set");
  fit->callback([o, &session] { fit_set(*o, session); });
}

}  // namespace sbrt::cli
