/// Index space placed in the patient. The only owner of the voxel <-> patient conversion.
#pragma once

#include "geometry/space.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sbrt {

struct GridSize {
  int nx = 0, ny = 0, nz = 0;
  bool operator==(const GridSize&) const = default;
};

/// Orthonormal right-handed axes of a grid in patient coordinates: where i, j and k grow.
struct Axes {
  PatientVec i{1, 0, 0}, j{0, 1, 0}, k{0, 0, 1};
  bool operator==(const Axes&) const = default;
};

/// Regular grid. Invariant: sizes >= 1, spacings > 0 and finite, axes right-handed orthonormal to 1e-6
/// (re-orthonormalised on construction). `origin` is the CENTRE of voxel (0, 0, 0); voxel (i, j, k) fills index
/// -0.5..+0.5 about its centre. Values that belong to a grid are stored x (i) fastest.
class Grid {
 public:
  /// @throws InputError where the geometry cannot be a grid (non-positive, not finite, axes not orthonormal,
  /// left-handed)
  Grid(GridSize size, std::array<double, 3> spacing_mm, PatientPoint origin, Axes axes = {});

  GridSize size() const { return size_; }
  std::array<double, 3> spacing_mm() const { return spacing_; }
  PatientPoint origin() const { return origin_; }
  const Axes& axes() const { return axes_; }
  std::size_t count() const { return std::size_t(size_.nx) * size_.ny * size_.nz; }
  double voxel_volume_mm3() const { return spacing_[0] * spacing_[1] * spacing_[2]; }

  std::size_t index(int i, int j, int k) const { return (std::size_t(k) * size_.ny + j) * size_.nx + i; }

  PatientPoint to_patient(VoxelPoint p) const { return origin_ + (p.x * step_[0] + p.y * step_[1] + p.z * step_[2]); }
  PatientPoint voxel_centre(int i, int j, int k) const {
    return to_patient(VoxelPoint{double(i), double(j), double(k)});
  }
  VoxelPoint to_voxel(PatientPoint p) const {
    const PatientVec d = p - origin_;
    return {dot(d, axes_.i) / spacing_[0], dot(d, axes_.j) / spacing_[1], dot(d, axes_.k) / spacing_[2]};
  }
  PatientVec to_patient(VoxelVec v) const { return v.x * step_[0] + v.y * step_[1] + v.z * step_[2]; }
  VoxelVec to_voxel(PatientVec d) const {
    return {dot(d, axes_.i) / spacing_[0], dot(d, axes_.j) / spacing_[1], dot(d, axes_.k) / spacing_[2]};
  }

  /// True inside the voxels themselves: -0.5 <= index <= n - 0.5.
  bool contains(PatientPoint p) const;
  /// Patient-axis-aligned box around all voxels, edges included.
  Box bounding_box() const;

  bool operator==(const Grid&) const = default;

 private:
  GridSize size_;
  std::array<double, 3> spacing_;
  PatientPoint origin_;
  Axes axes_;
  std::array<PatientVec, 3> step_;  //!< axis times spacing [mm]
};

/// Grid with the axes of `like` and the given isotropic or anisotropic spacing whose voxels cover `box`;
/// voxel centres lie at whole multiples of the spacing from `like`'s origin, so equal requests give equal grids.
/// @throws InputError when the grid would exceed `max_voxels`
Grid covering_grid(const Box& box, std::array<double, 3> spacing_mm, const Grid& like,
                   std::size_t max_voxels = 400'000'000);

}  // namespace sbrt
