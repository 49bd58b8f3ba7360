#include "dose/beam_data_import.h"

#include "engine/cli/beam_data_commands.h"

#include <fmt/format.h>

namespace sbrt::cli {
namespace {

struct ImportOptions {
  std::vector<std::string> sources;
  std::string out, depth_scans;
  BeamDataDescription description;
  bool overwrite = false;
};

void import_set(const ImportOptions& options, Session& session) {
  const DepthScanKind kind = options.depth_scans == "pdd"   ? DepthScanKind::depth_dose_at_fixed_ssd
                             : options.depth_scans == "tpr" ? DepthScanKind::tissue_phantom_ratio
                                                            : DepthScanKind::not_stated;
  const BeamDataImport import = import_beam_data(options.sources, kind);
  BeamDataDescription description = options.description;
  if (description.source.empty()) {
    description.source = "Imported from";
    for (const std::string& s : options.sources) description.source += " " + s;
  }
  write_beam_data(options.out, beam_data_files(description, import.parts), options.overwrite);
  for (const std::string& note : import.notes) fmt::print("{}\n", note);
  session.log(import.warnings);
  fmt::print("\n{}: {} collimators, marked not clinical; look at it with\n  sbrtplan beam-data check {}\n", options.out,
             import.parts.ocr.size(), options.out);
}

}  // namespace

void add_beam_data_import(CLI::App& verb, Session& session) {
  auto o = std::make_shared<ImportOptions>();
  CLI::App* import =
      add_verb(verb, "import", "make a set of text tables or water-phantom scans",
               "sbrtplan beam-data import scans.asc of.csv --depth-scans pdd --out site --name our-site");
  import
      ->add_option(
          "SOURCE", o->sources,
          "DMTable.dat, TMRtable.dat, OCRtable*.dat, W2CAD scans (*.asc), of.csv, tpr.csv, ocr.csv, or folders of them")
      ->required();
  import->add_option("--out", o->out, "new folder of the set")->required();
  import->add_option("--name", o->description.name, "name of the set, as plans record it")->required();
  import
      ->add_option("--depth-scans", o->depth_scans,
                   "what depth scans hold: dose at fixed SSD (pdd), or TPR at 800 mm (tpr)")
      ->check(CLI::IsMember({"pdd", "tpr"}));
  import->add_option("--collimator-kind", o->description.collimator_kind, "fixed or iris")
      ->check(CLI::IsMember({"fixed", "iris"}))
      ->capture_default_str();
  import->add_option("--version", o->description.version, "version of the set")->capture_default_str();
  import->add_option("--source", o->description.source,
                     "where the numbers come from (default: the names of the sources)");
  import->add_option("--licence", o->description.licence, "licence of the numbers")->capture_default_str();
  import->add_flag("--overwrite", o->overwrite, "replace the folder if it holds nothing but a beam data set");
  import->callback([o, &session] { import_set(*o, session);
});
}  // namespace sbrt::cli

}  // namespace sbrt::cli
