/// Which target a piece of an isodose belongs to.
#pragma once

#include "engine/evaluation/isodose_volume.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

namespace sbrt {

enum class CellOwner { whole, none, divided };
struct OwnedCell {
  CellOwner owner = CellOwner::whole;
  double same_within_mm =
      0;  //!< cells that have the same candidates and whose centre is nearer than this are owned alike
};

/// Connected parts of {dose >= threshold} in the body: voxel centres joined along the axes. A part belongs to the
/// target that touches it; where several or none do, to the nearest of those (or of all).
class IsodoseParts {
 public:
  static constexpr std::size_t max_owners = 256;
  using Owners = std::bitset<max_owners>;

  IsodoseParts(const DoseInBody& field, double threshold_gy, const std::vector<IsodoseOwner>& owners);

  /// Targets that may own something in the cell between two opposite voxels.
  Owners candidates(const std::array<int, 3>& low, const std::array<int, 3>& high) const;
  /// How much of a cell is `owner`'s; `reach_mm` is the largest distance of its points from its centre.
  OwnedCell owner_of_cell(const Owners& candidates, PatientPoint centre, double reach_mm, std::size_t owner) const;
  /// Distance to `owner` less that to the nearest other candidate [mm]; the point is the owner's where it is not
  /// positive.
  double lead(const Owners& candidates, PatientPoint p, std::size_t owner) const;
  /// Other targets that touch a part which `owner` touches.
  std::vector<std::size_t> merged_with(std::size_t owner) const;

 private:
  std::int32_t part_of_voxel(int i, int j, int k) const;
  std::size_t local_index(int i, int j, int k) const;
  void label(double threshold_gy);
  void find_touching(std::size_t owner);

  const DoseInBody* field_;
  const std::vector<IsodoseOwner>* owners_;
  std::array<int, 3> size_{};
  std::vector<std::int32_t> part_;  //!< of each voxel of the field's box, -1 below the threshold
  std::vector<Owners> touching_;    //!< per part
};

}  // namespace sbrt
