#include "dicom/detail/ct_series.h"
#include "dicom/detail/dataset.h"
#include "dicom/detail/geometry.h"
#include "dicom/detail/pixel_decoder.h"

#include <cmath>

namespace sbrt::dicom::detail {
namespace {

// Lossless unless the transfer syntax or the header says otherwise; .81 and .91 may be either, so the header decides
// there.
std::string lossy_compression(DcmDataset& d, const PixelFormat& format) {
  const DcmXfer syntax(d.getOriginalXfer());
  const std::string flag = text(d, DCM_LossyImageCompression);
  const std::string& uid = format.transfer_syntax_uid;
  const bool either = uid == UID_JPEGLSLossyTransferSyntax || uid == UID_JPEG2000TransferSyntax;
  if (syntax.isLossy() && !(either && flag == "00")) return format.transfer_syntax_name;
  if (flag == "01") return "LossyImageCompression is 01";
  return {};
}

}  // namespace

std::string read_ct_facts(DcmDataset& d, const std::filesystem::path& path, CtFacts& facts) {
  if (text(d, DCM_ImageType).find("LOCALIZER") != std::string::npos) return "localizer image, not a slice of a volume";
  std::string refusal;
  const PixelFormat format = pixel_format_of(d, refusal);
  if (!refusal.empty()) return "CT image: " + refusal;
  if (format.frames != 1) return "CT image: it has several frames; convert it to one file per slice";
  if (format.bits_allocated == 32) return "CT image: it has 32 bits per pixel";

  const PlaneAttributes plane = read_plane(d);
  if (!plane.refusal.empty()) return "CT image: " + plane.refusal;
  facts.rows = format.rows;
  facts.columns = format.columns;
  facts.pixel_spacing_mm = plane.pixel_spacing_mm;
  facts.axes = plane.axes;

  facts.slice.path = path;
  facts.slice.reference = reference_of(d);
  facts.slice.position = plane.position;
  if (facts.slice.reference.sop_instance_uid.empty()) return "CT image: it has no SOPInstanceUID";
  const auto slope = number(d, DCM_RescaleSlope), intercept = number(d, DCM_RescaleIntercept);
  facts.has_rescale = slope && intercept;
  if (facts.has_rescale) {
    constexpr double largest = 1e6;
    if (!(*slope > 0) || *slope > largest || std::abs(*intercept) > largest)
      return "CT image: RescaleSlope or RescaleIntercept is absurd";
    facts.slice.rescale_slope = *slope;
    facts.slice.rescale_intercept = *intercept;
  }
  facts.rescale_type = text(d, DCM_RescaleType);
  facts.lossy = lossy_compression(d, format);
  facts.patient_study = patient_study_of(d);
  facts.series_instance_uid = text(d, DCM_SeriesInstanceUID);
  facts.frame_of_reference_uid = text(d, DCM_FrameOfReferenceUID);
  facts.series_description = text(d, DCM_SeriesDescription);
  facts.manufacturer = text(d, DCM_Manufacturer);
  facts.body_part_examined = text(d, DCM_BodyPartExamined);
  facts.patient_position = text(d, DCM_PatientPosition);
  return {};
}

}  // namespace sbrt::dicom::detail
