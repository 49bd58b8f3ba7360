#include "dose/beam_data.h"

#include "engine/cli/session.h"

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

}  // namespace

void add_beam_data_verb(CLI::App& app, Session&) {
  CLI::App* verb =
      add_verb(app, "beam-data", "beam data sets: list, show, check", "sbrtplan beam-data show generic-6mv-fff");
  verb->require_subcommand(1);
  CLI::App* list = verb->add_subcommand("list", "the sets that come with the program");
  list->callback([] { print_list(); });
  auto name = std::make_shared<std::string>();
  CLI::App* show = verb->add_subcommand("show", "factors of one set");
  show->add_option("NAME", *name, "name of a set, or its folder")->required();
  show->callback([name] { print_set(BeamData::named_or_folder(*name)); });
  CLI::App* check = verb->add_subcommand("check", "read a set and say whether it can be used");
  check->add_option("NAME", *name, "name of a set, or its folder")->required();
  check->callback([name] {
    const BeamData set = BeamData::named_or_folder(*name);
    fmt::print("{} {}: {} collimators, all tables complete and in order\n", set.name(), set.version(),
               set.collimators_mm().size());
  });
}

}  // namespace sbrt::cli
