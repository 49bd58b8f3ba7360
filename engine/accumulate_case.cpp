#include "engine/accumulate_case.h"

#include "dicom/import.h"
#include "engine/case_import.h"
#include "engine/json.h"
#include "engine/plan_outputs.h"
#include "engine/report/biology_report.h"
#include "engine/report/program_block.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace sbrt {
namespace {

constexpr const char* rt_plan_class = "1.2.840.10008.5.1.4.1.1.481.5";
constexpr int most_fractions = 1000;

constexpr const char* one_each = "each input is one dose";

struct ReadDose {
  dicom::DoseFile file;
  std::unique_ptr<DoseGrid> dose;
};

// Fractions of the RTPLAN that the dose refers to, when it lies in the dose's folder.
void fractions_from_plan(const dicom::DoseFile& dose, AccumulatedDose& out) {
  const std::string remedy = "state them behind the file name, such as " + dose.path.string() + ":5";
  if (dose.referenced_plan_uid.empty())
    throw InputError("the number of fractions is not known", dose.path.string(), "the dose refers to no plan", remedy);
  const std::filesystem::path folder = dose.path.has_parent_path() ? dose.path.parent_path() : ".";
  for (const dicom::PlanFile& plan : dicom::scan({folder}).plans) {
    if (plan.reference.sop_instance_uid != dose.referenced_plan_uid) continue;
    if (!plan.fractions)
      throw InputError("the number of fractions is not known", plan.path.string(),
                       "the plan has no single fraction group with a number", remedy);
    out.fractions = *plan.fractions;
    out.fractions_from = plan.path.string();
    return;
  }
  throw InputError("the number of fractions is not known", dose.path.string(),
                   "the RTPLAN it refers to, " + dose.referenced_plan_uid + ", is not in its folder", remedy);
}

void check_kind(const AccumulateInput& input, const dicom::DoseFile& file, DoseQuantity quantity, Warnings& warnings) {
  const std::string where = file.path.string();
  if (file.units != "GY")
    throw InputError("dose in units " + file.units, where, "doses are added in Gy", "export the dose in Gy");
  const bool effective = file.type == "EFFECTIVE";
  if (!effective && file.type != "PHYSICAL")
    throw InputError("dose of type '" + file.type + "'", where, "only PHYSICAL and EFFECTIVE doses can be added",
                     "choose another dose");
  if (effective && !input.as_is)
    throw InputError("the dose is a biologically effective one", where,
                     "it cannot be converted again, and its file does not say reliably how it was made",
                     "when it is in the asked quantity, for the same tissue, state so: " + where + ":as-is");
  if (!effective && input.as_is && quantity != DoseQuantity::physical)
    throw InputError("a physical dose is to be taken as it is", where, "it would count as BED or EQD2",
                     "state its fractions, such as " + where + ":5");
  if (effective && quantity == DoseQuantity::physical)
    throw InputError("the dose is a biologically effective one", where, "it is no physical dose",
                     "choose the physical dose, or --quantity bed or eqd2");
  const std::string& summed = file.summation_type;
  if (summed == "PLAN" || (summed == "MULTI_PLAN" && (effective || quantity == DoseQuantity::physical))) return;
  if (summed == "FRACTION") {
    warnings.push_back({"dose-summation", where + ": the RTDOSE is of type 'FRACTION'; it is taken as the total dose "
                                                  "over the stated fractions"});
    return;
  }
  throw InputError("dose of summation type '" + summed + "'", where,
                   summed == "MULTI_PLAN" ? "plans of different fractions cannot be converted once they are summed"
                                          : "a part of a plan has no BED of its own",
                   "give the dose of each plan (PLAN)");
}

void check_belong_together(const dicom::DoseFile& first, const dicom::DoseFile& other, Warnings& warnings) {
  const std::string where = other.path.string();
  const std::string &patient = first.patient_study.patient_id, &other_patient = other.patient_study.patient_id;
  if (patient.empty() || other_patient.empty())
    warnings.push_back(
        {"patient-unknown", where + ": a patient ID is missing; check that both doses are one patient's"});
  else if (patient != other_patient)
    throw InputError(
        "the doses belong to different patients", where,
        fmt::format("its patient ID is \"{}\", that of {} is \"{}\"", other_patient, first.path.string(), patient),
        "choose doses of one patient");
  const std::string &frame = first.frame_of_reference_uid, &other_frame = other.frame_of_reference_uid;
  if (frame.empty() || other_frame.empty())
    warnings.push_back(
        {"frame-unknown", where + ": a frame of reference is missing; that the coordinates mean the same place is the "
                                  "user's statement"});
  else if (frame != other_frame)
    throw InputError("the doses have different frames of reference", where,
                     "their coordinates do not mean the same place",
                     "resample the dose to one CT by a registration first");
}

Grid grid_of(const AccumulateRequest& request, const std::vector<ReadDose>& doses, std::string& from,
             Warnings& warnings) {
  if (request.grid == "first") {
    from = "first dose";
    return doses.front().dose->grid();
  }
  if (request.grid == "finest") {
    from = "finest dose";
    const auto finest = std::min_element(doses.begin(), doses.end(), [](const ReadDose& a, const ReadDose& b) {
      return a.dose->grid().voxel_volume_mm3() < b.dose->grid().voxel_volume_mm3();
    });
    return finest->dose->grid();
  }
  from = request.grid;
  const dicom::DoseFile file = only_dose_in(request.grid, one_each);
  check_belong_together(doses.front().file, file, warnings);
  return dicom::load_dose(file).dose.grid();
}

void tell_coverage(const AccumulateOutcome& outcome, bool cropped, Warnings& warnings) {
  for (const AccumulatedDose& input : outcome.inputs) {
    const PartCoverage& c = input.coverage;
    if (c.uncovered_cc > 0 && outcome.outside == OutsideRule::zero)
      warnings.push_back({"accumulate-outside",
                          fmt::format("{}: {:.4g} cc of the sum's grid lie outside this dose; it counts as 0 there, "
                                      "while up to {:.4g} Gy lie on the faces of its grid",
                                      input.file.path, c.uncovered_cc, c.largest_on_faces_gy)});
    if (c.largest_lost_gy > 0)
      warnings.push_back({cropped ? "accumulate-cropped" : "accumulate-lost",
                          fmt::format("{}: up to {:.4g} Gy of this dose lie outside the grid of the result and are not "
                                      "in it",
                                      input.file.path, c.largest_lost_gy)});
  }
  if (cropped)
    warnings.push_back({"accumulate-cropped",
                        "the result covers only what all doses cover; outside, the sum is not known (--outside)"});
}

void fill_export(const std::vector<ReadDose>& doses, AccumulateOutcome& outcome) {
  dicom::DoseExport& info = outcome.info;
  info.patient_study = doses.front().file.patient_study;
  info.frame_of_reference_uid = doses.front().file.frame_of_reference_uid;
  info.effective = outcome.quantity != DoseQuantity::physical;
  info.several_plans = doses.size() > 1 || doses.front().file.summation_type == "MULTI_PLAN";
  info.series_description = doses.size() > 1 ? fmt::format("sum in {}", to_string(outcome.quantity))
                                             : std::string(to_string(outcome.quantity));
  info.comment = info.effective ? effective_comment(outcome.quantity, outcome.tissue) : "sum of plans";
  info.derivation = derivation_text(outcome);
  std::string seed = info.derivation;
  for (const ReadDose& d : doses) {
    info.sources.push_back(d.file.reference);
    const std::string plan = d.file.referenced_plan_uid.empty()
                                 ? dicom::uid_from(d.file.reference.sop_instance_uid + "/plan")
                                 : d.file.referenced_plan_uid;
    const bool known =
        std::any_of(info.plans.begin(), info.plans.end(), [&](const auto& p) { return p.sop_instance_uid == plan; });
    if (!known) info.plans.push_back({rt_plan_class, plan});
    seed += " " + d.file.reference.sop_instance_uid;
  }
  info.uid_seed = uid_seed_of(outcome.dose, seed, "");
}

}  // namespace

AccumulateInput AccumulateInput::parse(const std::string& text) {
  AccumulateInput input;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find('/', colon) != std::string::npos) {
    input.path = text;
    return input;
  }
  const std::string said = text.substr(colon + 1);
  input.path = text.substr(0, colon);
  if (said == "as-is") {
    input.as_is = true;
    return input;
  }
  int fractions = 0;
  const auto [end, status] = std::from_chars(said.data(), said.data() + said.size(), fractions);
  if (status != std::errc{} || end != said.data() + said.size() || fractions < 1 || fractions > most_fractions ||
      input.path.empty())
    throw InputError("'" + text + "' cannot be read", "dose", "a number of fractions from 1 to 1000 follows the ':'",
                     "write FILE:FRACTIONS such as A.dcm:5, or FILE:as-is");
  input.fractions = fractions;
  return input;
}

std::string effective_comment(DoseQuantity quantity, const Tissue& tissue) {
  return fmt::format("{} a/b {:.4g} {}", to_string(quantity), tissue.alpha_beta_gy, to_string(tissue.model));
}

AccumulateOutcome accumulate_doses(const AccumulateRequest& request, Progress& progress) {
  SBRT_EXPECT(!request.inputs.empty());
  Warnings warnings;
  std::vector<ReadDose> doses;
  std::vector<AccumulatedDose> records;
  for (const AccumulateInput& input : request.inputs) {
    ReadDose read{only_dose_in(input.path, one_each), nullptr};
    check_kind(input, read.file, request.quantity, warnings);
    if (!doses.empty()) check_belong_together(doses.front().file, read.file, warnings);
    for (const ReadDose& before : doses)
      if (before.file.reference.sop_instance_uid == read.file.reference.sop_instance_uid)
        throw InputError("the same dose is named twice", read.file.path.string(),
                         "it is the object of " + before.file.path.string(), "name every dose once");
    AccumulatedDose record;
    record.file = record_of_file(read.file.path, "RTDOSE", read.file.reference.sop_instance_uid);
    record.dose_type = read.file.type;
    if (input.fractions) {
      record.fractions = *input.fractions;
      record.fractions_from = "command line";
    } else if (!input.as_is && request.quantity != DoseQuantity::physical) {
      fractions_from_plan(read.file, record);
    }
    dicom::LoadedDose loaded = dicom::load_dose(read.file);
    append(warnings, loaded.warnings);
    read.dose = std::make_unique<DoseGrid>(std::move(loaded.dose));
    record.largest_gy = double(*std::max_element(read.dose->values().begin(), read.dose->values().end()));
    doses.push_back(std::move(read));
    records.push_back(std::move(record));
  }
  if (request.quantity != DoseQuantity::physical && request.tissue.repair)
    warnings.push_back({"repair-not-applied",
                        "repair within a fraction is not applied: a dose does not tell the order "
                        "of its beams; use dose --quantity with the plan"});
  if (request.quantity != DoseQuantity::physical && request.tissue.repopulation)
    warnings.push_back({"repopulation-not-applied",
                        fmt::format("repopulation ({:.4g} Gy) belongs to the whole treatment and is not taken from the "
                                    "voxels",
                                    request.tissue.repopulation->loss_gy())});

  std::string grid_from;
  const Grid grid = grid_of(request, doses, grid_from, warnings);
  std::vector<AccumulationPart> parts;
  for (std::size_t d = 0; d < doses.size(); ++d)
    parts.push_back({records[d].file.path, doses[d].dose.get(), records[d].fractions});
  Accumulation sum =
      accumulate(parts, grid, request.quantity, request.tissue, request.outside, request.interpolation, progress);
  for (std::size_t d = 0; d < records.size(); ++d) records[d].coverage = sum.parts[d];

  AccumulateOutcome outcome{request.quantity,
                            request.tissue,
                            std::move(sum.sum),
                            std::move(records),
                            grid_from,
                            request.outside,
                            request.interpolation,
                            0,
                            {},
                            {},
                            {}};
  const auto& values = outcome.dose.values();
  const std::size_t hottest = std::size_t(std::max_element(values.begin(), values.end()) - values.begin());
  const GridSize n = outcome.dose.grid().size();
  outcome.largest_gy = double(values[hottest]);
  outcome.largest_at = outcome.dose.grid().voxel_centre(int(hottest % n.nx), int(hottest / n.nx % n.ny),
                                                        int(hottest / (std::size_t(n.nx) * n.ny)));
  tell_coverage(outcome, sum.cropped, warnings);
  outcome.warnings = std::move(warnings);
  fill_export(doses, outcome);
  return outcome;
}

std::string derivation_text(const AccumulateOutcome& outcome) {
  std::string text = outcome.inputs.size() > 1
                         ? fmt::format("sum of {} doses in {}", outcome.inputs.size(), to_string(outcome.quantity))
                         : std::string(to_string(outcome.quantity)) + " of one dose";
  std::string fractions;
  for (const AccumulatedDose& input : outcome.inputs)
    fractions += (fractions.empty() ? "" : ", ") +
                 (input.fractions > 0 ? fmt::format("{} fractions", input.fractions) : std::string("as it is"));
  text += " (" + fractions + ")";
  if (outcome.quantity != DoseQuantity::physical)
    text += fmt::format("; voxel by voxel by {} [{}]", outcome.tissue.survival_description(), outcome.tissue.source);
  return text + fmt::format("; {} between grid points", to_string(outcome.interpolation));
}

std::string to_json(const AccumulateOutcome& o, const std::string& version, const std::string& revision) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-accumulation/1");
  write_program(json, version, revision);
  json.member("quantity", o.quantity == DoseQuantity::physical ? "physical"
                          : o.quantity == DoseQuantity::bed    ? "bed"
                                                               : "eqd2");
  json.key("inputs").begin_array();
  for (const AccumulatedDose& input : o.inputs) {
    json.begin_object().member("path", input.file.path).member("uid", input.file.uid);
    json.member("sha256", input.file.sha256).member("dose_type", input.dose_type);
    if (input.fractions > 0) json.member("fractions", input.fractions).member("fractions_from", input.fractions_from);
    json.member("max_gy", input.largest_gy).member("uncovered_cc", input.coverage.uncovered_cc);
    json.member("max_outside_result_gy", input.coverage.largest_lost_gy);
    json.member("max_on_faces_gy", input.coverage.largest_on_faces_gy).end_object();
  }
  json.end_array();
  if (o.quantity != DoseQuantity::physical) {
    json.key("radiobiology").begin_object();
    write_tissue(json, o.tissue);
    json.end_object();
  }
  const Grid& grid = o.dose.grid();
  const GridSize n = grid.size();
  const auto spacing = grid.spacing_mm();
  json.key("grid").begin_object().member("from", o.grid_from);
  json.member("size", std::vector<double>{double(n.nx), double(n.ny), double(n.nz)});
  json.member("spacing_mm", std::vector<double>(spacing.begin(), spacing.end())).member("origin_mm", grid.origin());
  json.end_object();
  json.member("outside", o.outside == OutsideRule::omit ? "omit" : o.outside == OutsideRule::zero ? "zero" : "refuse");
  json.member("dose_interpolation", to_string(o.interpolation));
  json.key("max").begin_row_object().member("gy", o.largest_gy).member("point_mm", o.largest_at).end_object();
  json.member("method", derivation_text(o));
  json.key("warnings").begin_array();
  for (const Warning& w : o.warnings)
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array().end_object();
  return json.finish();
}

}  // namespace sbrt
