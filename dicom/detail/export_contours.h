/// Contours as items of an RTSTRUCT. Private to this room.
#pragma once

#include "dicom/detail/export_dataset.h"

namespace sbrt::dicom {

/// The slice on whose plane all points of `contour` lie; null when there is none.
const CtSlice* slice_of(const Contour& contour, const CtSeries& ct);

/// One item of ROIContourSequence; contours get the image of `ct` (may be null) on whose plane they lie.
/// @throws InputError naming structure and contour for a contour without points or with absurd coordinates
void append_roi_contours(DcmItem& dataset, const Structure& structure, int number, const CtSeries* ct);
/// One item of RTROIObservationsSequence.
void append_roi_observation(DcmItem& dataset, const Structure& structure, int number, int observation_number);
/// Explicit VR has 16 bits for the length of a decimal string, so longer contours need implicit VR.
bool needs_implicit_vr(const DcmItem& roi_contour_holder);
/// @throws InputError when `name` (UTF-8) cannot be an ROI name: empty, too long, a backslash or a control character in
/// it
void check_roi_name(const std::string& name);

}  // namespace sbrt::dicom
