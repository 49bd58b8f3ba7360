/// Solids of the structures of one set.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "geometry/shape.h"
#include "geometry/structure_set.h"

#include <optional>
#include <vector>

namespace sbrt {

/// How contours become solids in one run.
struct ShapeRule {
  BetweenPlanes between = BetweenPlanes::shape_following;
  double lone_plane_thickness_mm = 1.0;  //!< thickness of a structure with contours on one plane only
};

/// @param slice_spacing_mm of the CT; without one the usual gap between the contour planes of the set serves
ShapeRule shape_rule(const StructureSet& structures, BetweenPlanes between, std::optional<double> slice_spacing_mm);

Shape shape_of(const Structure& structure, const ShapeRule& rule);

/// Shapes of all structures that can be evaluated; the others are named in `warnings`.
std::vector<NamedShape> evaluable_shapes(const StructureSet& structures, const ShapeRule& rule, Warnings& warnings);

}  // namespace sbrt
