/// From the contoured volumes to the planning target volumes.
#pragma once

#include "engine/planning/prescription.h"
#include "engine/structure_shapes.h"
#include "geometry/shape.h"
#include "geometry/structure_set.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct TargetRequest {
  std::vector<std::string> gtvs;            //!< expanded by margin_mm
  std::optional<double> margin_mm;          //!< required with gtvs; >= 0
  std::string union_name;                   //!< joins the GTVs into one structure of this name before the expansion
  std::vector<std::string> targets;         //!< planned as they are
  std::vector<Prescription> prescriptions;  //!< one for all, or one per target (GTVs first, then targets)
};

struct BuiltTarget {
  Shape shape;
  Prescription prescription;
  std::string gtv;  //!< where it came from; empty when it was planned as it is
};

struct BuiltTargets {
  std::vector<BuiltTarget> targets;
  std::vector<Structure> added;  //!< new structures (PTVs, union) to be written to the RTSTRUCT
};

/// @param plane_positions_mm CT planes along the contours' normal
/// @throws InputError for a missing or negative margin, an unknown structure, a wrong number of prescriptions
BuiltTargets build_targets(const StructureSet& structures, const TargetRequest& request, const Grid& ct_grid,
                           const ShapeRule& rule);

/// Positions of the CT planes along `normal` when it is the CT's slice axis, else planes of the finest spacing across
/// the grid.
std::vector<double> plane_positions_along(const Grid& ct_grid, PatientVec normal);

}  // namespace sbrt
