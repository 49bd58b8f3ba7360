#include "dicom/detail/export_contours.h"

#include "geometry/error.h"

#include <algorithm>
#include <cmath>

namespace sbrt::dicom {
namespace {

constexpr double on_plane_mm = 0.05;  // a contour belongs to an image when it is no farther from its plane

const char* geometric_type(ContourKind kind) {
  switch (kind) {
    case ContourKind::closed_planar:
      return "CLOSED_PLANAR";
    case ContourKind::closed_planar_xor:
      return "CLOSEDPLANAR_XOR";
    case ContourKind::open_planar:
      return "OPEN_PLANAR";
    case ContourKind::open_nonplanar:
      return "OPEN_NONPLANAR";
    case ContourKind::point:
      return "POINT";
  }
  return "CLOSED_PLANAR";
}

std::string contour_data(const Contour& contour, const std::string& where) {
  std::string data;
  data.reserve(contour.points.size() * 24);
  for (const PatientPoint& p : contour.points)
    for (const double v : {p.x, p.y, p.z}) {
      if (!data.empty()) data += '\\';
      data += contour_coordinate(v, where);
    }
  return data;
}

}  // namespace

const CtSlice* slice_of(const Contour& contour, const CtSeries& ct) {
  const PatientPoint patient_origin{};
  const auto along_normal = [&](PatientPoint p) { return dot(p - patient_origin, ct.axes.k); };
  const double position = along_normal(contour.points.front());
  const CtSlice* nearest = nullptr;
  double best = on_plane_mm;
  for (const CtSlice& slice : ct.slices) {
    const double gap = std::abs(along_normal(slice.position) - position);
    if (gap <= best) {
      best = gap;
      nearest = &slice;
    }
  }
  if (nearest)
    for (const PatientPoint& p : contour.points)
      if (std::abs(along_normal(p) - along_normal(nearest->position)) > on_plane_mm) return nullptr;
  return nearest;
}

void append_roi_contours(DcmItem& dataset, const Structure& structure, int number, const CtSeries* ct) {
  DcmItem& roi = append_item(dataset, DCM_ROIContourSequence);
  put(roi, DCM_ROIDisplayColor,
      std::to_string(structure.colour[0]) + "\\" + std::to_string(structure.colour[1]) + "\\" +
          std::to_string(structure.colour[2]));
  put(roi, DCM_ReferencedROINumber, std::to_string(number));
  for (std::size_t n = 0; n < structure.contours.size(); ++n) {
    const Contour& contour = structure.contours[n];
    const std::string where = "structure '" + structure.name + "', contour " + std::to_string(n + 1);
    if (contour.points.empty())
      throw InputError("a contour without points", where, "DICOM has no such contour", "remove it");
    DcmItem& item = append_item(roi, DCM_ContourSequence);
    if (ct)
      if (const CtSlice* slice = slice_of(contour, *ct))
        put_reference(append_item(item, DCM_ContourImageSequence), slice->reference);
    put(item, DCM_ContourGeometricType, std::string(geometric_type(contour.kind)));
    put(item, DCM_NumberOfContourPoints, std::to_string(contour.points.size()));
    put(item, DCM_ContourNumber, std::to_string(n + 1));
    put(item, DCM_ContourData, contour_data(contour, where));
  }
}

void append_roi_observation(DcmItem& dataset, const Structure& structure, int number, int observation_number) {
  DcmItem& observation = append_item(dataset, DCM_RTROIObservationsSequence);
  put(observation, DCM_ObservationNumber, std::to_string(observation_number));
  put(observation, DCM_ReferencedROINumber, std::to_string(number));
  // OTHER is this program's word; the attribute may be empty.
  put(observation, DCM_RTROIInterpretedType,
      structure.role == RoiRole::other ? std::string() : std::string(to_string(structure.role)));
  put(observation, DCM_ROIInterpreter, std::string());
}

bool needs_implicit_vr(const DcmItem& roi_contour_holder) {
  constexpr Uint32 longest_explicit = 65534;
  DcmItem& dataset = const_cast<DcmItem&>(roi_contour_holder);  // DCMTK's getters are not const
  DcmSequenceOfItems* rois = nullptr;
  if (dataset.findAndGetSequence(DCM_ROIContourSequence, rois).bad()) return false;
  for (unsigned long r = 0; r < rois->card(); ++r) {
    DcmSequenceOfItems* contours = nullptr;
    if (rois->getItem(r)->findAndGetSequence(DCM_ContourSequence, contours).bad()) continue;
    for (unsigned long c = 0; c < contours->card(); ++c) {
      DcmElement* data = nullptr;
      if (contours->getItem(c)->findAndGetElement(DCM_ContourData, data).good() && data->getLength() > longest_explicit)
        return true;
    }
  }
  return false;
}

void check_roi_name(const std::string& name) {
  std::string why;
  if (name.empty())
    why = "it is empty";
  else if (count_characters(name) > longest_long_string || one_line(name, name.size()) != name)
    why = "it must have at most 64 characters, no backslash and no control character";
  if (!why.empty())
    throw InputError("structure name '" + name + "' cannot be written", "RTSTRUCT", why, "choose another name");
}

}  // namespace sbrt::dicom
