#include "dicom/detail/geometry.h"

#include "dicom/detail/dataset.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt::dicom::detail {

PlaneAttributes read_plane(DcmItem& d) {
  PlaneAttributes plane;
  const auto refuse = [&](std::string why) {
    plane.refusal = std::move(why);
    return plane;
  };
  const auto position = numbers(d, DCM_ImagePositionPatient);
  if (!position || position->size() != 3) return refuse("ImagePositionPatient is missing or not three numbers");
  const auto orientation = numbers(d, DCM_ImageOrientationPatient);
  if (!orientation || orientation->size() != 6) return refuse("ImageOrientationPatient is missing or not six numbers");
  const auto spacing = numbers(d, DCM_PixelSpacing);
  if (!spacing || spacing->size() != 2) return refuse("PixelSpacing is missing or not two numbers");

  for (const double p : *position)
    if (std::abs(p) > absurd_coordinate_mm) return refuse("ImagePositionPatient " + short_number(p) + " mm is absurd");
  constexpr double smallest_spacing_mm = 1e-3, largest_spacing_mm = 1e3;
  for (const double s : *spacing)
    if (!(s >= smallest_spacing_mm && s <= largest_spacing_mm))
      return refuse("PixelSpacing " + short_number(s) + " mm is absurd");

  const auto& o = *orientation;
  const PatientVec row{o[0], o[1], o[2]}, column{o[3], o[4], o[5]};
  // Headers hold six digits or more; 1e-3 is far above their rounding and bends a 500 mm image by half a millimetre.
  constexpr double tolerance = 1e-3;
  if (std::abs(norm(row) - 1) > tolerance || std::abs(norm(column) - 1) > tolerance ||
      std::abs(dot(row, column)) > tolerance)
    return refuse("ImageOrientationPatient is not two perpendicular unit vectors");
  plane.position = {(*position)[0], (*position)[1], (*position)[2]};
  plane.axes.i = row / norm(row);
  const PatientVec normal = cross(plane.axes.i, column);
  plane.axes.k = normal / norm(normal);
  plane.axes.j = cross(plane.axes.k, plane.axes.i);
  plane.pixel_spacing_mm = {(*spacing)[1], (*spacing)[0]};  // stored as distance between rows, between columns
  return plane;
}

RegularPositions cover_positions(const std::vector<double>& at) {
  RegularPositions cover;
  if (at.size() < 2) return {0, int(at.size())};
  double smallest = HUGE_VAL;
  for (std::size_t n = 1; n < at.size(); ++n) smallest = std::min(smallest, at[n] - at[n - 1]);
  const double length = at.back() - at.front();
  // The small reduction keeps rounding noise from adding a plane.
  constexpr double noise = 1e-6;
  const double steps = std::ceil(length / smallest - noise);
  constexpr double most_steps = 1e6;
  if (!(steps >= 1 && steps <= most_steps)) return {0, 0};
  cover.count = int(steps) + 1;
  cover.spacing_mm = length / steps;
  return cover;
}

bool is_regular(const std::vector<double>& at, double tolerance_mm) {
  if (at.size() < 3) return true;
  const double step = (at.back() - at.front()) / double(at.size() - 1);
  for (std::size_t n = 0; n < at.size(); ++n)
    if (std::abs(at[n] - at.front() - double(n) * step) > tolerance_mm) return false;
  return true;
}

std::vector<float> resample_planes(const std::vector<float>& values, std::size_t plane_size,
                                   const std::vector<double>& at, RegularPositions target) {
  std::vector<float> result(plane_size * std::size_t(target.count));
  parallel_for(target.count, [&](std::int64_t plane) {
    const double position = at.front() + double(plane) * target.spacing_mm;
    const auto above = std::upper_bound(at.begin(), at.end(), position);
    const auto high = std::min(std::size_t(std::max<std::ptrdiff_t>(above - at.begin(), 1)), at.size() - 1);
    const std::size_t low = high - 1;
    const double share = std::clamp((position - at[low]) / (at[high] - at[low]), 0.0, 1.0);
    const float* a = values.data() + low * plane_size;
    const float* b = values.data() + high * plane_size;
    float* out = result.data() + std::size_t(plane) * plane_size;
    for (std::size_t n = 0; n < plane_size; ++n) out[n] = float((1 - share) * double(a[n]) + share * double(b[n]));
  });
  return result;
}

std::string short_number(double value) { return fmt::format("{:.6g}", value); }

}  // namespace sbrt::dicom::detail
