#include "engine/evaluation/isodose_parts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

// Union-find with the smallest index as root, so that labels depend on positions only.
class DisjointSets {
 public:
  std::int32_t make() {
    parent_.push_back(std::int32_t(parent_.size()));
    return parent_.back();
  }
  std::int32_t root(std::int32_t a) {
    while (parent_[a] != a) a = parent_[a] = parent_[parent_[a]];
    return a;
  }
  void join(std::int32_t a, std::int32_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  std::size_t size() const { return parent_.size(); }

 private:
  std::vector<std::int32_t> parent_;
};

}  // namespace

IsodoseParts::IsodoseParts(const DoseInBody& field, double threshold_gy, const std::vector<IsodoseOwner>& owners)
    : field_(&field), owners_(&owners) {
  SBRT_EXPECT(owners.size() <= max_owners);
  if (field.empty()) return;
  for (int d = 0; d < 3; ++d) size_[d] = field.last()[d] - field.first()[d];
  label(threshold_gy);
  for (std::size_t o = 0; o < owners.size(); ++o) find_touching(o);
}

std::size_t IsodoseParts::local_index(int i, int j, int k) const {
  const auto& first = field_->first();
  return (std::size_t(k - first[2]) * size_[1] + (j - first[1])) * size_[0] + (i - first[0]);
}

std::int32_t IsodoseParts::part_of_voxel(int i, int j, int k) const {
  return field_->in_box(i, j, k) ? part_[local_index(i, j, k)] : -1;
}

void IsodoseParts::label(double threshold_gy) {
  const auto& first = field_->first();
  const DoseGrid& dose = field_->dose().dose();
  part_.assign(std::size_t(size_[0]) * size_[1] * size_[2], -1);
  DisjointSets sets;
  const std::size_t row = size_[0], slice = row * size_[1];
  std::size_t at = 0;
  for (int k = 0; k < size_[2]; ++k)
    for (int j = 0; j < size_[1]; ++j)
      for (int i = 0; i < size_[0]; ++i, ++at) {
        const int x = i + first[0], y = j + first[1], z = k + first[2];
        if (dose(x, y, z) < threshold_gy || field_->inside(x, y, z) < 0.5f) continue;
        std::int32_t& mine = part_[at];
        const auto meet = [&](std::int32_t neighbour) {
          if (neighbour < 0) return;
          if (mine < 0)
            mine = neighbour;
          else
            sets.join(mine, neighbour);
        };
        if (i > 0) meet(part_[at - 1]);
        if (j > 0) meet(part_[at - row]);
        if (k > 0) meet(part_[at - slice]);
        if (mine < 0) mine = sets.make();
      }
  std::vector<std::int32_t> name(sets.size(), -1);
  std::int32_t parts = 0;
  for (std::int32_t s = 0; s < std::int32_t(sets.size()); ++s)
    if (sets.root(s) == s) name[s] = parts++;
  for (std::int32_t& p : part_)
    if (p >= 0) p = name[sets.root(p)];
  touching_.resize(std::size_t(parts));
}

void IsodoseParts::find_touching(std::size_t owner) {
  const Grid& grid = field_->dose().dose().grid();
  for (const PatientPoint& p : (*owners_)[owner].points) {
    const VoxelPoint v = grid.to_voxel(p);
    const int i0 = int(std::floor(v.x)), j0 = int(std::floor(v.y)), k0 = int(std::floor(v.z));
    // The nearest voxel centre of the point's cell that is in a part.
    double nearest = HUGE_VAL;
    std::int32_t part = -1;
    for (int k = k0; k <= k0 + 1; ++k)
      for (int j = j0; j <= j0 + 1; ++j)
        for (int i = i0; i <= i0 + 1; ++i) {
          const std::int32_t here = part_of_voxel(i, j, k);
          if (here < 0) continue;
          const double d = distance(p, grid.voxel_centre(i, j, k));
          if (d < nearest) {
            nearest = d;
            part = here;
          }
        }
    if (part >= 0) touching_[part].set(owner);
  }
}

IsodoseParts::Owners IsodoseParts::candidates(const std::array<int, 3>& low, const std::array<int, 3>& high) const {
  Owners found;
  for (const int k : {low[2], high[2]})
    for (const int j : {low[1], high[1]})
      for (const int i : {low[0], high[0]}) {
        const std::int32_t part = part_of_voxel(i, j, k);
        if (part >= 0) found |= touching_[part];
      }
  if (found.none())
    for (std::size_t o = 0; o < owners_->size(); ++o) found.set(o);
  return found;
}

OwnedCell IsodoseParts::owner_of_cell(const Owners& candidates, PatientPoint centre, double reach_mm,
                                      std::size_t owner) const {
  if (!candidates[owner]) return {CellOwner::none, HUGE_VAL};
  if (candidates.count() == 1) return {CellOwner::whole, HUGE_VAL};
  const double ahead = lead(candidates, centre, owner);
  // Each distance changes by at most the way walked, their difference by twice that.
  const double margin = std::abs(ahead) / 2 - reach_mm;
  if (margin <= 0) return {CellOwner::divided, 0};
  return {ahead > 0 ? CellOwner::none : CellOwner::whole, margin};
}

double IsodoseParts::lead(const Owners& candidates, PatientPoint p, std::size_t owner) const {
  double other = HUGE_VAL;
  for (std::size_t o = 0; o < owners_->size(); ++o)
    if (o != owner && candidates[o]) other = std::min(other, (*owners_)[o].distance_mm(p));
  return (*owners_)[owner].distance_mm(p) - other;
}

std::vector<std::size_t> IsodoseParts::merged_with(std::size_t owner) const {
  Owners all;
  for (const Owners& part : touching_)
    if (part[owner]) all |= part;
  std::vector<std::size_t> others;
  for (std::size_t o = 0; o < owners_->size(); ++o)
    if (o != owner && all[o]) others.push_back(o);
  return others;
}

}  // namespace sbrt
