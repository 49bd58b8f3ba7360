/// Positions of the radiation source that the robot may take.
#pragma once

#include "geometry/space.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

struct Node {
  std::string id;  //!< "b001", ...
  PatientVec
      offset_mm;  //!< source position relative to the alignment centre [mm], DICOM LPS of a head-first supine patient
  bool operator==(const Node&) const = default;
};

/// Nodes in path order: the robot visits the ones it needs in the order of the list.
///
/// `body` and `head` are made by the construction in docs/physics.md (quasi-uniform directions on nested part-spheres,
/// without sources below the couch or in the cone of the feet axis); they are not any vendor's.
struct NodeSet {
  std::string name;
  std::vector<Node> nodes;
  bool operator==(const NodeSet&) const = default;

  /// SAD 800, 900, 1000 mm; elevation >= -22 deg; outside 40 deg of the feet axis and 25 deg of the head axis.
  static NodeSet body();
  /// SAD 650, 700, 750, 800 mm; elevation >= -22 deg; outside 45 deg of the feet axis.
  static NodeSet head();
  /// "body", "head" or a file. @throws InputError naming file, line and reason
  static NodeSet named_or_file(const std::string& name_or_path);
  /// JSON (schema sbrtplan-nodes/1) or CSV with the header `id,x_mm,y_mm,z_mm` and '#' comments, in path order.
  /// @throws InputError for a duplicate id or position, an offset shorter than 300 mm or longer than 1500 mm
  static NodeSet from_file(const std::filesystem::path& path);

  /// Length of the way through all nodes in list order, straight from node to node [mm].
  double path_length_mm() const;
};

}  // namespace sbrt
