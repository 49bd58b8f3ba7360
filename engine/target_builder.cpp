#include "engine/target_builder.h"

#include "geometry/error.h"
#include "geometry/margin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr std::array<std::uint8_t, 3> ptv_colour{255, 64, 64};
constexpr std::array<std::uint8_t, 3> union_colour{255, 160, 64};

std::string free_name(const StructureSet& structures, const std::vector<Structure>& added, const std::string& wanted) {
  const auto taken = [&](const std::string& name) {
    return structures.find(name) ||
           std::any_of(added.begin(), added.end(), [&](const auto& s) { return s.name == name; });
  };
  std::string name = wanted;
  for (int n = 2; taken(name); ++n) name = fmt::format("{}_{}", wanted, n);
  return name;
}

// GTV_1 -> PTV_1, Tumor -> PTV_Tumor; a single target is simply "PTV".
std::string ptv_name(const std::string& gtv, bool single) {
  if (single) return "PTV";
  if (gtv.rfind("GTV", 0) == 0) return "PTV" + gtv.substr(3);
  return "PTV_" + gtv;
}

int next_number(const StructureSet& structures, const std::vector<Structure>& added) {
  int number = 0;
  for (const Structure& s : structures.structures()) number = std::max(number, s.number);
  for (const Structure& s : added) number = std::max(number, s.number);
  return number + 1;
}

}  // namespace

std::vector<double> plane_positions_along(const Grid& ct_grid, PatientVec normal) {
  const double along = dot(ct_grid.axes().k, normal);
  std::vector<double> positions;
  if (std::abs(std::abs(along) - 1) < 1e-4) {
    for (int k = 0; k < ct_grid.size().nz; ++k) {
      const PatientPoint p = ct_grid.voxel_centre(0, 0, k);
      positions.push_back(dot(p - PatientPoint{}, normal));
    }
    std::sort(positions.begin(), positions.end());
    return positions;
  }
  const auto spacing = ct_grid.spacing_mm();
  const double gap = std::min({spacing[0], spacing[1], spacing[2]});
  const Box box = ct_grid.bounding_box();
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z}) {
        const double t = dot(PatientVec{x, y, z}, normal);
        low = std::min(low, t);
        high = std::max(high, t);
      }
  for (double t = std::ceil(low / gap) * gap; t <= high; t += gap) positions.push_back(t);
  return positions;
}

BuiltTargets build_targets(const StructureSet& structures, const TargetRequest& request, const Grid& ct_grid,
                           const ShapeRule& rule) {
  if (request.gtvs.empty() && request.targets.empty())
    throw InputError("no target is named", "--gtv or --target", "there is nothing to plan on",
                     "name a GTV with --gtv and --margin-mm, or a PTV with --target");
  if (request.gtvs.empty() && request.margin_mm)
    throw InputError("a margin without a GTV", "--margin-mm", "it applies to --gtv only; --target is planned as it is",
                     "name the volume with --gtv, or leave the margin out");
  std::vector<std::string> named = request.gtvs;
  named.insert(named.end(), request.targets.begin(), request.targets.end());
  std::sort(named.begin(), named.end());
  if (const auto twice = std::adjacent_find(named.begin(), named.end()); twice != named.end())
    throw InputError("'" + *twice + "' is named twice", "--gtv or --target", "a target is planned once",
                     "name it once");
  for (const Prescription& p : request.prescriptions)
    if (p.fractions != request.prescriptions.front().fractions)
      throw InputError(
          fmt::format("prescriptions of {} and {} fractions", request.prescriptions.front().fractions, p.fractions),
          "--prescription", "one plan is delivered in one number of fractions", "plan these targets separately");
  if (!request.gtvs.empty() && !request.margin_mm)
    throw InputError("--gtv needs a margin", "--margin-mm", "the PTV is the GTV expanded by it",
                     "give one such as --margin-mm 5");
  if (request.margin_mm && (!std::isfinite(*request.margin_mm) || *request.margin_mm < 0 || *request.margin_mm > 100))
    throw InputError(fmt::format("margin of {} mm", *request.margin_mm), "--margin-mm",
                     "it must lie between 0 and 100 mm", "0 plans on the GTV itself");
  if (!request.union_name.empty() && request.gtvs.size() < 2)
    throw InputError("--union joins at least two GTVs", "--union", "", "repeat --gtv");

  const bool joined = !request.union_name.empty();
  const std::size_t count = (joined ? 1 : request.gtvs.size()) + request.targets.size();
  if (request.prescriptions.size() != 1 && request.prescriptions.size() != count)
    throw InputError(fmt::format("{} prescriptions for {} targets", request.prescriptions.size(), count),
                     "--prescription", "one serves all targets, or each has its own",
                     "repeat --prescription in the order of the targets");
  const auto prescription = [&](std::size_t i) {
    return request.prescriptions.size() == 1 ? request.prescriptions[0] : request.prescriptions[i];
  };

  BuiltTargets built;
  const auto add_structure = [&](const std::string& wanted, RoiRole role, std::array<std::uint8_t, 3> colour,
                                 std::vector<Contour> contours) {
    Structure s;
    s.number = next_number(structures, built.added);
    s.name = free_name(structures, built.added, wanted);
    s.role = role;
    s.colour = colour;
    s.contours = std::move(contours);
    built.added.push_back(std::move(s));
    return shape_of(built.added.back(), rule);
  };

  std::vector<Shape> gtvs;
  for (const std::string& name : request.gtvs) gtvs.push_back(shape_of(structures.at(name), rule));
  std::vector<std::vector<Shape>> groups;
  std::vector<std::string> sources;
  if (joined) {
    const auto planes = plane_positions_along(ct_grid, gtvs.front().plane_normal());
    add_structure(request.union_name, RoiRole::itv, union_colour, expand(gtvs, 0.0, planes));
    groups.push_back(gtvs);
    sources.push_back(request.union_name);
  } else {
    for (std::size_t i = 0; i < gtvs.size(); ++i) {
      groups.push_back({gtvs[i]});
      sources.push_back(request.gtvs[i]);
    }
  }
  const bool single = groups.size() == 1;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto planes = plane_positions_along(ct_grid, groups[i].front().plane_normal());
    const Shape ptv = add_structure(ptv_name(sources[i], single), RoiRole::ptv, ptv_colour,
                                    expand(groups[i], *request.margin_mm, planes));
    built.targets.push_back({ptv, prescription(i), sources[i]});
  }
  for (std::size_t i = 0; i < request.targets.size(); ++i)
    built.targets.push_back({shape_of(structures.at(request.targets[i]), rule), prescription(groups.size() + i), ""});
  return built;
}

}  // namespace sbrt
