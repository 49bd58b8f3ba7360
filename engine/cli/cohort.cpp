#include "engine/cli/session.h"
#include "engine/cohort/cohort_report.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace sbrt::cli {
namespace {

struct CohortVerb {
  std::string store, out, outcomes, confidence_type = "log";
  OutcomeOptions options;
  bool published = false, overwrite = false;
};

constexpr std::array<ConfidenceType, 5> confidence_types{
    ConfidenceType::plain, ConfidenceType::log, ConfidenceType::log_log, ConfidenceType::logit, ConfidenceType::arcsin};

std::vector<std::string> confidence_names() {
  std::vector<std::string> names;
  for (const ConfidenceType type : confidence_types) names.emplace_back(to_string(type));
  return names;
}

void run(CohortVerb& verb, const CLI::App& app) {
  if (verb.outcomes.empty())
    for (const char* option : {"--group", "--covariate", "--confidence-type", "--confidence"})
      if (app.count(option) > 0)
        throw InputError("nothing to apply it to", option, "it belongs to --outcomes", "name the outcomes file");
  CohortReport report;
  report.store = verb.store;
  report.version = program_version();
  report.revision = program_revision();
  report.with_published = verb.published;
  report.contents = read_store(verb.store);
  report.numbers = summarise(report.contents.cases);
  if (!verb.outcomes.empty()) {
    for (const ConfidenceType type : confidence_types)
      if (to_string(type) == verb.confidence_type) verb.options.confidence_type = type;
    report.outcomes = analyse_outcomes(read_outcomes(verb.outcomes), report.contents.cases, verb.options);
  }
  AtomicFolder output(verb.out, verb.overwrite, {"cohort.json", "cohort.html", "cases.csv", "plots"});
  const CohortPictures pictures = draw_pictures(report);
  std::filesystem::create_directory(output.staging() / "plots");
  for (const auto* list : {&pictures.counts, &pictures.distributions, &pictures.comparisons, &pictures.outcomes})
    for (const CohortPicture& picture : *list)
      write_file_atomically(output.staging() / "plots" / (picture.name + ".svg"), picture.svg);
  write_file_atomically(output.staging() / "cohort.json", to_json(report));
  write_file_atomically(output.staging() / "cases.csv", to_csv(report));
  write_file_atomically(output.staging() / "cohort.html", to_html(report, pictures, output.goal()));
  output.commit();
  fmt::print("{}\nwritten to {}: cohort.html, cohort.json, cases.csv, plots/\n{}\n", text_report(report), verb.out,
             disclaimer);
}

}  // namespace

void add_cohort_verb(CLI::App& app, Session&) {
  CLI::App* verb = add_verb(app, "cohort", "the cases of a store as a series: tables, distributions, outcomes",
                            "sbrtplan cohort STORE --out series --published\n  sbrtplan cohort STORE --out series "
                            "--outcomes follow-up.csv --group case.size --covariate case.bed_gy --covariate age");
  auto v = std::make_shared<CohortVerb>();
  verb->add_option("STORE", v->store, "folder that replan --store filled")->required();
  verb->add_option("--out", v->out, "folder to write")->required();
  verb->add_flag("--published", v->published, "shows the published series of 58 lesions beside this one");
  verb->add_option("--outcomes", v->outcomes,
                   "CSV: case_id or patient_id, months, event (0 censored, 1 event, 2... competing), covariates");
  verb->add_option("--group", v->options.groups,
                   "column to compare by (may repeat; default: every column of 2 to 5 values); also case.site, "
                   "case.size, case.bed");
  verb->add_option("--covariate", v->options.covariates,
                   "column to regress on (may repeat; default: every usable one); also case.largest_diameter_mm, "
                   "case.bed_gy, case.coverage_pct, case.nci");
  verb->add_option("--confidence-type", v->confidence_type, "how intervals of survival are made")
      ->capture_default_str()
      ->check(CLI::IsMember(confidence_names()));
  verb->add_option("--confidence", v->options.confidence, "of all intervals")
      ->capture_default_str()
      ->check(CLI::Range(0.5, 0.9999));
  verb->add_flag("--overwrite", v->overwrite, "replace an existing folder as a whole");
  verb->callback([v, verb] { run(*v, *verb); });
}

}  // namespace sbrt::cli
