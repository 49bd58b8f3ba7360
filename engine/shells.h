/// Shells about the targets, made where a goal or query names one: "Shell(20mm):Max <= 50 %".
#pragma once

#include "engine/structure_shapes.h"
#include "geometry/grid.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// "Shell(A-B mm)": what lies from A to B from the surface of the nearest target; "Shell(A mm)": from A to A + 5.
struct ShellName {
  double from_mm = 0, to_mm = 0;
};

/// Nothing for names that do not begin with "Shell(". @throws InputError for one that does and cannot be read
std::optional<ShellName> shell_name(const std::string& structure);

/// Shapes of the shells among `names`, with exactly these names, each once; names in `existing` are taken as they are.
/// Cut at the body where there is a contour of it, else a warning says that they are not.
/// @param planes grid along whose slices the shells' sections are made
/// @throws InputError for a shell without targets, and where nothing is left
std::vector<NamedShape> make_shells(const std::vector<std::string>& names, const std::vector<NamedShape>& existing,
                                    const std::vector<Shape>& targets, const Shape* body, const Grid& planes,
                                    const ShapeRule& rule, Warnings& warnings);

/// Structures that goals and queries name.
std::vector<std::string> structures_named(const std::vector<Goal>& goals, const std::vector<StructureQuery>& queries);

}  // namespace sbrt
