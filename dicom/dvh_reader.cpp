#include "dicom/detail/dataset.h"
#include "dicom/detail/geometry.h"
#include "dicom/import.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt::dicom {
namespace {

constexpr std::size_t most_bins = 1'000'000;
constexpr double most_dose_gy = 10'000, most_volume = 1e6;
// Volumes are written with few digits; a rise by more is no cumulative curve.
constexpr double volume_rounding = 1e-4;
constexpr double most_cut_off = 0.01;  // share of the volume above the last edge

/// Why a DVH cannot be used.
struct Refusal {
  std::string why;
};

double stated_scaling(DcmItem& item) {
  const auto scaling = detail::number(item, DCM_DVHDoseScaling);
  if (!scaling || !(*scaling > 0)) throw Refusal{"DVHDoseScaling is missing or not a positive number"};
  return *scaling;
}

std::vector<double> stated_pairs(DcmItem& item) {
  const auto data = detail::numbers(item, DCM_DVHData);
  if (!data) throw Refusal{"DVHData are missing or not finite numbers"};
  if (data->size() % 2 != 0)
    throw Refusal{fmt::format("DVHData have {} values, which are not pairs of bin width and volume", data->size())};
  const auto bins = detail::integer(item, DCM_DVHNumberOfBins);
  if (bins && *bins != long(data->size() / 2))
    throw Refusal{fmt::format("DVHData have {} bins where DVHNumberOfBins says {}", data->size() / 2, *bins)};
  if (data->size() / 2 > most_bins) throw Refusal{fmt::format("it has {} bins", data->size() / 2)};
  return *data;
}

void read_curve(DcmItem& item, EmbeddedDvh& dvh) {
  const std::string type = detail::text(item, DCM_DVHType);
  if (type != "CUMULATIVE" && type != "DIFFERENTIAL")
    throw Refusal{fmt::format("DVHType is \"{}\"; CUMULATIVE and DIFFERENTIAL are compared", type)};
  const double scaling = stated_scaling(item);
  const std::vector<double> data = stated_pairs(item);
  dvh.dose_gy = {0};
  dvh.volume.clear();
  for (std::size_t n = 0; n < data.size(); n += 2) {
    if (!(data[n] >= 0) || !(data[n + 1] >= 0) || data[n + 1] > most_volume)
      throw Refusal{fmt::format("bin {} has the width {:.6g} and the volume {:.6g}", n / 2 + 1, data[n], data[n + 1])};
    dvh.dose_gy.push_back(dvh.dose_gy.back() + data[n] * scaling);
    dvh.volume.push_back(data[n + 1]);
  }
  if (dvh.dose_gy.back() > most_dose_gy)
    throw Refusal{
        fmt::format("its bins end at {:.4g} Gy; DVHDoseScaling is absurd, or DVHData hold doses instead of "
                    "bin widths",
                    dvh.dose_gy.back())};
  if (type == "DIFFERENTIAL")
    for (std::size_t n = dvh.volume.size() - 1; n-- > 0;) dvh.volume[n] += dvh.volume[n + 1];
  // The volume at the upper edge of the last bin: a cumulative curve that does not end at 0 goes on beyond it.
  const double whole = dvh.volume.front();
  if (!(whole > 0)) throw Refusal{"it has no volume"};
  if (type == "CUMULATIVE" && dvh.volume.back() > most_cut_off * whole)
    throw Refusal{fmt::format("its last bin still holds {:.4g} % of the volume: the curve is cut off",
                              100 * dvh.volume.back() / whole)};
  dvh.volume.push_back(0);
  for (std::size_t n = 1; n < dvh.volume.size(); ++n) {
    if (dvh.volume[n] > dvh.volume[n - 1] + volume_rounding * whole)
      throw Refusal{fmt::format("the cumulative volume rises at bin {}", n + 1)};
    dvh.volume[n] = std::min(dvh.volume[n], dvh.volume[n - 1]);
  }
}

void read_rois(DcmItem& item, EmbeddedDvh& dvh) {
  for (DcmItem* roi : detail::items(item, DCM_DVHReferencedROISequence)) {
    const auto number = detail::integer(*roi, DCM_ReferencedROINumber);
    const std::string contribution = detail::text(*roi, DCM_DVHROIContributionType);
    if (!number || std::abs(*number) > 2147483647L) throw Refusal{"it refers to a ROI without number"};
    if (contribution != "INCLUDED" && contribution != "EXCLUDED" && !contribution.empty())
      throw Refusal{"DVHROIContributionType is \"" + contribution + "\""};
    dvh.rois.push_back({int(*number), contribution != "EXCLUDED"});
  }
  if (dvh.rois.empty()) throw Refusal{"it refers to no ROI"};
}

EmbeddedDvh read_dvh(DcmItem& item, const DoseFile& file) {
  EmbeddedDvh dvh;
  const std::string units = detail::text(item, DCM_DoseUnits), type = detail::text(item, DCM_DoseType),
                    volume_units = detail::text(item, DCM_DVHVolumeUnits);
  if (units != "GY") throw Refusal{"its DoseUnits are \"" + units + "\", not GY"};
  if (!type.empty() && type != file.type)
    throw Refusal{"its DoseType is \"" + type + "\", that of the dose is \"" + file.type + "\""};
  if (volume_units != "CM3" && volume_units != "PERCENT")
    throw Refusal{"its DVHVolumeUnits are \"" + volume_units + "\", not CM3 or PERCENT"};
  dvh.in_percent = volume_units == "PERCENT";
  read_rois(item, dvh);
  read_curve(item, dvh);
  dvh.min_gy = detail::number(item, DCM_DVHMinimumDose);
  dvh.mean_gy = detail::number(item, DCM_DVHMeanDose);
  dvh.max_gy = detail::number(item, DCM_DVHMaximumDose);
  // Some systems write the doses themselves where the standard asks for bin widths: their sum runs away.
  constexpr double most_over_maximum = 3;
  if (dvh.max_gy && *dvh.max_gy > 0 && dvh.dose_gy.back() > most_over_maximum * *dvh.max_gy + 1) {
    const auto end = std::find(dvh.volume.begin(), dvh.volume.end(), 0.0);
    const double last_gy = dvh.dose_gy[std::size_t(end - dvh.volume.begin())];
    if (last_gy > most_over_maximum * *dvh.max_gy)
      throw Refusal{
          fmt::format("its volume ends at {:.4g} Gy where DVHMaximumDose says {:.4g}: DVHData hold doses "
                      "instead of bin widths, or the scaling is wrong",
                      last_gy, *dvh.max_gy)};
  }
  return dvh;
}

}  // namespace

LoadedDvhs load_dvhs(const DoseFile& file) {
  LoadedDvhs loaded;
  const detail::ParsedFile parsed = detail::parse_file(file.path, detail::ValueLoading::deferred);
  if (!parsed.file)
    throw InputError("dose cannot be read", file.path.string(), parsed.refusal, "export the dose again");
  int position = 0;
  for (DcmItem* item : detail::items(parsed.dataset(), DCM_DVHSequence)) {
    ++position;
    try {
      loaded.dvhs.push_back(read_dvh(*item, file));
    } catch (const Refusal& refusal) {
      std::string of;
      for (DcmItem* roi : detail::items(*item, DCM_DVHReferencedROISequence))
        of += (of.empty() ? " of ROI " : "+") + detail::text(*roi, DCM_ReferencedROINumber);
      loaded.warnings.push_back({"embedded-dvh-refused", fmt::format("{}: the embedded DVH {}{} is not compared: {}",
                                                                     file.path.string(), position, of, refusal.why)});
    }
  }
  return loaded;
}

}  // namespace sbrt::dicom
