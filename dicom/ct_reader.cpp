#include "dicom/detail/ct_series.h"
#include "dicom/detail/dataset.h"
#include "dicom/detail/geometry.h"
#include "dicom/detail/pixel_decoder.h"
#include "dicom/import.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

namespace sbrt::dicom {
namespace {

constexpr float vacuum_hu = -1024;

struct SliceCounts {
  std::int64_t clamped = 0, padding_kept = 0;
};

// PixelPaddingValue as a stored value; files write it unsigned although the pixels are signed, and the other way round.
std::optional<std::int32_t> padding_value(DcmDataset& dataset, const detail::PixelFormat& format) {
  const auto value = detail::integer(dataset, DCM_PixelPaddingValue);
  if (!value) return std::nullopt;
  const auto bits = std::uint16_t(*value & 0xFFFF);
  return format.is_signed ? std::int32_t(std::int16_t(bits)) : std::int32_t(bits);
}

SliceCounts read_slice(const CtSeries& series, const CtSlice& slice, float* out) {
  const std::string where = slice.path.string();
  const auto changed = [&](const std::string& why) {
    return InputError("CT slice cannot be read", where, why, "scan the folder again");
  };
  const detail::ParsedFile parsed = detail::parse_file(slice.path, detail::ValueLoading::complete);
  if (!parsed.file) throw changed(parsed.refusal);
  DcmDataset& dataset = parsed.dataset();
  std::string refusal;
  const detail::PixelFormat format = detail::pixel_format_of(dataset, refusal);
  if (!refusal.empty()) throw changed(refusal);
  if (detail::text(dataset, DCM_SOPInstanceUID) != slice.reference.sop_instance_uid || format.rows != series.rows ||
      format.columns != series.columns || format.frames != 1)
    throw changed("it is not the file that was found when the folder was searched");

  const auto padding = padding_value(dataset, format);
  const auto stored = detail::decode_pixels(dataset, format, where);
  // No tissue lies beyond these numbers, so a padding value there can only mean "not measured".
  constexpr double least_tissue_hu = -900, most_tissue_hu = 3071;
  bool replace_padding = false;
  if (padding) {
    const double hu = *padding * slice.rescale_slope + slice.rescale_intercept;
    replace_padding = hu < least_tissue_hu || hu > most_tissue_hu;
  }
  SliceCounts counts;
  for (std::size_t n = 0; n < stored.size(); ++n) {
    float hu = float(stored[n] * slice.rescale_slope + slice.rescale_intercept);
    const bool is_padding = padding && stored[n] == *padding;
    if (is_padding && !replace_padding) ++counts.padding_kept;
    if (hu < vacuum_hu || (is_padding && replace_padding && hu > vacuum_hu)) {
      hu = vacuum_hu;
      ++counts.clamped;
    }
    out[n] = hu;
  }
  return counts;
}

Warnings padding_warnings(const std::vector<SliceCounts>& counts, std::size_t voxels) {
  SliceCounts all;
  for (const auto& c : counts) {
    all.clamped += c.clamped;
    all.padding_kept += c.padding_kept;
  }
  Warnings warnings;
  if (all.clamped > 0)
    warnings.push_back(
        {"padding-clamped", fmt::format("{} voxels ({:.3g} %) are padding or below -1024 HU; they were set to -1024 HU",
                                        all.clamped, 100.0 * double(all.clamped) / double(voxels))});
  if (all.padding_kept > 0)
    warnings.push_back(
        {"padding-kept", fmt::format("{} voxels have the PixelPaddingValue, which is a tissue number; they were kept",
                                     all.padding_kept)});
  return warnings;
}

}  // namespace

LoadedCt load_ct(const CtSeries& series, Progress& progress) {
  detail::prepare_dcmtk();
  if (!series.refusal.empty())
    throw InputError("CT series cannot be used", "series " + series.series_instance_uid, series.refusal,
                     "choose another series or export it again");
  const detail::SlicePlan plan = detail::plan_slices(series);
  if (!plan.refusal.empty())
    throw InputError("CT series cannot be used", "series " + series.series_instance_uid, plan.refusal,
                     "choose another series or export it again");

  const std::size_t plane_size = std::size_t(series.rows) * std::size_t(series.columns);
  std::vector<float> values(plane_size * series.slices.size());
  std::vector<SliceCounts> counts(series.slices.size());
  progress.begin("reading CT", std::int64_t(series.slices.size()));
  parallel_for(std::int64_t(series.slices.size()), [&](std::int64_t n) {
    const auto slice = std::size_t(n);
    counts[slice] = read_slice(series, series.slices[slice], values.data() + slice * plane_size);
    progress.advance();
  });
  progress.end();

  Warnings warnings = series.warnings;
  append(warnings, padding_warnings(counts, values.size()));
  if (!plan.regular)
    values = detail::resample_planes(values, plane_size, plan.positions_mm, {plan.spacing_mm, plan.planes});
  const Grid grid({series.columns, series.rows, plan.planes},
                  {series.pixel_spacing_mm[0], series.pixel_spacing_mm[1], plan.spacing_mm},
                  series.slices.front().position, series.axes);
  return {CtImage(grid, std::move(values)), std::move(warnings)};
}

}  // namespace sbrt::dicom
