#include "engine/accumulate_case.h"
#include "engine/cli/biology_options.h"
#include "engine/cli/outputs.h"
#include "engine/cli/session.h"
#include "engine/report/text_table.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

namespace sbrt::cli {
namespace {

struct AccumulateVerb {
  AccumulateRequest request;
  BiologyTexts biology;
  std::vector<std::string> inputs;
  std::string quantity = "eqd2", outside = "omit", interpolation = "cubic", tissue, out, json;
  bool overwrite = false;
};

void print(const AccumulateOutcome& outcome, const std::string& out) {
  using Align = TextTable::Align;
  TextTable table({{"dose"}, {"type"}, {"fractions", Align::right}, {"from"}, {"max Gy", Align::right}});
  for (const AccumulatedDose& input : outcome.inputs)
    table.add_row({input.file.path, input.dose_type,
                   input.fractions > 0 ? fmt::format("{}", input.fractions) : std::string("as is"),
                   input.fractions_from, fmt::format("{:.3f}", input.largest_gy)},
                  "");
  fmt::print("{}\n{}\n", table.text(), derivation_text(outcome));
  const GridSize n = outcome.dose.grid().size();
  const auto spacing = outcome.dose.grid().spacing_mm();
  const PatientPoint p = outcome.largest_at;
  fmt::print("grid of the {}: {} x {} x {} points of {:.4g} x {:.4g} x {:.4g} mm\n", outcome.grid_from, n.nx, n.ny,
             n.nz, spacing[0], spacing[1], spacing[2]);
  fmt::print("maximum {:.3f} Gy at ({:.1f}, {:.1f}, {:.1f}) mm\nwritten: {}\n{}\n", outcome.largest_gy, p.x, p.y, p.z,
             out, disclaimer);
}

void run(AccumulateVerb& verb, Session& session) {
  claim_outputs({verb.out, verb.json}, verb.overwrite);
  AccumulateRequest& request = verb.request;
  for (const std::string& text : verb.inputs) request.inputs.push_back(AccumulateInput::parse(text));
  request.quantity = quantity_named(verb.quantity);
  refuse_unused_biology(verb.biology, verb.tissue, request.quantity);
  request.tissue = chosen_tissue(parse_biology(verb.biology), verb.tissue);
  request.outside = verb.outside == "omit"   ? OutsideRule::omit
                    : verb.outside == "zero" ? OutsideRule::zero
                                             : OutsideRule::refuse;
  request.interpolation = verb.interpolation == "linear" ? Interpolation::linear : Interpolation::cubic;
  const AccumulateOutcome outcome = accumulate_doses(request, session.progress());
  session.log(outcome.warnings);
  dicom::write_dose(outcome.dose, outcome.info, {program_version(), program_revision()}, verb.out);
  if (!verb.json.empty()) write_file_atomically(verb.json, to_json(outcome, program_version(), program_revision()));
  print(outcome, verb.out);
}

}  // namespace

void add_accumulate_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "accumulate", "converts doses to BED or EQD2 and sums plans, voxel by voxel",
                            "sbrtplan accumulate A.dcm:5 B.dcm:3 --quantity eqd2 --alpha-beta-gy 3 --out sum.dcm");
  auto v = std::make_shared<AccumulateVerb>();
  verb->add_option(
          "DOSE", v->inputs,
          "RTDOSE:FRACTIONS; without fractions they come from its RTPLAN in the same folder; an EFFECTIVE dose "
          "is RTDOSE:as-is")
      ->required();
  verb->add_option("--quantity", v->quantity, "what is summed and written")
      ->check(CLI::IsMember({"eqd2", "bed", "physical"}))
      ->capture_default_str();
  add_biology_options(*verb, v->biology);
  verb->add_option("--tissue", v->tissue, "structure of the biology file whose tissue is taken (default: its default)");
  verb->add_option("--grid", v->request.grid, "grid of the result: first, finest, or an RTDOSE file")
      ->capture_default_str();
  verb->add_option("--outside", v->outside, "what is not covered by every dose: omit (smaller result), zero, or refuse")
      ->check(CLI::IsMember({"omit", "zero", "refuse"}))
      ->capture_default_str();
  verb->add_option("--dose-interpolation", v->interpolation, "dose between grid points")
      ->check(CLI::IsMember({"cubic", "linear"}))
      ->capture_default_str();
  verb->add_option("--out", v->out, "RTDOSE file to write (type EFFECTIVE for bed and eqd2)")->required();
  verb->add_option("--json", v->json, "write how it was made as JSON");
  verb->add_flag("--overwrite", v->overwrite, "replace existing files");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
