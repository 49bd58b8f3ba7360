#include "engine/plan_parts.h"

#include "geometry/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace sbrt {
namespace {

struct Kind {
  bool brachy = false, control_points = false;
  std::string noun;  //!< of one part
};

Kind kind_of(const dicom::DoseFile& dose) {
  const bool brachy = dose.summation_type.rfind("BRACHY", 0) == 0;
  return {brachy, dose.summation_type == "CONTROL_POINT", brachy ? "application setup" : "beam"};
}

const std::vector<int>& numbers_of(const dicom::DoseFile& dose, const Kind& kind) {
  return kind.brachy ? dose.brachy_setups : dose.beams;
}

std::string name_of(const dicom::PlannedBeam& beam) {
  return beam.name.empty() ? std::to_string(beam.number) : fmt::format("{} '{}'", beam.number, beam.name);
}

// One beam's ranges must follow each other from the first control point to the last.
void check_control_points(int beam, std::vector<dicom::ControlPointRange> ranges, const dicom::PlanFile* plan) {
  const auto refuse = [&](const std::string& why) {
    throw InputError(fmt::format("the control points of beam {} are not complete", beam),
                     plan ? plan->path.string() : "RTDOSE of type CONTROL_POINT", why,
                     "give the doses of all control points (--rtdose)");
  };
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (ranges.empty()) refuse("the doses do not say which control points they belong to");
  if (ranges.front().first != 0) refuse(fmt::format("the first dose starts at {}", ranges.front().first));
  for (std::size_t n = 1; n < ranges.size(); ++n)
    if (ranges[n].first != ranges[n - 1].last)
      refuse(fmt::format("after control point {} the next dose starts at {}", ranges[n - 1].last, ranges[n].first));
  if (!plan) return;
  for (const dicom::PlannedBeam& planned : plan->beams)
    if (planned.number == beam && planned.control_points > 0 && ranges.back().last != planned.control_points - 1)
      refuse(fmt::format("the doses end at control point {}, the beam at {}", ranges.back().last,
                         planned.control_points - 1));
}

}  // namespace

void check_parts(const std::vector<const dicom::DoseFile*>& parts, const dicom::PlanFile* plan, bool allow_missing,
                 Warnings& warnings) {
  const Kind kind = kind_of(*parts.front());
  std::map<int, const dicom::DoseFile*> first;
  std::map<int, std::vector<dicom::ControlPointRange>> ranges;
  for (const dicom::DoseFile* dose : parts) {
    const std::vector<int>& numbers = numbers_of(*dose, kind);
    if (numbers.empty() && (parts.size() > 1 || plan))
      throw InputError(fmt::format("the dose of type {} does not say of which {}", dose->summation_type, kind.noun),
                       dose->path.string(), "that all parts of the plan are there cannot be checked",
                       "export the dose of the whole plan (PLAN), or say with --fractions-of-dose what this one is");
    for (const int number : numbers) {
      auto& of_beam = ranges[number];
      of_beam.insert(of_beam.end(), dose->control_points.begin(), dose->control_points.end());
      if (!first.emplace(number, dose).second && !kind.control_points)
        throw InputError(fmt::format("{} {} counts twice", kind.noun, number), dose->path.string(),
                         first[number]->path.string() + " is a dose of it too", "choose one of the two by --rtdose");
    }
  }
  if (kind.control_points)
    for (const auto& [beam, of_beam] : ranges) check_control_points(beam, of_beam, plan);
  if (!plan) {
    warnings.push_back({"parts-not-checked",
                        fmt::format("the RTPLAN of the {} {} dose(s) is not there; that they are all of its {}s is not "
                                    "checked",
                                    parts.size(), parts.front()->summation_type, kind.noun)});
    return;
  }
  std::vector<std::string> missing;
  for (const dicom::PlannedBeam& beam : kind.brachy ? plan->brachy_setups : plan->beams)
    if (first.erase(beam.number) == 0) missing.push_back(name_of(beam));
  for (const auto& [number, dose] : first)
    throw InputError(fmt::format("{} {} is not in the plan", kind.noun, number), dose->path.string(),
                     plan->path.string() + " does not treat with it", "choose the doses of this plan by --rtdose");
  if (missing.empty()) return;
  const std::string problem =
      fmt::format("the dose of {}{} {} is missing", kind.noun, missing.size() > 1 ? "s" : "", fmt::join(missing, ", "));
  if (!allow_missing)
    throw InputError(problem, plan->path.string(), "the plan treats with it, so the sum of the others is not its dose",
                     "add the missing RTDOSE, or give --allow-missing-beams to judge the part that is there");
  warnings.push_back({"missing-beams", problem + fmt::format("; the judged dose is that of a part of the plan ({}), "
                                                             "as --allow-missing-beams allows",
                                                             plan->path.string())});
}

}  // namespace sbrt
