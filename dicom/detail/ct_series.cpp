#include "dicom/detail/ct_series.h"

#include "dicom/detail/geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sbrt::dicom::detail {
namespace {

using Group = std::vector<CtFacts>;

bool same_axes(const Axes& a, const Axes& b) {
  constexpr double tolerance = 1e-4;  // [rad]; 0.025 mm at 250 mm from the axis
  return norm(a.i - b.i) < tolerance && norm(a.j - b.j) < tolerance;
}

bool same_spacing(const CtFacts& a, const CtFacts& b) {
  constexpr double tolerance_mm = 1e-4;  // header rounding; 0.05 mm over 512 pixels
  return std::abs(a.pixel_spacing_mm[0] - b.pixel_spacing_mm[0]) < tolerance_mm &&
         std::abs(a.pixel_spacing_mm[1] - b.pixel_spacing_mm[1]) < tolerance_mm;
}

bool one_volume(const CtFacts& a, const CtFacts& b) {
  return a.frame_of_reference_uid == b.frame_of_reference_uid && a.rows == b.rows && a.columns == b.columns &&
         same_spacing(a, b) && same_axes(a.axes, b.axes);
}

std::string difference(const CtFacts& a, const CtFacts& b) {
  if (!same_axes(a.axes, b.axes)) return "mixed orientations";
  if (a.frame_of_reference_uid != b.frame_of_reference_uid) return "several frames of reference";
  if (a.rows != b.rows || a.columns != b.columns) return "several matrix sizes";
  return "several pixel spacings";
}

std::vector<Group> split(std::vector<CtFacts> series) {
  std::vector<Group> groups;
  for (auto& facts : series) {
    const auto home =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return one_volume(g.front(), facts); });
    if (home != groups.end())
      home->push_back(std::move(facts));
    else
      groups.push_back({std::move(facts)});
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.size() > b.size(); });
  return groups;
}

// Scouts without the LOCALIZER mark: at most two images beside a stack.
void drop_stray_images(std::vector<Group>& groups, std::vector<RefusedFile>& refused) {
  constexpr std::size_t stack = 3;
  if (groups.size() < 2 || groups.front().size() < stack) return;
  const Group& main = groups.front();
  for (auto group = groups.begin() + 1; group != groups.end();) {
    if (group->size() >= stack) {
      ++group;
      continue;
    }
    for (const auto& facts : *group)
      refused.push_back({facts.slice.path, fmt::format("stray image of a CT series ({} with the other {} slices)",
                                                       difference(main.front(), facts), main.size())});
    group = groups.erase(group);
  }
}

template <class Get>
bool differs(const Group& group, Get get) {
  return std::any_of(group.begin(), group.end(), [&](const CtFacts& f) { return get(f) != get(group.front()); });
}

void judge_attributes(const Group& group, CtSeries& series, std::vector<std::string>& refusals) {
  const CtFacts& first = group.front();
  if (first.frame_of_reference_uid.empty())
    refusals.push_back("FrameOfReferenceUID is missing, so no structure or dose can be tied to the images");
  if (differs(group, [](const CtFacts& f) { return f.patient_study.patient_id; }))
    refusals.push_back("the images name different patients");
  if (std::any_of(group.begin(), group.end(), [](const CtFacts& f) { return !f.has_rescale; }))
    refusals.push_back("RescaleSlope or RescaleIntercept is missing, so the values are not known to be HU");
  if (differs(group, [](const CtFacts& f) { return f.rescale_type; }))
    refusals.push_back("mixed rescale types");
  else if (first.rescale_type == "US")
    series.warnings.push_back(
        {"rescale-type-unspecified", "RescaleType is US (unspecified); the values are taken as HU"});
  else if (!first.rescale_type.empty() && first.rescale_type != "HU")
    refusals.push_back("RescaleType is " + first.rescale_type + ", not HU");
  const auto lossy = std::find_if(group.begin(), group.end(), [](const CtFacts& f) { return !f.lossy.empty(); });
  if (lossy != group.end())
    refusals.push_back("images were compressed with loss (" + lossy->lossy + "), so their HU are not those measured");
  if (first.patient_position.empty())
    series.warnings.push_back(
        {"patient-position-missing", "PatientPosition is missing; the orientation vectors are used"});
  else if (differs(group, [](const CtFacts& f) { return f.patient_position; }))
    refusals.push_back("mixed patient positions");
}

CtSeries series_of(Group group, const std::string& mixture) {
  const Axes& axes = group.front().axes;
  const auto along = [&](const CtFacts& f) { return dot(f.slice.position - PatientPoint{}, axes.k); };
  std::stable_sort(group.begin(), group.end(), [&](const CtFacts& a, const CtFacts& b) { return along(a) < along(b); });

  const CtFacts& first = group.front();
  CtSeries series;
  series.patient_study = first.patient_study;
  series.series_instance_uid = first.series_instance_uid;
  series.frame_of_reference_uid = first.frame_of_reference_uid;
  series.series_description = first.series_description;
  series.manufacturer = first.manufacturer;
  series.body_part_examined = first.body_part_examined;
  series.patient_position = first.patient_position;
  series.rows = first.rows;
  series.columns = first.columns;
  series.pixel_spacing_mm = first.pixel_spacing_mm;
  series.axes = first.axes;
  for (const auto& facts : group) series.slices.push_back(facts.slice);

  std::vector<std::string> refusals;
  if (!mixture.empty()) refusals.push_back(mixture);
  judge_attributes(group, series, refusals);
  const SlicePlan plan = plan_slices(series);
  if (!plan.refusal.empty()) refusals.push_back(plan.refusal);
  series.slice_spacing_mm = plan.spacing_mm;
  if (plan.refusal.empty() && !plan.regular)
    series.warnings.push_back(
        {"irregular-slices",
         fmt::format("slice distances are irregular: {} slices are resampled linearly to {} planes every {} mm",
                     series.slices.size(), plan.planes, short_number(plan.spacing_mm))});
  for (const auto& refusal : refusals) series.refusal += (series.refusal.empty() ? "" : "; ") + refusal;
  return series;
}

}  // namespace

std::vector<CtSeries> build_ct_series(std::vector<CtFacts> facts, std::vector<RefusedFile>& refused) {
  std::sort(facts.begin(), facts.end(), [](const CtFacts& a, const CtFacts& b) {
    return a.slice.reference.sop_instance_uid < b.slice.reference.sop_instance_uid;
  });
  std::map<std::string, std::vector<CtFacts>> by_uid;
  for (auto& f : facts) by_uid[f.series_instance_uid].push_back(std::move(f));

  std::vector<CtSeries> all;
  for (auto& [uid, members] : by_uid) {
    auto groups = split(std::move(members));
    const std::size_t images_before = refused.size();
    drop_stray_images(groups, refused);
    const std::size_t dropped = refused.size() - images_before;
    std::string mixture;
    if (groups.size() > 1) mixture = difference(groups[0].front(), groups[1].front()) + " in one series";
    for (auto& group : groups) {
      all.push_back(series_of(std::move(group), mixture));
      if (dropped > 0)
        all.back().warnings.push_back(
            {"stray-images",
             fmt::format("{} stray image(s) of this series were left out; see the refused files", dropped)});
    }
  }
  return all;
}

}  // namespace sbrt::dicom::detail
