#include "engine/structure_shapes.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <optional>

namespace sbrt {

ShapeRule shape_rule(const StructureSet& structures, BetweenPlanes between, std::optional<double> slice_spacing_mm) {
  ShapeRule rule{between, 1.0};
  if (slice_spacing_mm) {
    rule.lone_plane_thickness_mm = *slice_spacing_mm;
    return rule;
  }
  // The median over all structures: gaps inside one structure may be holes.
  std::vector<double> gaps;
  for (const Structure& structure : structures.structures()) {
    if (structure.contours.size() < 2 || structure.role == RoiRole::marker) continue;
    try {
      const std::vector<double> planes = Shape::from_structure(structure, BetweenPlanes::slab).plane_positions_mm();
      for (std::size_t i = 1; i < planes.size(); ++i) gaps.push_back(planes[i] - planes[i - 1]);
    } catch (const InputError&) {
      continue;  // named where the structure itself is used
    }
  }
  if (!gaps.empty()) {
    std::nth_element(gaps.begin(), gaps.begin() + gaps.size() / 2, gaps.end());
    rule.lone_plane_thickness_mm = gaps[gaps.size() / 2];
  }
  return rule;
}

Shape shape_of(const Structure& structure, const ShapeRule& rule) {
  return Shape::from_structure(structure, rule.between, rule.lone_plane_thickness_mm);
}

std::vector<NamedShape> evaluable_shapes(const StructureSet& structures, const ShapeRule& rule, Warnings& warnings) {
  std::vector<const Structure*> contoured;
  for (const Structure& structure : structures.structures())
    if (!structure.contours.empty() && structure.role != RoiRole::marker) contoured.push_back(&structure);
  std::vector<std::optional<NamedShape>> built(contoured.size());
  std::vector<Warnings> told(contoured.size());
  parallel_for(std::int64_t(contoured.size()), [&](std::int64_t s) {
    try {
      built[s] = NamedShape{shape_of(*contoured[s], rule), contoured[s]->role};
      told[s] = built[s]->shape.warnings();
    } catch (const InputError& error) {
      told[s].push_back({"structure-not-evaluated", std::string("left out of the report: ") + error.what()});
    }
  });
  std::vector<NamedShape> shapes;
  for (std::size_t s = 0; s < contoured.size(); ++s) {
    if (built[s]) shapes.push_back(std::move(*built[s]));
    append(warnings, told[s]);
  }
  return shapes;
}

}  // namespace sbrt
