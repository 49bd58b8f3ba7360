/// Beams that leave one source share depths.
#pragma once

#include "dose/beam.h"
#include "geometry/grid.h"

#include <cstddef>
#include <vector>

namespace sbrt {

/// Origin at the source, w along a direction.
struct SourceFrame {
  PatientPoint source;
  PatientVec u, v, w;  //!< orthonormal, right-handed

  SourceFrame(PatientPoint source_point, PatientVec direction);
};

/// The planes of a grid that a beam crosses most steeply, and the lines of voxels in them.
struct GridFace {
  int normal = 2;       //!< axis of the grid (0, 1, 2) that the planes are perpendicular to
  bool forward = true;  //!< the beam runs along that axis, not against it
  bool operator==(const GridFace&) const = default;
  int along() const { return normal == 0 ? 1 : 0; }   //!< axis of the lines that the kernels work on
  int across() const { return normal == 2 ? 1 : 2; }  //!< the other one in the plane
};
GridFace steepest_face(const Grid& grid, PatientVec direction);

struct BeamGroup {
  PatientPoint source;
  GridFace face;
  std::vector<std::size_t> beams;  //!< places in the beam set, ascending
};

/// Every used beam in exactly one group, in the order of first appearance; beams of one group share the source.
std::vector<BeamGroup> group_by_source(const BeamSet& beams, const std::vector<char>& used);
/// Likewise, and the face of the grid, so that no ray of the group runs along its planes.
std::vector<BeamGroup> group_by_source_and_face(const BeamSet& beams, const std::vector<char>& used, const Grid& grid);

}  // namespace sbrt
