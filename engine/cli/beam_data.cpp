#include "dose/beam_data.h"

#include "dose/beam_data_check.h"
#include "dose/beam_data_plots.h"
#include "engine/cli/beam_data_commands.h"
#include "engine/cli/session.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

namespace sbrt::cli {
namespace {

void print_list() {
  fmt::print("{:<20} {:<10} {:<10} {}\n", "name", "version", "clinical", "source");
  for (const std::string& name : BeamData::shipped_names()) {
    const BeamData set = BeamData::named_or_folder(name);
    fmt::print("{:<20} {:<10} {:<10} {}\n", set.name(), set.version(), set.clinical() ? "yes" : "no", set.source());
  }
}

void print_set(const BeamData& set) {
  fmt::print("{} {} ({}), sha256 {}\nsource: {}\nreference: {} Gy/MU at {} mm\n\n", set.name(), set.version(),
             set.clinical() ? "clinical" : "NOT clinical", set.sha256(), set.source(), set.gy_per_mu(),
             set.reference_distance_mm());
  fmt::print("{:>14} {:>14} {:>12} {:>12} {:>12} {:>16}\n", "collimator [mm]", "OF at 800 mm", "TPR 50 mm",
             "TPR 100 mm", "TPR 200 mm", "OCR edge at 15 mm");
  for (const double c : set.collimators_mm())
    fmt::print("{:>15} {:>14.4f} {:>12.4f} {:>12.4f} {:>12.4f} {:>16.4f}\n", c, set.output_factor(c, 800),
               set.tissue_phantom_ratio(c, 50), set.tissue_phantom_ratio(c, 100), set.tissue_phantom_ratio(c, 200),
               set.off_axis_ratio(c, c / 2, 15));
}

struct CheckOptions {
  std::string name;
  bool strict = false;
};

void print_check(const BeamData& set, const CheckOptions& options, Session& session) {
  const std::vector<BeamDataFinding> findings = check_beam_data(set);
  fmt::print("{} {}: {} collimators, all tables complete and in order\n\n", set.name(), set.version(),
             set.collimators_mm().size());
  for (const BeamDataFinding& f : findings)
    fmt::print("{:<7} {}: {} (wanted: {})\n", f.passed ? "ok" : "WARNING", f.what, f.found, f.wanted);
  const Warnings warnings = warnings_of(findings);
  fmt::print("\n{} of {} findings are warnings\n", warnings.size(), findings.size());
  session.log(warnings);
  if (options.strict && !warnings.empty()) session.exit_code = exit_goal_missed;
}

struct ShowOptions {
  std::string name, svg;
  bool overwrite = false;
};

void write_plots(const BeamData& set, const ShowOptions& options) {
  std::vector<std::string> names;
  const std::vector<PlotFile> plots = beam_data_plots(set);
  for (const PlotFile& p : plots) names.push_back(p.name);
  AtomicFolder folder(options.svg, options.overwrite, names);
  for (const PlotFile& p : plots) write_file_atomically(folder.staging() / p.name, p.svg);
  folder.commit();
  fmt::print("\n{} plots in {}\n", plots.size(), options.svg);
}

}  // namespace

void add_beam_data_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "beam-data", "beam data sets: list, show, check, import, fit",
                            "sbrtplan beam-data show generic-6mv-fff");
  verb->require_subcommand(1);
  CLI::App* list = add_verb(*verb, "list", "the sets that come with the program", "sbrtplan beam-data list");
  list->callback([] { print_list(); });
  auto shown = std::make_shared<ShowOptions>();
  CLI::App* show = add_verb(*verb, "show", "factors of one set, and its plots",
                            "sbrtplan beam-data show generic-6mv-fff --svg plots");
  show->add_option("NAME", shown->name, "name of a set, or its folder")->required();
  show->add_option("--svg", shown->svg, "new folder for of.svg, tpr.svg and one ocr-*.svg per collimator");
  show->add_flag("--overwrite", shown->overwrite, "replace the folder of --svg if it holds nothing but such plots");
  show->callback([shown] {
    const BeamData set = BeamData::named_or_folder(shown->name);
    print_set(set);
    if (!shown->svg.empty()) write_plots(set, *shown);
  });
  auto checked = std::make_shared<CheckOptions>();
  CLI::App* check = add_verb(*verb, "check", "read a set, judge its tables and say whether it can be used",
                             "sbrtplan beam-data check our-site --strict");
  check->add_option("NAME", checked->name, "name of a set, or its folder")->required();
  check->add_flag("--strict", checked->strict, "exit 1 when there is a warning");
  check->callback([checked, &session] { print_check(BeamData::named_or_folder(checked->name), *checked, session); });
  add_beam_data_import(*verb, session);
  add_beam_data_fit(*verb, session);
}

}  // namespace sbrt::cli
