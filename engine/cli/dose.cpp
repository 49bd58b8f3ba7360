#include "dicom/export.h"
#include "engine/accumulate_case.h"
#include "engine/cli/biology_options.h"
#include "engine/cli/outputs.h"
#include "engine/cli/plan_options.h"
#include "engine/cli/session.h"
#include "engine/effective_dose.h"
#include "engine/forward_dose.h"
#include "engine/plan_outputs.h"
#include "engine/version.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

namespace sbrt::cli {
namespace {

struct DoseVerb {
  ForwardRequest request;
  PlanOptionTexts texts;
  EffectiveRequest effective;
  BiologyTexts biology;
  std::string beams, out, point, path = "fast", quantity = "physical", tissue;
  bool overwrite = false;
  std::function<bool(const std::string&)> stated;
};

PatientPoint parse_point(const std::string& text) {
  std::stringstream list(text);
  PatientPoint p;
  char comma1 = 0, comma2 = 0;
  if (!(list >> p.x >> comma1 >> p.y >> comma2 >> p.z) || comma1 != ',' || comma2 != ',' || !(list >> std::ws).eof())
    throw InputError("point '" + text + "' cannot be read", "--trace-point", "",
                     "write x,y,z in mm, DICOM patient coordinates");
  return p;
}

void print_trace(const ForwardOutcome& outcome, const std::string& point) {
  fmt::print("dose at {} mm (LPS), beam by beam, eq. (6) of docs/physics.md; totals over all fractions\n", point);
  fmt::print("{:>8} {:>9} {:>9} {:>10} {:>8} {:>8} {:>8} {:>9} {:>10} {:>10}\n", "beam", "z [mm]", "r800 [mm]",
             "d_eff [mm]", "OF", "TPR", "OCR", "(800/z)^2", "MU", "dose [Gy]");
  double sum = 0;
  for (const BeamContribution& c : outcome.trace) {
    fmt::print("{:>8} {:>9.3f} {:>9.3f} {:>10.3f} {:>8.5f} {:>8.5f} {:>8.5f} {:>9.5f} {:>10.3f} {:>10.6f}\n", c.beam_id,
               c.z_mm, c.r800_mm, c.d_eff_mm, c.output_factor, c.tpr, c.ocr, c.inverse_square, c.weight_mu, c.dose_gy);
    sum += c.dose_gy;
  }
  fmt::print("{:>8} {:>93.6f}\n", "sum", sum);
}

void run(DoseVerb& verb, Session& session) {
  claim_outputs({verb.out}, verb.overwrite);
  const ForwardRequest stated = verb.request;
  PlanRequest parsed;
  parsed.patient = stated.patient;
  parse_texts(verb.texts, parsed);
  if (is_plan_file(verb.beams)) {
    // The plan says what its dose follows from; what the command line states replaces it.
    take_settings_of_plan(verb.beams, verb.request);
    if (verb.stated("--beam-data")) verb.request.beam_data = stated.beam_data;
    if (verb.stated("--grid-mm")) verb.request.grid_mm = stated.grid_mm;
    if (verb.stated("--grid-mm") || verb.stated("--region")) verb.request.grid.reset();
    if (verb.stated("--density")) verb.request.patient.density = stated.patient.density;
    if (verb.stated("--body")) verb.request.patient.body = stated.patient.body;
    if (verb.stated("--override")) verb.request.patient.overrides = parsed.patient.overrides;
    if (verb.stated("--couch")) verb.request.patient.couch_in = parsed.patient.couch_in;
    if (verb.stated("--contours")) verb.request.patient.between = parsed.patient.between;
    if (verb.stated("--depth")) verb.request.depth = parsed.depth;
  } else {
    BeamFile file = read_beams(verb.beams);
    verb.request.beams = std::move(file.beams);
    verb.request.collimator_kind = std::move(file.collimator_kind);
    verb.request.patient = parsed.patient;
    verb.request.depth = parsed.depth;
  }
  verb.request.selection.inputs = parsed.selection.inputs;
  verb.request.simd = parsed.simd;
  verb.request.path = verb.path == "exact" ? DosePath::exact : DosePath::fast;
  if (!verb.point.empty()) verb.request.trace = parse_point(verb.point);

  verb.effective.quantity = quantity_named(verb.quantity);
  refuse_unused_biology(verb.biology, verb.tissue, verb.effective.quantity);
  verb.effective.tissue = chosen_tissue(parse_biology(verb.biology), verb.tissue);
  if (verb.effective.quantity != DoseQuantity::physical)
    verb.effective.fractions = fractions_of_beams(verb.beams, verb.effective.fractions);

  const ForwardOutcome outcome = forward_dose(verb.request, session.progress());
  std::optional<EffectiveDose> effective;
  if (verb.effective.quantity != DoseQuantity::physical)
    effective = effective_dose(outcome, verb.request, verb.beams, verb.effective, session.progress());
  const DoseGrid& dose = effective ? effective->dose : outcome.dose.dose;
  dicom::DoseExport info;
  info.patient_study = outcome.input.ct_series.patient_study;
  info.frame_of_reference_uid = outcome.input.ct_series.frame_of_reference_uid;
  info.series_description = "sbrtplan dose";
  info.structures = outcome.input.structure_file.reference;
  if (effective) {
    info.effective = true;
    info.series_description = "sbrtplan " + std::string(to_string(verb.effective.quantity));
    info.comment = effective_comment(verb.effective.quantity, verb.effective.tissue);
    info.derivation = effective->derivation;
    session.log(effective->warnings);
  }
  info.uid_seed = uid_seed_of(dose, outcome.input.structure_file.reference.sop_instance_uid,
                              outcome.input.ct_series.series_instance_uid);
  dicom::write_dose(dose, info, {program_version(), program_revision()}, verb.out);
  session.log(outcome.warnings);
  if (verb.request.trace) print_trace(outcome, verb.point);
  double maximum = 0;
  for (const float d : dose.values()) maximum = std::max(maximum, double(d));
  const GridSize n = dose.grid().size();
  if (effective) fmt::print("{}\n", effective->derivation);
  fmt::print("{} beams, {} x {} x {} points of {} mm, maximum {:.3f} Gy\nwritten: {}\n{}\n", verb.request.beams.size(),
             n.nx, n.ny, n.nz, verb.request.grid_mm, maximum, verb.out, disclaimer);
}

}  // namespace

void add_dose_verb(CLI::App& app, Session& session) {
  CLI::App* verb =
      add_verb(app, "dose", "forward dose of a weighted beam set",
               "sbrtplan dose DIR --beams plan.json --grid-mm 1.5 --out dose.dcm --trace-point 0,10,-25.5");
  auto v = std::make_shared<DoseVerb>();
  verb->add_option("DIR", v->texts.inputs, "DICOM folder or files")->required();
  verb->add_option("--beams", v->beams, "weighted beams: beams.json, plan.json or beams.csv")->required();
  verb->add_option("--beam-data", v->request.beam_data, "beam data set: name or folder")->capture_default_str();
  verb->add_option("--grid-mm", v->request.grid_mm,
                   "dose grid spacing over the body (default: the grid of plan.json, else 1.5)")
      ->check(CLI::Range(0.5, 5.0))
      ->capture_default_str();
  verb->add_option("--region", v->request.region,
                   "structure: the grid lies over it instead of over the body, as for a finer grid about a target");
  verb->add_option("--region-margin-mm", v->request.region_margin_mm, "with --region: how far around it")
      ->check(CLI::Range(0.0, 500.0))
      ->needs("--region")
      ->capture_default_str();
  add_depth_option(*verb, v->texts);
  verb->add_option("--trace-point", v->point, "explain the dose at x,y,z (mm, LPS) beam by beam");
  verb->add_option("--dose-path", v->path, "fast: production; exact: one traced ray per beam and point, slow")
      ->check(CLI::IsMember({"fast", "exact"}))
      ->capture_default_str();
  verb->add_option("--quantity", v->quantity, "physical dose, or bed or eqd2 in every voxel (type EFFECTIVE)")
      ->check(CLI::IsMember({"physical", "bed", "eqd2"}))
      ->capture_default_str();
  verb->add_option("--fractions", v->effective.fractions, "fractions, for bed and eqd2 (default: those of plan.json)")
      ->check(CLI::Range(1, 1000));
  add_biology_options(*verb, v->biology);
  add_repair_option(*verb, v->biology);
  verb->add_option("--tissue", v->tissue, "structure of the biology file whose tissue is taken (default: its default)");
  verb->add_option("--nodes", v->effective.nodes,
                   "with repair: node set whose path the beams follow (default: that of plan.json, else file order)");
  add_simd_option(*verb, v->texts);
  add_patient_options(*verb, v->request.patient, v->texts);
  add_selection_options(*verb, v->request.selection);
  verb->add_option("--out", v->out, "RTDOSE file to write")->required();
  verb->add_flag("--overwrite", v->overwrite, "replace an existing file");
  v->stated = [verb](const std::string& option) { return verb->count(option) > 0; };
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
