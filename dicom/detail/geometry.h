/// Image plane geometry that CT slices and dose grids share, and resampling along the normal.
#pragma once

#include "geometry/grid.h"
#include "geometry/space.h"

#include <array>
#include <string>
#include <vector>

class DcmItem;

namespace sbrt::dicom::detail {

/// Image Plane module (PS3.3 C.7.6.2).
struct PlaneAttributes {
  std::string refusal;                           //!< why there is no plane, empty when there is
  PatientPoint position;                         //!< centre of the first pixel [mm]
  Axes axes;                                     //!< i along a row, j down a column, k = i x j; orthonormalised
  std::array<double, 2> pixel_spacing_mm{1, 1};  //!< along a row (x), along a column (y)
};
PlaneAttributes read_plane(DcmItem& dataset);

/// Beyond this no coordinate in a patient can lie [mm].
inline constexpr double absurd_coordinate_mm = 1e5;

/// The regular positions 0, s, 2s... that cover ascending irregular positions (first is 0) without losing one: s is at
/// most the smallest gap, and the last position is met exactly.
struct RegularPositions {
  double spacing_mm = 0;
  int count = 0;
};
RegularPositions cover_positions(const std::vector<double>& ascending_mm);
/// True when every position lies within `tolerance_mm` of an equally spaced one.
bool is_regular(const std::vector<double>& ascending_mm, double tolerance_mm);

/// Linear interpolation of planes of `plane_size` values from irregular ascending positions to a regular grid.
std::vector<float> resample_planes(const std::vector<float>& values, std::size_t plane_size,
                                   const std::vector<double>& ascending_mm, RegularPositions target);

/// 2.5 for 2.50000, for messages.
std::string short_number(double value);

}  // namespace sbrt::dicom::detail
