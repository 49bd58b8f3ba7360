#include "engine/cli/outputs.h"
#include "engine/cli/session.h"
#include "engine/evaluation/gamma_files.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt::cli {
namespace {

struct GammaVerb {
  std::string reference, evaluated, json;
  bool overwrite = false;
  GammaCriteria criteria;
};

std::string place(PatientPoint p) { return fmt::format("({:.1f}, {:.1f}, {:.1f}) mm", p.x, p.y, p.z); }

void print(const GammaResult& r) {
  fmt::print("gamma {} %/{} mm, {}, cutoff {} % of {:.3f} Gy\n", r.criteria.dose_pct, r.criteria.distance_mm,
             r.criteria.local ? "local" : "global", r.criteria.cutoff_pct, r.normalisation_gy);
  fmt::print("pass rate {:.3f} %  ({} of {} points; {} below the cutoff, {} outside the evaluated grid)\n", r.pass_pct,
             r.passed, r.compared, r.below_cutoff, r.not_covered);
  fmt::print("mean {:.4f}  max {}{:.4f}", r.mean, r.largest >= r.criteria.largest ? ">= " : "", r.largest);
  if (r.worst) fmt::print(" at {}, reference {:.3f} Gy", place(r.worst->point), r.worst->reference_gy);
  fmt::print("\n");
  if (r.failing)
    fmt::print("failing: {} points, {:.4g} cc, box {} to {}, centroid {}\n", r.failing->points, r.failing->volume_cc,
               place(r.failing->box.low), place(r.failing->box.high), place(r.failing->centroid));
  const std::int64_t most = *std::max_element(r.histogram.begin(), r.histogram.end());
  fmt::print("\n   gamma    points\n");
  for (std::size_t n = 0; n < r.histogram.size(); ++n)
    if (r.histogram[n] > 0)
      fmt::print("{}{:7.1f} {:9}  {}\n", n + 1 == r.histogram.size() ? ">=" : "  ", double(n) * r.histogram_bin,
                 r.histogram[n], std::string(std::size_t(50 * r.histogram[n] / most), '#'));
}

void run(const GammaVerb& verb, Session& session) {
  claim_outputs({verb.json}, verb.overwrite);
  const GammaOutcome outcome = compare_dose_files(verb.reference, verb.evaluated, verb.criteria, session.progress());
  session.log(outcome.warnings);
  if (!verb.json.empty()) write_file_atomically(verb.json, to_json(outcome, program_version(), program_revision()));
  print(outcome.result);
  fmt::print("\n{}\n", disclaimer);
}

}  // namespace

void add_gamma_verb(CLI::App& app, Session& session) {
  CLI::App* verb =
      add_verb(app, "gamma", "gamma index of two doses",
               "sbrtplan gamma reference.dcm evaluated.dcm --dose-pct 2 --distance-mm 1 --json gamma.json");
  auto v = std::make_shared<GammaVerb>();
  verb->add_option("REF", v->reference, "reference RTDOSE: gamma is taken at its grid points")->required();
  verb->add_option("EVAL", v->evaluated, "evaluated RTDOSE: searched between its grid points")->required();
  verb->add_option("--dose-pct", v->criteria.dose_pct, "dose criterion in %")->capture_default_str();
  verb->add_option("--distance-mm", v->criteria.distance_mm, "distance criterion in mm")->capture_default_str();
  verb->add_flag("--local", v->criteria.local, "dose criterion in % of each point's dose, not of the maximum");
  verb->add_option("--cutoff-pct", v->criteria.cutoff_pct, "leave out points below this % of the maximum")
      ->capture_default_str();
  verb->add_option("--max-gamma", v->criteria.largest, "the search ends here; larger values count as this")
      ->capture_default_str();
  verb->add_option("--json", v->json, "write the result as JSON");
  verb->add_flag("--overwrite", v->overwrite, "replace an existing file");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
