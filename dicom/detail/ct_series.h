/// From the headers of CT slices to series whose geometry is known to be sound, or refused with the reason.
#pragma once

#include "dicom/objects.h"

#include <string>
#include <vector>

class DcmDataset;

namespace sbrt::dicom::detail {

/// What the header of one CT slice says.
struct CtFacts {
  CtSlice slice;
  PatientStudy patient_study;
  std::string series_instance_uid, frame_of_reference_uid, series_description, manufacturer, patient_position;
  std::string body_part_examined;
  std::string rescale_type;
  bool has_rescale = false;
  std::string lossy;  //!< how it was compressed with loss, empty where it was not
  int rows = 0, columns = 0;
  std::array<double, 2> pixel_spacing_mm{1, 1};
  Axes axes;
};

/// @return why the file cannot be a slice of a volume, empty when it can
std::string read_ct_facts(DcmDataset& dataset, const std::filesystem::path& path, CtFacts& facts);

/// Groups by series, frame of reference, orientation, matrix and pixel spacing; sorts along the normal; judges.
/// Single stray images of a series that otherwise is a stack go to `refused`.
std::vector<CtSeries> build_ct_series(std::vector<CtFacts> facts, std::vector<RefusedFile>& refused);

/// Where slices lie along the normal and the regular grid that holds them.
struct SlicePlan {
  std::string refusal;               //!< empty when a grid exists
  std::vector<double> positions_mm;  //!< of each slice from the first, ascending
  bool regular = true;               //!< the slices are the planes of the grid
  double spacing_mm = 0;             //!< between planes of the grid
  int planes = 0;                    //!< of the grid
};
SlicePlan plan_slices(const CtSeries& series);

}  // namespace sbrt::dicom::detail
