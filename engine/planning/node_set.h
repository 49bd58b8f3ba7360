/// Positions of the radiation source that the robot may take.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "geometry/space.h"

namespace sbrt {

struct Node {
  std::string id;            //!< "b001", ...
  PatientVec offset_mm;      //!< source position relative to the alignment centre [mm], DICOM LPS of a head-first supine patient
};

/// Nodes in path order. `body` and `head` are made by the construction in docs/physics.md; they are not any vendor's.
struct NodeSet {
  std::string name;
  std::vector<Node> nodes;

  static NodeSet body();
  static NodeSet head();
  /// "body", "head" or a JSON/CSV file. @throws InputError naming file, line and reason
  static NodeSet named_or_file(const std::string& name_or_path);
};

}  // namespace sbrt
