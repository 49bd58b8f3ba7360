#include "dicom/detail/dataset.h"
#include "dicom/detail/geometry.h"
#include "dicom/import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace sbrt::dicom {
namespace {

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return s;
}

std::optional<RoiRole> target_role_by_name(const std::string& name) {
  const auto starts = [&](const char* prefix) { return name.rfind(prefix, 0) == 0; };
  if (starts("gtv") || starts("igtv")) return RoiRole::gtv;
  if (starts("ctv") || starts("ictv")) return RoiRole::ctv;
  if (starts("itv")) return RoiRole::itv;
  if (starts("ptv")) return RoiRole::ptv;
  return std::nullopt;
}

RoiRole role_by_name(const std::string& name) {
  if (const auto target = target_role_by_name(name)) return *target;
  if (name == "external" || name == "body" || name == "skin") return RoiRole::external;
  if (name.rfind("couch", 0) == 0 || name.rfind("table", 0) == 0) return RoiRole::support;
  return RoiRole::other;
}

// RTROIInterpretedType (PS3.3 C.8.8.8). Planning systems leave it empty or call targets organs; then the name decides.
RoiRole role_of(const std::string& type, const std::string& roi_name) {
  static const std::map<std::string, RoiRole> roles{{"EXTERNAL", RoiRole::external},
                                                    {"GTV", RoiRole::gtv},
                                                    {"CTV", RoiRole::ctv},
                                                    {"ITV", RoiRole::itv},
                                                    {"PTV", RoiRole::ptv},
                                                    {"ORGAN", RoiRole::organ},
                                                    {"OAR", RoiRole::organ},
                                                    {"AVOIDANCE", RoiRole::avoidance},
                                                    {"SUPPORT", RoiRole::support},
                                                    {"FIXATION", RoiRole::support},
                                                    {"MARKER", RoiRole::marker},
                                                    {"ISOCENTER", RoiRole::marker},
                                                    {"REGISTRATION", RoiRole::marker}};
  const std::string name = lower(roi_name);
  if (type.empty()) return role_by_name(name);
  const auto known = roles.find(type);
  const RoiRole role = known == roles.end() ? RoiRole::other : known->second;
  if (role == RoiRole::organ)
    if (const auto target = target_role_by_name(name)) return *target;
  return role;
}

class StructureReader {
 public:
  StructureReader(DcmDataset& dataset, std::string path) : dataset_(dataset), path_(std::move(path)) {}

  LoadedStructures read(const std::string& frame_of_reference_uid) {
    read_rois();
    read_observations();
    read_contours();
    settle_names();
    if (degenerate_ > 0)
      warnings_.push_back(
          {"degenerate-contours", fmt::format("{} closed contour(s) with fewer than three different points enclose "
                                              "nothing and were left out (first: {})",
                                              degenerate_, first_degenerate_)});
    return {StructureSet(std::move(structures_), frame_of_reference_uid), std::move(warnings_)};
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& place, const std::string& why) const {
    throw InputError(problem, path_ + (place.empty() ? "" : ", " + place), why, "export the structure set again");
  }

  void read_rois() {
    for (DcmItem* item : detail::items(dataset_, DCM_StructureSetROISequence)) {
      const auto number = detail::integer(*item, DCM_ROINumber);
      Structure structure;
      structure.name = detail::text(*item, DCM_ROIName);
      for (char& c : structure.name)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
      if (!number || *number < -2147483647L || *number > 2147483647L)
        fail("a ROI has no number", "structure \"" + structure.name + "\"", "its contours cannot be found");
      structure.number = int(*number);
      if (!index_.emplace(structure.number, structures_.size()).second)
        fail("two ROIs share a number", "structure \"" + structure.name + "\"", "their contours cannot be told apart");
      structures_.push_back(std::move(structure));
    }
    if (structures_.empty()) fail("the structure set holds no ROI", "", "");
  }

  void read_observations() {
    if (!detail::present(dataset_, DCM_RTROIObservationsSequence))
      warnings_.push_back({"roi-types-missing", "the structure set states no ROI types; roles follow from the names"});
    std::map<int, std::string> types;
    for (DcmItem* item : detail::items(dataset_, DCM_RTROIObservationsSequence))
      if (const auto number = detail::integer(*item, DCM_ReferencedROINumber); number)
        types[int(*number)] = detail::text(*item, DCM_RTROIInterpretedType);
    for (auto& structure : structures_) structure.role = role_of(types[structure.number], structure.name);
  }

  void read_contours() {
    for (DcmItem* item : detail::items(dataset_, DCM_ROIContourSequence)) {
      const auto number = detail::integer(*item, DCM_ReferencedROINumber);
      const auto found = number ? index_.find(int(*number)) : index_.end();
      if (found == index_.end()) {
        warnings_.push_back(
            {"contours-without-roi", "contours refer to ROI number " +
                                         (number ? std::to_string(*number) : std::string("(missing)")) +
                                         ", which the structure set does not define; they were left out"});
        continue;
      }
      Structure& structure = structures_[found->second];
      if (const auto colour = detail::numbers(*item, DCM_ROIDisplayColor); colour && colour->size() == 3)
        for (std::size_t n = 0; n < 3; ++n) structure.colour[n] = std::uint8_t(std::clamp((*colour)[n], 0.0, 255.0));
      int position = 0;
      for (DcmItem* contour : detail::items(*item, DCM_ContourSequence)) read_contour(*contour, ++position, structure);
    }
  }

  ContourKind kind_of(DcmItem& item, const std::string& place) const {
    const std::string type = detail::text(item, DCM_ContourGeometricType);
    if (type == "CLOSED_PLANAR") return ContourKind::closed_planar;
    if (type == "CLOSEDPLANAR_XOR") return ContourKind::closed_planar_xor;
    if (type == "OPEN_PLANAR") return ContourKind::open_planar;
    if (type == "OPEN_NONPLANAR") return ContourKind::open_nonplanar;
    if (type == "POINT") return ContourKind::point;
    fail("unknown contour type \"" + type + "\"", place, "it is not known whether the contour is closed");
  }

  void read_contour(DcmItem& item, int position, Structure& structure) {
    const std::string place = "structure \"" + structure.name + "\", contour " + std::to_string(position);
    Contour contour;
    contour.kind = kind_of(item, place);
    contour.points = read_points(item, place);
    auto& points = contour.points;
    points.erase(std::unique(points.begin(), points.end()), points.end());
    const bool closed = contour.kind == ContourKind::closed_planar || contour.kind == ContourKind::closed_planar_xor;
    if (closed)
      while (points.size() > 1 && points.front() == points.back()) points.pop_back();
    if (points.empty() || (closed && points.size() < 3)) {
      if (degenerate_++ == 0) first_degenerate_ = place;
      return;
    }
    structure.contours.push_back(std::move(contour));
  }

  std::vector<PatientPoint> read_points(DcmItem& item, const std::string& place) const {
    const std::string data = detail::raw_text(item, DCM_ContourData);
    const std::string_view all = data;
    std::vector<double> values;
    for (std::size_t begin = 0; begin <= all.size() && !all.empty();) {
      const std::size_t end = std::min(all.find('\\', begin), all.size());
      const std::string_view one = all.substr(begin, end - begin);
      const auto value = detail::parse_decimal(one);
      if (!value || std::abs(*value) > detail::absurd_coordinate_mm)
        fail(value ? "absurd contour coordinate" : "contour coordinate is not a finite number", place,
             "value " + std::to_string(values.size() + 1) + " is \"" +
                 detail::valid_utf8(std::string(one.substr(0, 40))) + "\"");
      values.push_back(*value);
      begin = end + 1;
    }
    const auto stated = detail::integer(item, DCM_NumberOfContourPoints);
    if (values.size() % 3 != 0 || (stated && *stated * 3 != long(values.size())))
      fail("contour is incomplete", place,
           fmt::format("it has {} coordinates where {} points need {}", values.size(),
                       stated ? std::to_string(*stated) : "whole",
                       stated ? std::to_string(*stated * 3) : "a multiple of three"));
    std::vector<PatientPoint> points;
    points.reserve(values.size() / 3);
    for (std::size_t n = 0; n < values.size(); n += 3) points.push_back({values[n], values[n + 1], values[n + 2]});
    return points;
  }

  // Where several ROIs share a name, none of them keeps it: a request by that name must not pick one silently.
  void settle_names() {
    std::map<std::string, std::vector<int>> numbers;
    for (const auto& structure : structures_) numbers[structure.name].push_back(structure.number);
    std::set<std::string> used, taken;
    for (const auto& structure : structures_) used.insert(structure.name);
    for (auto& structure : structures_) {
      const std::string old = structure.name;
      if (old.empty()) {
        structure.name = unused("ROI_" + std::to_string(structure.number), used, taken);
        warnings_.push_back({"unnamed-roi", "ROI number " + std::to_string(structure.number) +
                                                " has no name; it is called " + structure.name});
      } else if (numbers[old].size() > 1) {
        structure.name = unused(fmt::format("{} (ROI {})", old, structure.number), used, taken);
      }
      taken.insert(structure.name);
    }
    for (const auto& [name, same] : numbers)
      if (!name.empty() && same.size() > 1)
        warnings_.push_back({"duplicate-roi-name",
                             fmt::format("{} ROIs are called \"{}\" (ROI numbers {}); they are called \"{} (ROI {})\" "
                                         "and so on, and are reached by these names only",
                                         same.size(), name, fmt::join(same, ", "), name, same.front())});
  }

  static std::string unused(const std::string& wish, const std::set<std::string>& used,
                            const std::set<std::string>& taken) {
    std::string name = wish;
    for (int suffix = 2; used.count(name) || taken.count(name); ++suffix) name = wish + "_" + std::to_string(suffix);
    return name;
  }

  DcmDataset& dataset_;
  std::string path_;
  std::vector<Structure> structures_;
  std::map<int, std::size_t> index_;  //!< ROI number to place in structures_
  Warnings warnings_;
  int degenerate_ = 0;
  std::string first_degenerate_;
};

}  // namespace

LoadedStructures load_structures(const StructureFile& file) {
  const detail::ParsedFile parsed = detail::parse_file(file.path, detail::ValueLoading::complete);
  if (!parsed.file)
    throw InputError("structure set cannot be read", file.path.string(), parsed.refusal,
                     "export the structure set again");
  return StructureReader(parsed.dataset(), file.path.string()).read(file.frame_of_reference_uid);
}

}  // namespace sbrt::dicom
