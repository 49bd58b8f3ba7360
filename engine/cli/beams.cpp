#include "engine/cli/outputs.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/planning/plan_files.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <filesystem>

namespace sbrt::cli {
namespace {

struct BeamsVerb {
  PlanRequest request;
  PlanOptionTexts texts;
  std::string out;
  bool overwrite = false;
};

void run(BeamsVerb& verb, Session& session) {
  claim_outputs({verb.out}, verb.overwrite);
  parse_texts(verb.texts, verb.request);
  // Candidates do not depend on the dose; any prescription serves.
  verb.request.targets.prescriptions = {Prescription{1.0, 1, std::nullopt}};
  const PreparedCase prepared = prepare_case(verb.request, session.progress());
  Warnings warnings = prepared.warnings;
  const BeamSet beams =
      make_candidates(planning_problem(verb.request, prepared), planning_options(verb.request, prepared), warnings);
  const BeamFile file{prepared.beam_data.collimator_kind(), beams};
  write_file_atomically(verb.out, beam_file_text(file));
  session.log(warnings);
  fmt::print("{} candidate beams written to {}\n", beams.size(), verb.out);
}

}  // namespace

void add_beams_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(
      app, "beams", "candidate beam set for a target",
      "sbrtplan beams DIR --target PTV --nodes body --collimators 10,20 --count 6000 --seed 1 --out beams.json");
  auto v = std::make_shared<BeamsVerb>();
  verb->add_option("DIR", v->texts.inputs, "DICOM folder or files")->required();
  verb->add_option("--target", v->request.targets.targets, "structure to aim at; may repeat")->required();
  add_candidate_options(*verb, v->request, v->texts);
  add_patient_options(*verb, v->request.patient, v->texts);
  add_selection_options(*verb, v->request.selection);
  verb->add_option("--out", v->out, "beams.json to write")->required();
  verb->add_flag("--overwrite", v->overwrite, "replace an existing file");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
