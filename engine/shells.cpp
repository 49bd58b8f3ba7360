#include "engine/shells.h"

#include "engine/target_builder.h"
#include "geometry/error.h"
#include "geometry/margin.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace sbrt {
namespace {

constexpr double usual_thickness_mm = 5;
constexpr double thinnest_mm = 1, farthest_mm = 100;

constexpr double surface_step_mm = 4;  // at which a shell is looked at for parts outside the body

Shape solid(const std::string& name, std::vector<Contour> contours, const ShapeRule& rule) {
  Structure structure;
  structure.name = name;
  structure.contours = std::move(contours);
  return shape_of(structure, rule);
}

Shape shell_shape(const std::string& name, const ShellName& shell, const std::vector<Shape>& targets, const Shape* body,
                  const Grid& grid, const ShapeRule& rule) {
  const std::vector<double> planes = plane_positions_along(grid, targets.front().plane_normal());
  std::vector<Contour> outer = expand(targets, shell.to_mm, planes), inner = expand(targets, shell.from_mm, planes);
  if (body) {
    const Shape whole = solid(name, outer, rule);
    const std::vector<PatientPoint> surface = surface_points(whole, surface_step_mm);
    if (!std::all_of(surface.begin(), surface.end(), [&](PatientPoint p) { return body->contains(p); })) {
      std::vector<Contour> left = carve({{whole}, 0, {{*body, 0}}, {{solid(name, inner, rule), 0}}}, planes);
      if (left.empty())
        throw InputError("nothing of the shell is left", "'" + name + "'", "it lies outside the body",
                         "choose another distance");
      return solid(name, std::move(left), rule);
    }
  }
  // The inner outlines lie inside the outer ones: holes.
  outer.insert(outer.end(), inner.begin(), inner.end());
  return solid(name, std::move(outer), rule);
}

}  // namespace

std::optional<ShellName> shell_name(const std::string& structure) {
  static const std::regex begins(R"(\s*shell\s*\(.*)", std::regex::icase);
  if (!std::regex_match(structure, begins)) return std::nullopt;
  static const std::regex grammar(R"(\s*shell\s*\(\s*(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?)\s*)?mm\s*\)\s*)",
                                  std::regex::icase);
  std::smatch part;
  if (!std::regex_match(structure, part, grammar))
    throw InputError("shell '" + structure + "' cannot be read", "", "it names distances from the targets in mm",
                     "write it like Shell(20mm) or Shell(5-15mm)");
  ShellName shell;
  shell.from_mm = std::stod(part[1]);
  shell.to_mm = part[2].matched ? std::stod(part[2]) : shell.from_mm + usual_thickness_mm;
  if (shell.to_mm < shell.from_mm + thinnest_mm || shell.to_mm > farthest_mm)
    throw InputError(fmt::format("shell '{}' from {} to {} mm", structure, shell.from_mm, shell.to_mm), "",
                     fmt::format("it must be at least {} mm thick and end within {} mm", thinnest_mm, farthest_mm),
                     "correct the distances");
  return shell;
}

std::vector<NamedShape> make_shells(const std::vector<std::string>& names, const std::vector<NamedShape>& existing,
                                    const std::vector<Shape>& targets, const Shape* body, const Grid& planes,
                                    const ShapeRule& rule, Warnings& warnings) {
  std::vector<NamedShape> made;
  const auto has = [](const std::vector<NamedShape>& shapes, const std::string& name) {
    return std::any_of(shapes.begin(), shapes.end(), [&](const NamedShape& s) { return s.shape.name() == name; });
  };
  for (const std::string& name : names) {
    const std::optional<ShellName> shell = shell_name(name);
    if (!shell || has(existing, name) || has(made, name)) continue;
    if (targets.empty())
      throw InputError("a shell without a target", "'" + name + "'", "its distance is that from the targets",
                       "name a target");
    made.push_back({shell_shape(name, *shell, targets, body, planes, rule), RoiRole::other});
  }
  if (!made.empty() && !body)
    warnings.push_back({"shell-not-cut", "there is no body contour: what of the shells lies outside the body counts"});
  return made;
}

std::vector<std::string> structures_named(const std::vector<Goal>& goals, const std::vector<StructureQuery>& queries) {
  std::vector<std::string> names;
  for (const Goal& goal : goals) names.push_back(goal.query.structure);
  for (const StructureQuery& query : queries) names.push_back(query.structure);
  return names;
}

}  // namespace sbrt
