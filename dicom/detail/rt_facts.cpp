#include "dicom/detail/rt_facts.h"

#include "dicom/detail/dataset.h"
#include "dicom/detail/pixel_decoder.h"

#include <algorithm>
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
  out.frame_of_reference_uid = text(d, DCM_FrameOfReferenceUID);
  out.units = text(d, DCM_DoseUnits);
  out.type = text(d, DCM_DoseType);
  out.summation_type = text(d, DCM_DoseSummationType);
  for (DcmItem* plan : items(d, DCM_ReferencedRTPlanSequence))
    if (out.referenced_plan_uid.empty()) out.referenced_plan_uid = text(*plan, DCM_ReferencedSOPInstanceUID);
  return {};
}

std::string read_plan_facts(DcmDataset& d, const std::filesystem::path& path, PlanFile& out) {
  out.path = path;
  out.patient_study = patient_study_of(d);
  out.reference = reference_of(d);
  if (out.reference.sop_instance_uid.empty()) return "RT Plan: it has no SOPInstanceUID";
  out.label = text(d, DCM_RTPlanLabel);
  const auto groups = items(d, DCM_FractionGroupSequence);
  if (groups.size() == 1)
    if (const auto fractions = integer(*groups.front(), DCM_NumberOfFractionsPlanned);
        fractions && *fractions > 0 && *fractions < 1000)
      out.fractions = int(*fractions);
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
