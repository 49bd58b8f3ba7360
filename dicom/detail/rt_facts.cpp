#include "dicom/detail/rt_facts.h"

#include "dicom/detail/dataset.h"
#include "dicom/detail/pixel_decoder.h"

#include <climits>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sbrt::dicom::detail {
namespace {

void insert_text(std::set<std::string>& all, DcmItem& item, const DcmTagKey& tag) {
  std::string value = text(item, tag);
  if (!value.empty()) all.insert(std::move(value));
}

// The frame of reference of the contours: that of the ROIs, else of the referenced images, else of the file.
std::string frame_of_reference_of(DcmItem& d, const std::filesystem::path& path, Warnings& warnings) {
  std::set<std::string> of_rois, of_images;
  for (DcmItem* roi : items(d, DCM_StructureSetROISequence))
    insert_text(of_rois, *roi, DCM_ReferencedFrameOfReferenceUID);
  for (DcmItem* frame : items(d, DCM_ReferencedFrameOfReferenceSequence))
    insert_text(of_images, *frame, DCM_FrameOfReferenceUID);
  if (of_rois.size() > 1)
    warnings.push_back(
        {"several-frames-of-reference",
         path.string() + ": its ROIs are drawn in several frames of reference; check that they belong together"});
  if (of_rois.size() == 1) return *of_rois.begin();
  if (of_images.size() == 1) return *of_images.begin();
  return text(d, DCM_FrameOfReferenceUID);
}

void insert_number(std::set<int>& all, DcmItem& item, const DcmTagKey& tag) {
  if (const auto value = integer(item, tag); value && std::abs(*value) <= INT_MAX) all.insert(int(*value));
}

// What part of a plan a dose says it is: fraction groups, beams, application setups, control points (C.8.8.3).
void read_plan_reference(DcmItem& plan, DoseFile& out) {
  if (out.referenced_plan_uid.empty()) out.referenced_plan_uid = text(plan, DCM_ReferencedSOPInstanceUID);
  std::set<int> groups, beams, setups;
  for (DcmItem* group : items(plan, DCM_ReferencedFractionGroupSequence)) {
    insert_number(groups, *group, DCM_ReferencedFractionGroupNumber);
    for (DcmItem* beam : items(*group, DCM_ReferencedBeamSequence)) {
      insert_number(beams, *beam, DCM_ReferencedBeamNumber);
      for (DcmItem* points : items(*beam, DCM_ReferencedControlPointSequence)) {
        const auto first = integer(*points, DCM_ReferencedStartControlPointIndex),
                   last = integer(*points, DCM_ReferencedStopControlPointIndex);
        constexpr long most_points = 100'000;
        if (first && last && *first >= 0 && *last >= *first && *last < most_points)
          out.control_points.push_back({int(*first), int(*last)});
      }
    }
    for (DcmItem* setup : items(*group, DCM_ReferencedBrachyApplicationSetupSequence))
      insert_number(setups, *setup, DCM_ReferencedBrachyApplicationSetupNumber);
  }
  out.fraction_groups.assign(groups.begin(), groups.end());
  out.beams.assign(beams.begin(), beams.end());
  out.brachy_setups.assign(setups.begin(), setups.end());
}

// Beams that deliver dose: in a fraction group with a meterset, and of type TREATMENT, CONTINUATION or not stated.
std::vector<PlannedBeam> treating_beams(DcmDataset& d) {
  std::set<int> in_groups;
  for (DcmItem* group : items(d, DCM_FractionGroupSequence))
    for (DcmItem* beam : items(*group, DCM_ReferencedBeamSequence)) {
      const auto meterset = number(*beam, DCM_BeamMeterset);
      if (!meterset || *meterset > 0) insert_number(in_groups, *beam, DCM_ReferencedBeamNumber);
    }
  std::vector<PlannedBeam> beams;
  for (const auto& tag : {DCM_BeamSequence, DCM_IonBeamSequence})
    for (DcmItem* beam : items(d, tag)) {
      const std::string delivery = text(*beam, DCM_TreatmentDeliveryType);
      const auto number_of_beam = integer(*beam, DCM_BeamNumber);
      if ((!delivery.empty() && delivery != "TREATMENT" && delivery != "CONTINUATION") || !number_of_beam ||
          (!in_groups.empty() && !in_groups.contains(int(*number_of_beam))))
        continue;
      const auto points = integer(*beam, DCM_NumberOfControlPoints);
      beams.push_back({int(*number_of_beam), text(*beam, DCM_BeamName), points && *points > 0 ? int(*points) : 0});
    }
  return beams;
}

}  // namespace

std::string read_structure_facts(DcmDataset& d, const std::filesystem::path& path, StructureFile& out,
                                 Warnings& warnings) {
  out.path = path;
  out.patient_study = patient_study_of(d);
  out.reference = reference_of(d);
  if (out.reference.sop_instance_uid.empty()) return "RT Structure Set: it has no SOPInstanceUID";
  out.label = text(d, DCM_StructureSetLabel);
  out.series_instance_uid = text(d, DCM_SeriesInstanceUID);
  for (DcmItem* roi : items(d, DCM_StructureSetROISequence)) out.roi_names.push_back(text(*roi, DCM_ROIName));
  if (out.roi_names.empty()) return "RT Structure Set: it holds no ROI";
  if (!present(d, DCM_ROIContourSequence))
    return "RT Structure Set: ROIContourSequence is missing (incomplete or truncated)";
  out.frame_of_reference_uid = frame_of_reference_of(d, path, warnings);
  if (out.frame_of_reference_uid.empty())
    warnings.push_back({"structures-without-frame-of-reference",
                        path.string() + ": it states no frame of reference; only its references tie it to a CT"});

  std::set<std::string> series, images;
  for (DcmItem* frame : items(d, DCM_ReferencedFrameOfReferenceSequence))
    for (DcmItem* study : items(*frame, DCM_RTReferencedStudySequence))
      for (DcmItem* one : items(*study, DCM_RTReferencedSeriesSequence)) {
        insert_text(series, *one, DCM_SeriesInstanceUID);
        for (DcmItem* image : items(*one, DCM_ContourImageSequence))
          insert_text(images, *image, DCM_ReferencedSOPInstanceUID);
      }
  for (DcmItem* roi : items(d, DCM_ROIContourSequence))
    for (DcmItem* contour : items(*roi, DCM_ContourSequence))
      for (DcmItem* image : items(*contour, DCM_ContourImageSequence))
        insert_text(images, *image, DCM_ReferencedSOPInstanceUID);
  out.referenced_series_uids.assign(series.begin(), series.end());
  out.referenced_image_uids.assign(images.begin(), images.end());
  return {};
}

std::string read_dose_facts(DcmDataset& d, const std::filesystem::path& path, DoseFile& out) {
  out.path = path;
  out.patient_study = patient_study_of(d);
  out.reference = reference_of(d);
  if (out.reference.sop_instance_uid.empty()) return "RT Dose: it has no SOPInstanceUID";
  std::string refusal;
  const PixelFormat format = pixel_format_of(d, refusal);
  if (!refusal.empty()) return "RT Dose: " + refusal;
  if (format.bits_allocated == 8) return "RT Dose: it has 8 bits per pixel";
  out.series_instance_uid = text(d, DCM_SeriesInstanceUID);
  out.frame_of_reference_uid = text(d, DCM_FrameOfReferenceUID);
  out.units = text(d, DCM_DoseUnits);
  out.type = text(d, DCM_DoseType);
  out.summation_type = text(d, DCM_DoseSummationType);
  const auto plans = items(d, DCM_ReferencedRTPlanSequence);
  if (!plans.empty()) read_plan_reference(*plans.front(), out);
  for (DcmItem* structures : items(d, DCM_ReferencedStructureSetSequence))
    if (out.referenced_structure_uid.empty())
      out.referenced_structure_uid = text(*structures, DCM_ReferencedSOPInstanceUID);
  out.embedded_dvhs = int(items(d, DCM_DVHSequence).size());
  return {};
}

std::string read_plan_facts(DcmDataset& d, const std::filesystem::path& path, PlanFile& out) {
  out.path = path;
  out.patient_study = patient_study_of(d);
  out.reference = reference_of(d);
  if (out.reference.sop_instance_uid.empty()) return "RT Plan: it has no SOPInstanceUID";
  out.series_instance_uid = text(d, DCM_SeriesInstanceUID);
  out.label = text(d, DCM_RTPlanLabel);
  const auto groups = items(d, DCM_FractionGroupSequence);
  if (groups.size() == 1)
    if (const auto fractions = integer(*groups.front(), DCM_NumberOfFractionsPlanned);
        fractions && *fractions > 0 && *fractions < 1000)
      out.fractions = int(*fractions);
  out.fraction_groups = int(groups.size());
  out.beams = treating_beams(d);
  for (DcmItem* setup : items(d, DCM_ApplicationSetupSequence))
    if (const auto setup_number = integer(*setup, DCM_ApplicationSetupNumber))
      out.brachy_setups.push_back({int(*setup_number), text(*setup, DCM_ApplicationSetupName), 0});
  std::set<double> doses;
  for (DcmItem* reference : items(d, DCM_DoseReferenceSequence)) {
    if (text(*reference, DCM_DoseReferenceType) != "TARGET") continue;
    if (const auto dose = number(*reference, DCM_TargetPrescriptionDose); dose && *dose > 0) doses.insert(*dose);
  }
  if (doses.size() == 1) out.prescription_dose_gy = *doses.begin();
  for (DcmItem* structures : items(d, DCM_ReferencedStructureSetSequence))
    if (out.referenced_structure_uid.empty())
      out.referenced_structure_uid = text(*structures, DCM_ReferencedSOPInstanceUID);
  return {};
}

}  // namespace sbrt::dicom::detail
