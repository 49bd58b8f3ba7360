#include "dicom/detail/dataset.h"
#include "dicom/detail/geometry.h"
#include "dicom/detail/pixel_decoder.h"
#include "dicom/import.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt::dicom {
namespace {

[[noreturn]] void fail(const std::string& why, const DoseFile& file) {
  throw InputError("dose cannot be read", file.path.string(), why, "export the dose again");
}

// Position of each frame along k = row x column from ImagePositionPatient (PS3.3 C.8.8.3.2).
std::vector<double> frame_offsets(DcmDataset& d, int frames, const detail::PlaneAttributes& plane,
                                  const DoseFile& file) {
  if (frames == 1) return {0};
  const auto vector = detail::numbers(d, DCM_GridFrameOffsetVector);
  if (!vector) fail("GridFrameOffsetVector is missing or not numbers, so the frame positions are unknown", file);
  if (vector->size() != std::size_t(frames))
    fail(fmt::format("GridFrameOffsetVector has {} values for {} frames", vector->size(), frames), file);
  std::vector<double> offsets = *vector;
  for (const double o : offsets)
    if (std::abs(o) > detail::absurd_coordinate_mm)
      fail("GridFrameOffsetVector holds " + detail::short_number(o) + " mm", file);
  if (offsets.front() == 0) return offsets;
  // Second form: patient z of each frame, for transverse frames only; its first value repeats the image position.
  constexpr double tolerance_mm = 0.01, transverse = 1e-4;
  if (std::abs(std::abs(plane.axes.k.z) - 1) > transverse ||
      std::abs(offsets.front() - plane.position.z) > tolerance_mm)
    fail("GridFrameOffsetVector starts with " + detail::short_number(offsets.front()) +
             " mm, which is neither 0 nor the z position of a transverse grid",
         file);
  const double first = offsets.front(), direction = plane.axes.k.z > 0 ? 1 : -1;
  for (double& o : offsets) o = direction * (o - first);
  return offsets;
}

std::vector<float> read_values(DcmDataset& d, const detail::PixelFormat& format, double scaling, const DoseFile& file) {
  const std::string where = file.path.string();
  std::vector<float> values(format.pixel_count());
  if (format.bits_allocated == 32) {
    const auto raw = detail::decode_pixels_32(d, format, where);
    for (std::size_t n = 0; n < raw.size(); ++n)
      values[n] = float(scaling * (format.is_signed ? double(std::int32_t(raw[n])) : double(raw[n])));
  } else {
    const auto raw = detail::decode_pixels(d, format, where);
    for (std::size_t n = 0; n < raw.size(); ++n) values[n] = float(scaling * raw[n]);
  }
  return values;
}

Warnings value_warnings(const std::vector<float>& values, const std::string& units, const DoseFile& file) {
  Warnings warnings;
  const auto negative = std::count_if(values.begin(), values.end(), [](float v) { return v < 0; });
  if (negative > 0) warnings.push_back({"negative-dose", fmt::format("{} voxels have a negative dose", negative)});
  const float largest = *std::max_element(values.begin(), values.end());
  constexpr float most_dose_gy = 1000;  // ten times the highest single-course prescriptions
  if (units == "GY" && largest > most_dose_gy)
    fail(fmt::format("its largest dose is {:.4g} Gy; DoseGridScaling is absurd or the pixels are damaged", largest),
         file);
  if (largest <= 0) warnings.push_back({"empty-dose", "the dose is zero everywhere"});
  if (units == "RELATIVE") warnings.push_back({"relative-dose", "the dose is in relative units, not Gy"});
  return warnings;
}

// Frames in ascending order along k, so that the grid is right-handed whatever the order in the file.
void ascend(std::vector<double>& offsets, std::vector<float>& values, std::size_t frame_size) {
  std::vector<std::size_t> order(offsets.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return offsets[a] < offsets[b]; });
  if (std::is_sorted(order.begin(), order.end())) return;
  std::vector<double> sorted_offsets;
  std::vector<float> sorted_values;
  sorted_values.reserve(values.size());
  for (const std::size_t frame : order) {
    sorted_offsets.push_back(offsets[frame]);
    const auto begin = values.begin() + std::ptrdiff_t(frame * frame_size);
    sorted_values.insert(sorted_values.end(), begin, begin + std::ptrdiff_t(frame_size));
  }
  offsets = std::move(sorted_offsets);
  values = std::move(sorted_values);
}

}  // namespace

LoadedDose load_dose(const DoseFile& file) {
  const detail::ParsedFile parsed = detail::parse_file(file.path, detail::ValueLoading::complete);
  if (!parsed.file) fail(parsed.refusal, file);
  DcmDataset& d = parsed.dataset();
  std::string refusal;
  const detail::PixelFormat format = detail::pixel_format_of(d, refusal);
  if (!refusal.empty()) fail(refusal, file);
  if (format.bits_allocated == 8) fail("it has 8 bits per pixel", file);
  const std::string units = detail::text(d, DCM_DoseUnits);
  if (units != "GY" && units != "RELATIVE") fail("DoseUnits is \"" + units + "\", not GY or RELATIVE", file);
  if (detail::text(d, DCM_DoseType) == "ERROR") fail("DoseType is ERROR: it holds uncertainties, not a dose", file);
  const auto scaling = detail::number(d, DCM_DoseGridScaling);
  if (!scaling || !(*scaling > 0)) fail("DoseGridScaling is missing or not a positive number", file);
  const detail::PlaneAttributes plane = detail::read_plane(d);
  if (!plane.refusal.empty()) fail(plane.refusal, file);

  std::vector<double> offsets = frame_offsets(d, format.frames, plane, file);
  std::vector<float> values = read_values(d, format, *scaling, file);
  Warnings warnings = value_warnings(values, units, file);
  const std::size_t frame_size = std::size_t(format.rows) * std::size_t(format.columns);
  ascend(offsets, values, frame_size);

  constexpr double duplicate_mm = 1e-3, regular_mm = 0.01;
  for (std::size_t n = 1; n < offsets.size(); ++n)
    if (offsets[n] - offsets[n - 1] < duplicate_mm) fail("two frames lie at one position", file);
  const PatientPoint origin = plane.position + offsets.front() * plane.axes.k;
  detail::RegularPositions regular{1, 1};
  if (format.frames == 1) {
    const auto thickness = detail::number(d, DCM_SliceThickness);
    regular.spacing_mm = thickness && *thickness > 0 ? *thickness : 1;
    warnings.push_back({"planar-dose", fmt::format("the dose is one plane; it is taken as {} mm thick",
                                                   detail::short_number(regular.spacing_mm))});
  } else if (detail::is_regular(offsets, regular_mm)) {
    regular = {(offsets.back() - offsets.front()) / double(offsets.size() - 1), format.frames};
  } else {
    regular = detail::cover_positions(offsets);
    constexpr int most_planes_per_frame = 20;
    if (regular.count < 2 || regular.count > most_planes_per_frame * format.frames)
      fail("its frame distances are too irregular to be resampled", file);
    values = detail::resample_planes(values, frame_size, offsets, regular);
    warnings.push_back(
        {"irregular-frames",
         fmt::format("frame distances are irregular: {} frames are resampled linearly to {} planes every {} mm",
                     format.frames, regular.count, detail::short_number(regular.spacing_mm))});
  }
  const Grid grid({format.columns, format.rows, regular.count},
                  {plane.pixel_spacing_mm[0], plane.pixel_spacing_mm[1], regular.spacing_mm}, origin, plane.axes);
  return {DoseGrid(grid, std::move(values)), std::move(warnings)};
}

}  // namespace sbrt::dicom
