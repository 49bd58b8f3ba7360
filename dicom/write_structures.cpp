#include "dicom/detail/dataset.h"
#include "dicom/detail/export_contours.h"
#include "geometry/error.h"

#include <set>

namespace sbrt::dicom {
namespace {

void append_referenced_frame(DcmItem& dataset, const CtSeries& ct, const std::string& frame_of_reference_uid) {
  DcmItem& frame = append_item(dataset, DCM_ReferencedFrameOfReferenceSequence);
  put(frame, DCM_FrameOfReferenceUID, frame_of_reference_uid);
  DcmItem& study = append_item(frame, DCM_RTReferencedStudySequence);
  put_reference(study, {UID_RETIRED_DetachedStudyManagementSOPClass, ct.patient_study.study_instance_uid});
  DcmItem& series = append_item(study, DCM_RTReferencedSeriesSequence);
  put(series, DCM_SeriesInstanceUID, ct.series_instance_uid);
  for (const CtSlice& slice : ct.slices) put_reference(append_item(series, DCM_ContourImageSequence), slice.reference);
}

void append_roi(DcmItem& dataset, const Structure& structure, int number, const std::string& frame_of_reference_uid) {
  DcmItem& roi = append_item(dataset, DCM_StructureSetROISequence);
  put(roi, DCM_ROINumber, std::to_string(number));
  put(roi, DCM_ReferencedFrameOfReferenceUID, frame_of_reference_uid);
  put(roi, DCM_ROIName, structure.name);
  put(roi, DCM_ROIGenerationAlgorithm, std::string("AUTOMATIC"));
}

/// The structures' own numbers where they are positive and differ, else 1, 2, 3, ...
std::vector<int> roi_numbers(const std::vector<Structure>& structures) {
  std::set<int> seen;
  std::vector<int> own, counted;
  for (const Structure& s : structures) {
    own.push_back(s.number);
    counted.push_back(int(counted.size()) + 1);
    if (s.number > 0) seen.insert(s.number);
  }
  return seen.size() == structures.size() ? own : counted;
}

}  // namespace

InstanceReference write_structures(const StructureSet& structures, const std::string& label, const CtSeries& ct,
                                   const std::string& uid_seed, const ProgramInfo& program,
                                   const std::filesystem::path& path) {
  detail::prepare_dcmtk();
  const std::string frame_uid = frame_of_reference_or_derived(ct.frame_of_reference_uid, ct.patient_study);
  if (!structures.frame_of_reference_uid().empty() && !ct.frame_of_reference_uid.empty() &&
      structures.frame_of_reference_uid() != ct.frame_of_reference_uid)
    throw InputError("structures and CT have different frames of reference", path.string(),
                     structures.frame_of_reference_uid() + " is not " + ct.frame_of_reference_uid,
                     "choose the CT that the structures were drawn on");
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  put_patient_study(dataset, ct.patient_study, path.string());
  put_series_equipment(dataset, ct.patient_study, "RTSTRUCT", label, program);
  put_frame_of_reference(dataset, frame_uid, "");
  put(dataset, DCM_InstanceNumber, std::string("1"));
  put(dataset, DCM_StructureSetLabel, one_line(label.empty() ? "sbrtplan" : label, longest_short_string));
  put(dataset, DCM_StructureSetName, one_line(label.empty() ? "sbrtplan" : label, longest_long_string));
  put(dataset, DCM_StructureSetDescription, with_statement(label, longest_short_text));
  put(dataset, DCM_StructureSetDate, ct.patient_study.study_date);
  put(dataset, DCM_StructureSetTime, ct.patient_study.study_time);
  put(dataset, DCM_ApprovalStatus, std::string("UNAPPROVED"));
  append_referenced_frame(dataset, ct, frame_uid);
  const std::vector<int> numbers = roi_numbers(structures.structures());
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const Structure& structure = structures.structures()[n];
    check_roi_name(structure.name);
    append_roi(dataset, structure, numbers[n], frame_uid);
    append_roi_contours(dataset, structure, numbers[n], &ct);
    append_roi_observation(dataset, structure, numbers[n], int(n) + 1);
  }
  put_identity(dataset, UID_RTStructureSetStorage, uid_seed, true);
  return save(file, needs_implicit_vr(dataset) ? EXS_LittleEndianImplicit : EXS_LittleEndianExplicit, path);
}

}  // namespace sbrt::dicom
