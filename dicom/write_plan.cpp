#include "dicom/detail/dataset.h"
#include "dicom/detail/export_dataset.h"
#include "dicom/robotic_plan.h"
#include "geometry/error.h"
#include "geometry/patient_position.h"

#include <fmt/format.h>

#include <cmath>

namespace sbrt::dicom {
namespace {

constexpr double nominal_distance_mm = 800;  // where a cone's diameter is stated
constexpr const char* only_item = "1";       // numbers of the one fraction group, setup, applicator

void check(const RoboticPlan& plan, const std::string& where) {
  if (plan.beams.empty() || plan.fractions < 1)
    throw InputError(fmt::format("a plan of {} beams in {} fractions", plan.beams.size(), plan.fractions), where,
                     "there is nothing to deliver", "write the beams of a finished plan");
  for (const RoboticBeam& beam : plan.beams)
    if (!(distance(beam.source, beam.aim) > 0) || !std::isfinite(distance(beam.source, beam.aim)) ||
        !(beam.collimator_mm > 0) || !(beam.mu_per_fraction >= 0))
      throw InputError("beam '" + beam.name + "' cannot be written", where,
                       "its source lies at its aim, or cone or MU are no size", "check the beam set");
}

void put_targets(DcmItem& dataset, const std::vector<RoboticPlanTarget>& targets) {
  int number = 0;
  for (const RoboticPlanTarget& target : targets) {
    DcmItem& reference = append_item(dataset, DCM_DoseReferenceSequence);
    put(reference, DCM_DoseReferenceNumber, std::to_string(++number));
    put(reference, DCM_DoseReferenceStructureType, std::string(target.roi_number ? "VOLUME" : "SITE"));
    put(reference, DCM_DoseReferenceDescription, one_line(target.structure, longest_short_text));
    if (target.roi_number) put(reference, DCM_ReferencedROINumber, std::to_string(*target.roi_number));
    put(reference, DCM_DoseReferenceType, std::string("TARGET"));
    put(reference, DCM_TargetPrescriptionDose, decimal_string(target.dose_gy));
  }
}

void put_fractions(DcmItem& dataset, const RoboticPlan& plan) {
  DcmItem& group = append_item(dataset, DCM_FractionGroupSequence);
  put(group, DCM_FractionGroupNumber, std::string(only_item));
  put(group, DCM_NumberOfFractionsPlanned, std::to_string(plan.fractions));
  put(group, DCM_NumberOfBeams, std::to_string(plan.beams.size()));
  put(group, DCM_NumberOfBrachyApplicationSetups, std::string("0"));
  for (const RoboticBeam& beam : plan.beams) {
    DcmItem& reference = append_item(group, DCM_ReferencedBeamSequence);
    put(reference, DCM_ReferencedBeamNumber, std::to_string(beam.number));
    put(reference, DCM_BeamMeterset, decimal_string(beam.mu_per_fraction));
  }
}

void put_applicator(DcmItem& beam, double collimator_mm, const std::string& kind) {
  DcmItem& applicator = append_item(beam, DCM_ApplicatorSequence);
  put(applicator, DCM_ApplicatorID,
      one_line(fmt::format("{} {:g}", kind == "iris" ? iris_name : cone_name, collimator_mm), longest_short_string));
  put(applicator, DCM_ApplicatorType, std::string("STEREOTACTIC"));
  put(applicator, DCM_ApplicatorDescription,
      fmt::format("diameter {:g} mm at {:g} mm from the source", collimator_mm, nominal_distance_mm));
  DcmItem& geometry = append_item(applicator, DCM_ApplicatorGeometrySequence);
  put(geometry, DCM_ApplicatorApertureShape, std::string("SYM_CIRCULAR"));
  if (const OFCondition done = geometry.putAndInsertFloat32(DCM_ApplicatorOpening, Float32(collimator_mm)); done.bad())
    SBRT_EXPECT(false);
}

// RT Beams needs jaws; these stand at the edge of the cone, projected to the isocentre as DICOM wants it.
void put_jaw_kinds(DcmItem& beam) {
  for (const char* jaw : {"X", "Y"}) {
    DcmItem& device = append_item(beam, DCM_BeamLimitingDeviceSequence);
    put(device, DCM_RTBeamLimitingDeviceType, std::string(jaw));
    put(device, DCM_NumberOfLeafJawPairs, std::string("1"));
  }
}

void put_first_control_point(DcmItem& beam, const RoboticBeam& b, const Axes& room, double energy_mv) {
  const double sad_mm = distance(b.source, b.aim);
  const BeamAngles angles = angles_to_source(b.source - b.aim, room);
  DcmItem& point = append_item(beam, DCM_ControlPointSequence);
  put(point, DCM_ControlPointIndex, std::string("0"));
  put(point, DCM_NominalBeamEnergy, decimal_string(energy_mv));
  const double edge_mm = b.collimator_mm / 2 * sad_mm / nominal_distance_mm;
  for (const char* jaw : {"X", "Y"}) {
    DcmItem& device = append_item(point, DCM_BeamLimitingDevicePositionSequence);
    put(device, DCM_RTBeamLimitingDeviceType, std::string(jaw));
    put(device, DCM_LeafJawPositions, decimal_strings({-edge_mm, edge_mm}));
  }
  const std::string still = "NONE";
  put(point, DCM_GantryAngle, decimal_string(angles.gantry_deg));
  put(point, DCM_GantryRotationDirection, still);
  put(point, DCM_BeamLimitingDeviceAngle, std::string("0"));
  put(point, DCM_BeamLimitingDeviceRotationDirection, still);
  put(point, DCM_PatientSupportAngle, decimal_string(angles.patient_support_deg));
  put(point, DCM_PatientSupportRotationDirection, still);
  put(point, DCM_TableTopEccentricAngle, std::string("0"));
  put(point, DCM_TableTopEccentricRotationDirection, still);
  for (const DcmTagKey& shift :
       {DCM_TableTopVerticalPosition, DCM_TableTopLongitudinalPosition, DCM_TableTopLateralPosition})
    put(point, shift, std::string());
  put(point, DCM_IsocenterPosition, decimal_strings({b.aim.x, b.aim.y, b.aim.z}));
  put(point, DCM_CumulativeMetersetWeight, std::string("0"));
}

void append_beam(DcmItem& dataset, const RoboticBeam& b, const std::string& collimator_kind, const Axes& room,
                 double energy_mv) {
  DcmItem& beam = append_item(dataset, DCM_BeamSequence);
  put(beam, DCM_Manufacturer, std::string("sbrtplan"));
  put(beam, DCM_TreatmentMachineName, std::string("ROBOT"));
  put(beam, DCM_PrimaryDosimeterUnit, std::string("MU"));
  put(beam, DCM_SourceAxisDistance, decimal_string(distance(b.source, b.aim)));
  put_jaw_kinds(beam);
  put(beam, DCM_BeamNumber, std::to_string(b.number));
  put(beam, DCM_BeamName, one_line(b.name, longest_long_string));
  if (!b.node.empty()) put(beam, DCM_BeamDescription, one_line("node " + b.node, longest_short_text));
  put(beam, DCM_BeamType, std::string("STATIC"));
  put(beam, DCM_RadiationType, std::string("PHOTON"));
  put(beam, DCM_TreatmentDeliveryType, std::string("TREATMENT"));
  for (const DcmTagKey& absent : {DCM_NumberOfWedges, DCM_NumberOfCompensators, DCM_NumberOfBoli, DCM_NumberOfBlocks})
    put(beam, absent, std::string("0"));
  put_applicator(beam, b.collimator_mm, collimator_kind);
  put(beam, DCM_FinalCumulativeMetersetWeight, std::string("1"));
  put(beam, DCM_NumberOfControlPoints, std::string("2"));
  put_first_control_point(beam, b, room, energy_mv);
  DcmItem& last = append_item(beam, DCM_ControlPointSequence);
  put(last, DCM_ControlPointIndex, std::string("1"));
  put(last, DCM_CumulativeMetersetWeight, std::string("1"));
  put(beam, DCM_ReferencedPatientSetupNumber, std::string(only_item));
}

}  // namespace

InstanceReference write_robotic_plan(const RoboticPlan& plan, const RoboticPlanExport& info, const ProgramInfo& program,
                                     const std::filesystem::path& path) {
  detail::prepare_dcmtk();
  check(plan, path.string());
  const Axes room = room_axes(plan.patient_position);
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  put_patient_study(dataset, info.patient_study, path.string());
  put_series_equipment(dataset, info.patient_study, "RTPLAN", info.series_description, program);
  put_frame_of_reference(dataset, frame_of_reference_or_derived(info.frame_of_reference_uid, info.patient_study), "");
  put(dataset, DCM_InstanceNumber, std::string("1"));
  put(dataset, DCM_RTPlanLabel, one_line(plan.label.empty() ? "sbrtplan" : plan.label, longest_short_string));
  put(dataset, DCM_RTPlanDescription, with_statement("", longest_short_text));
  put(dataset, DCM_RTPlanDate, info.patient_study.study_date);
  put(dataset, DCM_RTPlanTime, info.patient_study.study_time);
  put(dataset, DCM_RTPlanGeometry, std::string("PATIENT"));
  if (!plan.prescription.empty())
    put(dataset, DCM_PrescriptionDescription, one_line(plan.prescription, longest_short_text));
  put_targets(dataset, plan.targets);
  put_fractions(dataset, plan);
  for (const RoboticBeam& beam : plan.beams)
    append_beam(dataset, beam, plan.collimator_kind, room, info.nominal_energy_mv);
  DcmItem& setup = append_item(dataset, DCM_PatientSetupSequence);
  put(setup, DCM_PatientSetupNumber, std::string(only_item));
  put(setup, DCM_PatientPosition, plan.patient_position);
  if (info.structures) put_reference(append_item(dataset, DCM_ReferencedStructureSetSequence), *info.structures);
  put(dataset, DCM_ApprovalStatus, std::string("UNAPPROVED"));
  put_identity(dataset, UID_RTPlanStorage, info.uid_seed, true);
  return save(file, EXS_LittleEndianExplicit, path);
}

}  // namespace sbrt::dicom
