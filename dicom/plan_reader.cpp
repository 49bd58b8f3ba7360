#include "dicom/detail/dataset.h"
#include "dicom/robotic_plan.h"
#include "geometry/error.h"
#include "geometry/patient_position.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sbrt::dicom {
namespace {

using detail::integer;
using detail::items;
using detail::number;
using detail::numbers;
using detail::text;

constexpr double still_deg = 1e-3, still_mm = 1e-3;  // what a static field may move between control points
constexpr const char* only_circular = "only plans of static circular photon fields can be recomputed";

/// One beam of the file with the words for a complaint about it.
struct BeamItem {
  DcmItem& item;
  std::string where;

  [[noreturn]] void refuse(const std::string& problem, const std::string& why = only_circular) const {
    throw InputError(problem, where, why, "export the plan with one isocentre, angle pair and cone per beam");
  }
  double required(DcmItem& from, const DcmTagKey& tag, const std::string& name) const {
    const auto value = number(from, tag);
    if (!value) refuse(name + " is missing or no number", "the place of the source follows from it");
    return *value;
  }
};

bool turns(double a_deg, double b_deg) { return std::abs(std::remainder(a_deg - b_deg, 360)) > still_deg; }

void check_static(const BeamItem& beam, const std::vector<DcmItem*>& points) {
  struct Angle {
    DcmTagKey tag;
    const char* name;
    bool must_be_zero;
  };
  static const Angle angles[] = {{DCM_GantryAngle, "gantry angle", false},
                                 {DCM_PatientSupportAngle, "patient support angle", false},
                                 {DCM_GantryPitchAngle, "gantry pitch angle", true},
                                 {DCM_TableTopEccentricAngle, "table top eccentric angle", true},
                                 {DCM_TableTopPitchAngle, "table top pitch angle", true},
                                 {DCM_TableTopRollAngle, "table top roll angle", true}};
  for (const Angle& angle : angles) {
    const auto first = number(*points.front(), angle.tag);
    for (DcmItem* point : points) {
      const auto value = number(*point, angle.tag);
      if (!value) continue;
      if (angle.must_be_zero && turns(*value, 0))
        beam.refuse(fmt::format("{} of {:g} degrees", angle.name, *value), "only gantry and turntable may turn");
      if (first && turns(*value, *first)) beam.refuse(fmt::format("the {} moves during the beam", angle.name));
    }
  }
  const auto isocentre = numbers(*points.front(), DCM_IsocenterPosition);
  for (DcmItem* point : points) {
    const auto there = numbers(*point, DCM_IsocenterPosition);
    if (!there || !isocentre || there->size() != isocentre->size()) continue;
    for (std::size_t n = 0; n < there->size(); ++n)
      if (std::abs((*there)[n] - (*isocentre)[n]) > still_mm) beam.refuse("the isocentre moves during the beam");
  }
}

double circular_opening_mm(const BeamItem& beam) {
  const auto applicators = items(beam.item, DCM_ApplicatorSequence);
  if (applicators.size() != 1) beam.refuse(fmt::format("{} applicators", applicators.size()));
  const auto geometries = items(*applicators.front(), DCM_ApplicatorGeometrySequence);
  if (geometries.size() != 1 || text(*geometries.front(), DCM_ApplicatorApertureShape) != "SYM_CIRCULAR")
    beam.refuse("its applicator is not said to be circular (Applicator Aperture Shape SYM_CIRCULAR)");
  const auto opening = number(*geometries.front(), DCM_ApplicatorOpening);
  if (!opening || !(*opening > 0)) beam.refuse("Applicator Opening is missing or not positive");
  // A 32-bit float in the file: 12.5 and 7.5 are exact, 0.1 mm steps are not.
  return std::round(*opening * 1e4) / 1e4;
}

std::string collimator_kind_of(DcmItem& beam) {
  const auto applicators = items(beam, DCM_ApplicatorSequence);
  const std::string id = applicators.empty() ? "" : text(*applicators.front(), DCM_ApplicatorID);
  return id.starts_with(iris_name) ? "iris" : id.starts_with(cone_name) ? "fixed" : "";
}

std::string node_of(DcmItem& beam) {
  const std::string description = text(beam, DCM_BeamDescription), prefix = "node ";
  return description.starts_with(prefix) ? description.substr(prefix.size()) : "";
}

std::string position_of(DcmDataset& dataset, DcmItem& beam, const std::string& otherwise) {
  const auto wanted = integer(beam, DCM_ReferencedPatientSetupNumber);
  const auto setups = items(dataset, DCM_PatientSetupSequence);
  for (DcmItem* setup : setups)
    if (setups.size() == 1 || (wanted && integer(*setup, DCM_PatientSetupNumber) == wanted))
      if (const std::string position = text(*setup, DCM_PatientPosition); !position.empty()) return position;
  return otherwise;
}

RoboticBeam read_beam(const BeamItem& beam, const Axes& room) {
  if (const std::string kind = text(beam.item, DCM_RadiationType); kind != "PHOTON")
    beam.refuse("its radiation is '" + kind + "'");
  for (const auto& [tag, name] : {std::pair{DCM_NumberOfWedges, "wedges"},
                                  {DCM_NumberOfCompensators, "compensators"},
                                  {DCM_NumberOfBoli, "boli"},
                                  {DCM_NumberOfBlocks, "blocks"}})
    if (const auto count = integer(beam.item, tag); count && *count != 0)
      beam.refuse(fmt::format("it has {}", name), "this program cannot compute them");
  if (const std::string unit = text(beam.item, DCM_PrimaryDosimeterUnit); !unit.empty() && unit != "MU")
    beam.refuse("its meterset is in '" + unit + "'", "only MU can be computed");
  const auto points = items(beam.item, DCM_ControlPointSequence);
  if (points.empty()) beam.refuse("it has no control point", "nothing says where its source is");
  check_static(beam, points);
  RoboticBeam read;
  read.collimator_mm = circular_opening_mm(beam);
  const double sad_mm = beam.required(beam.item, DCM_SourceAxisDistance, "Source-Axis Distance");
  if (!(sad_mm > 0)) beam.refuse("Source-Axis Distance is not positive", "the place of the source follows from it");
  const auto isocentre = numbers(*points.front(), DCM_IsocenterPosition);
  if (!isocentre || isocentre->size() != 3)
    beam.refuse("Isocenter Position is missing", "it is the point that the beam aims at");
  const BeamAngles angles{beam.required(*points.front(), DCM_GantryAngle, "Gantry Angle"),
                          beam.required(*points.front(), DCM_PatientSupportAngle, "Patient Support Angle")};
  read.aim = {(*isocentre)[0], (*isocentre)[1], (*isocentre)[2]};
  read.source = read.aim + sad_mm * direction_to_source(angles, room);
  read.name = text(beam.item, DCM_BeamName);
  read.node = node_of(beam.item);
  return read;
}

std::map<long, double> metersets(DcmItem& group, const std::string& where) {
  std::map<long, double> all;
  for (DcmItem* reference : items(group, DCM_ReferencedBeamSequence)) {
    const auto beam = integer(*reference, DCM_ReferencedBeamNumber);
    const auto mu = number(*reference, DCM_BeamMeterset);
    if (!beam) continue;
    if (mu && !(*mu >= 0))
      throw InputError(fmt::format("a meterset of {:g}", *mu), fmt::format("{}, beam {}", where, *beam),
                       "MU cannot be negative", "check the plan");
    if (!all.emplace(*beam, mu.value_or(0)).second)
      throw InputError(fmt::format("beam {} has two metersets", *beam), where, "", "check the fraction group");
  }
  return all;
}

void read_targets(DcmDataset& dataset, RoboticPlan& plan) {
  for (DcmItem* reference : items(dataset, DCM_DoseReferenceSequence)) {
    const auto dose = number(*reference, DCM_TargetPrescriptionDose);
    if (text(*reference, DCM_DoseReferenceType) != "TARGET" || !dose) continue;
    RoboticPlanTarget target{text(*reference, DCM_DoseReferenceDescription), std::nullopt, *dose};
    if (const auto roi = integer(*reference, DCM_ReferencedROINumber)) target.roi_number = int(*roi);
    plan.targets.push_back(target);
  }
}

}  // namespace

LoadedRoboticPlan load_robotic_plan(const std::filesystem::path& path, const std::string& patient_position) {
  detail::prepare_dcmtk();
  const std::string file_name = path.string();
  const detail::ParsedFile parsed = detail::parse_file(path, detail::ValueLoading::complete);
  if (!parsed.file) throw InputError("the plan cannot be read", file_name, parsed.refusal, "give an RT Plan");
  DcmDataset& dataset = parsed.dataset();
  if (detail::reference_of(dataset).sop_class_uid != UID_RTPlanStorage)
    throw InputError("this is no RT Plan", file_name, "its SOP class is " + detail::reference_of(dataset).sop_class_uid,
                     "give an RT Plan (not an RT Ion Plan)");
  LoadedRoboticPlan loaded;
  RoboticPlan& plan = loaded.plan;
  plan.label = text(dataset, DCM_RTPlanLabel);
  plan.prescription = text(dataset, DCM_PrescriptionDescription);
  const auto groups = items(dataset, DCM_FractionGroupSequence);
  const auto fractions = groups.size() == 1 ? integer(*groups.front(), DCM_NumberOfFractionsPlanned) : std::nullopt;
  if (!fractions || *fractions < 1 || *fractions > 1000)
    throw InputError(
        fmt::format("{} fraction groups{}", groups.size(), groups.size() == 1 ? " without a number of fractions" : ""),
        file_name, "the total dose follows from one number of fractions", "give a plan with one fraction group");
  plan.fractions = int(*fractions);
  read_targets(dataset, plan);

  const std::map<long, double> mu = metersets(*groups.front(), file_name);
  std::set<long> seen;
  std::string left_out, other_kind;
  for (DcmItem* item : items(dataset, DCM_BeamSequence)) {
    const auto beam_number = integer(*item, DCM_BeamNumber);
    const std::string shown = beam_number ? fmt::format("{}", *beam_number) : "without a number";
    const BeamItem beam{*item, fmt::format("{}, beam {} '{}'", file_name, shown, text(*item, DCM_BeamName))};
    if (!beam_number || !seen.insert(*beam_number).second)
      beam.refuse("its number is missing or used twice", "its MU are found by the number");
    const std::string delivery = text(*item, DCM_TreatmentDeliveryType);
    const bool treats = delivery.empty() || delivery == "TREATMENT" || delivery == "CONTINUATION";
    const auto meterset = mu.find(*beam_number);
    if (!treats || meterset == mu.end() || meterset->second == 0) {
      left_out += (left_out.empty() ? "" : ", ") + fmt::format("{} ({})", shown, treats ? "no MU" : delivery);
      continue;
    }
    const std::string kind = collimator_kind_of(*item);
    if (plan.beams.empty()) plan.collimator_kind = kind;
    if (kind != plan.collimator_kind) other_kind += (other_kind.empty() ? "" : ", ") + shown;
    const std::string position = position_of(dataset, *item, patient_position);
    if (!plan.beams.empty() && position != plan.patient_position)
      beam.refuse("the patient lies in another position than for the beams before", "one dose has one position");
    if (position.empty())
      throw InputError("the plan does not say how the patient lies", file_name,
                       "Patient Position (0018,5100) is missing in its setup, and the angles refer to it",
                       "give --patient-position HFS, HFP, FFS, FFP, HFDL, HFDR, FFDL or FFDR");
    plan.patient_position = position;
    plan.beams.push_back(read_beam(beam, room_axes(position)));
    plan.beams.back().number = int(*beam_number);
    plan.beams.back().mu_per_fraction = meterset->second;
  }
  for (const auto& [beam_number, meterset] : mu)
    if (!seen.contains(beam_number) && meterset > 0)
      throw InputError(fmt::format("the fraction group gives {:g} MU to beam {}", meterset, beam_number), file_name,
                       "the plan holds no such beam: its dose would be missing", "export the whole plan");
  if (plan.beams.empty())
    throw InputError("the plan holds no beam that treats", file_name, "there is no dose to compute",
                     "give a plan with photon beams");
  if (!other_kind.empty())
    loaded.warnings.push_back({"collimator-kinds-mixed",
                               fmt::format("{}: the first beam's collimator is of kind '{}', those of beams {} are not "
                                           "(Applicator ID); one set of beam data cannot be that of both",
                                           file_name, plan.collimator_kind, other_kind)});
  if (!left_out.empty())
    loaded.warnings.push_back({"plan-beam-left-out", file_name + ": beams that give no dose: " + left_out});
  return loaded;
}

}  // namespace sbrt::dicom
