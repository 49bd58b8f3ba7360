#include "engine/cli/session.h"
#include "engine/version.h"
#include "geometry/error.h"
#include "geometry/units.h"
#include "phantoms/catalogue.h"
#include "phantoms/series.h"
#include "phantoms/write_phantom.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <sstream>

namespace sbrt::cli {
namespace {

struct PhantomVerb {
  std::string name, out, spacing, offset;
  phantoms::PhantomOptions options;
  double diameter_mm = 0;
  CLI::Option* diameter = nullptr;
  int patients = 0;
  bool list = false, overwrite = false;
};
constexpr const char* series_name = "series";

std::array<double, 3> parse_three(const std::string& text, const std::string& option) {
  std::stringstream list(text);
  std::array<double, 3> v{};
  char comma1 = 0, comma2 = 0;
  if (!(list >> v[0] >> comma1 >> v[1] >> comma2 >> v[2]) || comma1 != ',' || comma2 != ',' || !(list >> std::ws).eof())
    throw InputError("'" + text + "' cannot be read", option, "", "write three numbers in mm: x,y,z");
  return v;
}

void print_list() {
  for (const phantoms::CatalogueEntry& entry : phantoms::catalogue()) {
    fmt::print("{:<20} {}\n", entry.name, entry.description);
    if (!entry.variants.empty()) fmt::print("{:<20}   --variant {}\n", "", fmt::join(entry.variants, " | "));
  }
  fmt::print("{:<20} 37 patients with 58 lesions by the counts of a published series, with archived plans\n",
             series_name);
}

void run_series(const PhantomVerb& verb, const CLI::App& app, Session& session) {
  for (const char* option : {"--spacing-mm", "--diameter-mm", "--offset-mm", "--noise-hu", "--variant", "--patient-id"})
    if (app.count(option) > 0)
      throw InputError("the series has no such option", option, "its table fixes sizes, places and patients",
                       "use --seed and --patients");
  const phantoms::Series series =
      phantoms::write_series({verb.options.seed, verb.patients, verb.overwrite},
                             {program_version(), program_revision()}, verb.out, session.progress());
  fmt::print("{:>3} {:<10} {:<7} {:<15} {:>7} {:>9} {:>8} {:>9} {:>8} {:>6}\n", "", "patient", "folder", "site",
             "d [mm]", "GTV [cc]", "dose", "isodose", "coverage", "CI");
  std::size_t lesions = 0;
  for (const phantoms::SeriesStudy& study : series.studies)
    for (const phantoms::SeriesLesion& l : study.lesions) {
      ++lesions;
      fmt::print("{:>3} {:<10} {:<7} {:<15} {:>7} {:>9.2f} {:>8} {:>8}% {:>7.2f}% {:>6.3f}\n", l.number,
                 study.patient_id(), study.folder(), to_string(l.site), l.form.largest_diameter_mm(),
                 l.form.volume_mm3() / units::cc, fmt::format("{}/{}", l.dose_gy, l.fractions), l.archived.isodose_pct,
                 l.archived.coverage_pct, l.archived.ci);
    }
  fmt::print(
      "d, GTV: largest diameter and volume in closed form; isodose, coverage, CI: of the archived plan on its PTV\n"
      "written to {}: {} lesions in {} studies of {} patients as DICOM, and series.csv\n",
      verb.out, lesions, series.studies.size(), series.studies.back().patient);
}

void run(PhantomVerb& verb, const CLI::App& app, Session& session) {
  if (verb.list) return print_list();
  if (verb.name.empty())
    throw InputError("no phantom is named", "phantom", "",
                     "see sbrtplan phantom --list\n  sbrtplan phantom series --out archive");
  if (verb.out.empty()) throw InputError("no output folder", "--out", "", "name one, e.g. --out " + verb.name);
  if (verb.name == series_name) return run_series(verb, app, session);
  if (app.count("--patients") > 0)
    throw InputError("this phantom is one patient", "--patients", "", "it belongs to the phantom series");
  if (!verb.spacing.empty()) verb.options.spacing_mm = parse_three(verb.spacing, "--spacing-mm");
  if (!verb.offset.empty()) {
    const auto o = parse_three(verb.offset, "--offset-mm");
    verb.options.offset_mm = {o[0], o[1], o[2]};
  }
  if (verb.diameter->count() > 0) verb.options.diameter_mm = verb.diameter_mm;

  const phantoms::Phantom phantom = phantoms::build(verb.name, verb.options);
  phantoms::write_phantom(phantom, {program_version(), program_revision()}, verb.out, verb.overwrite);

  const GridSize n = phantom.image.grid().size();
  const auto s = phantom.image.grid().spacing_mm();
  fmt::print("{}: {}\npatient {}, CT {} x {} x {} voxels of {} x {} x {} mm\n", phantom.name, phantom.description,
             phantom.patient_study.patient_id, n.nx, n.ny, n.nz, s[0], s[1], s[2]);
  for (const phantoms::Truth& truth : phantom.truths)
    fmt::print("  {:<16} {:>12.4f} cc (closed form)\n", truth.structure, truth.volume_mm3 / units::cc);
  fmt::print("written to {}: CT and RTSTRUCT as DICOM, case.json\nnext: sbrtplan plan {}/case.json --out {}-plan\n",
             verb.out, verb.out, verb.out);
}

}  // namespace

void add_phantom_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "phantom", "writes an analytic phantom as DICOM CT + RTSTRUCT and case.json",
                            "sbrtplan phantom lung-lesion --out lung --diameter-mm 25\n  sbrtplan phantom --list");
  auto v = std::make_shared<PhantomVerb>();
  verb->add_option("NAME", v->name, "which phantom; see --list");
  verb->add_flag("--list", v->list, "names and descriptions");
  verb->add_option("--out", v->out, "folder to write");
  verb->add_option("--spacing-mm", v->spacing, "CT voxel size x,y,z");
  v->diameter = verb->add_option("--diameter-mm", v->diameter_mm, "diameter of the target");
  verb->add_option("--offset-mm", v->offset, "moves the target by x,y,z against the anatomy");
  verb->add_option("--noise-hu", v->options.noise_hu, "standard deviation of the CT noise")->capture_default_str();
  verb->add_option("--variant", v->options.variant, "of phantoms that have several");
  verb->add_option("--patient-id", v->options.patient_id, "patient ID (default: follows from name and options)");
  verb->add_option("--seed", v->options.seed, "seed of the noise and of random places")->capture_default_str();
  verb->add_option("--patients", v->patients, "of the series: only the first ones");
  verb->add_flag("--overwrite", v->overwrite, "replace an existing folder as a whole");
  verb->callback([v, verb, &session] { run(*v, *verb, session); });
}

}  // namespace sbrt::cli
