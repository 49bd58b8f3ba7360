#include "geometry/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

// Direction cosines in DICOM carry 6 to 16 digits; beyond this they are not orthonormal.
constexpr double axis_tolerance = 1e-4;

}  // namespace

Grid::Grid(GridSize size, std::array<double, 3> spacing_mm, PatientPoint origin, Axes axes)
    : size_(size), spacing_(spacing_mm), origin_(origin), axes_(axes) {
  if (size.nx < 1 || size.ny < 1 || size.nz < 1)
    throw InputError(fmt::format("grid of {} x {} x {} voxels", size.nx, size.ny, size.nz), "",
                     "every side needs a voxel", "check rows, columns and slices");
  for (const double s : spacing_mm)
    if (!(std::isfinite(s) && s > 0))
      throw InputError(fmt::format("voxel spacing {} mm", s), "", "it must be positive", "check the pixel spacing");
  if (!is_finite(origin)) throw InputError("grid origin is not finite", "", "", "check the image position");
  const bool unit = std::abs(norm2(axes.i) - 1) < axis_tolerance && std::abs(norm2(axes.j) - 1) < axis_tolerance &&
                    std::abs(norm2(axes.k) - 1) < axis_tolerance;
  const bool orthogonal = std::abs(dot(axes.i, axes.j)) < axis_tolerance &&
                          std::abs(dot(axes.i, axes.k)) < axis_tolerance &&
                          std::abs(dot(axes.j, axes.k)) < axis_tolerance;
  if (!unit || !orthogonal)
    throw InputError("axes of the grid are not orthonormal", "", "voxels would be sheared",
                     "check the image orientation");
  if (dot(cross(axes.i, axes.j), axes.k) < 0)
    throw InputError("axes of the grid are left-handed", "", "the volume would be mirrored", "check the slice order");
  axes_.i = axes.i / norm(axes.i);
  const PatientVec j = axes.j - dot(axes.j, axes_.i) * axes_.i;
  axes_.j = j / norm(j);
  axes_.k = cross(axes_.i, axes_.j);
  step_ = {spacing_[0] * axes_.i, spacing_[1] * axes_.j, spacing_[2] * axes_.k};
}

bool Grid::contains(PatientPoint p) const {
  const VoxelPoint v = to_voxel(p);
  return v.x >= -0.5 && v.x <= size_.nx - 0.5 && v.y >= -0.5 && v.y <= size_.ny - 0.5 && v.z >= -0.5 &&
         v.z <= size_.nz - 0.5;
}

Box Grid::bounding_box() const {
  Box box;
  for (const double i : {-0.5, size_.nx - 0.5})
    for (const double j : {-0.5, size_.ny - 0.5})
      for (const double k : {-0.5, size_.nz - 0.5}) box.add(to_patient(VoxelPoint{i, j, k}));
  return box;
}

Grid covering_grid(const Box& box, std::array<double, 3> spacing_mm, const Grid& like, std::size_t max_voxels) {
  SBRT_EXPECT(!box.empty());
  const Axes& a = like.axes();
  const std::array<PatientVec, 3> axis{a.i, a.j, a.k};
  std::array<double, 3> low{HUGE_VAL, HUGE_VAL, HUGE_VAL}, high{-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z})
        for (int d = 0; d < 3; ++d) {
          const double t = dot(PatientPoint{x, y, z} - like.origin(), axis[d]);
          low[d] = std::min(low[d], t);
          high[d] = std::max(high[d], t);
        }
  std::array<double, 3> first{};
  std::array<double, 3> n{};
  // 1e-6 of a voxel keeps a box that ends on a voxel edge from gaining a layer by rounding.
  constexpr double edge = 1e-6;
  for (int d = 0; d < 3; ++d) {
    if (!(std::isfinite(spacing_mm[d]) && spacing_mm[d] > 0))
      throw InputError(fmt::format("grid spacing {} mm", spacing_mm[d]), "", "it must be positive",
                       "give a spacing such as 1");
    first[d] = std::floor(low[d] / spacing_mm[d] + 0.5 + edge);
    n[d] = std::max(1.0, std::ceil(high[d] / spacing_mm[d] - 0.5 - edge) - first[d] + 1);
  }
  if (!(n[0] * n[1] * n[2] <= double(max_voxels)))
    throw InputError(fmt::format("a grid of {:.0f} x {:.0f} x {:.0f} voxels is asked for", n[0], n[1], n[2]), "",
                     fmt::format("the limit is {} voxels", max_voxels), "choose a coarser grid or a smaller region");
  const PatientPoint origin = like.origin() + (first[0] * spacing_mm[0] * a.i + first[1] * spacing_mm[1] * a.j +
                                               first[2] * spacing_mm[2] * a.k);
  return Grid({int(n[0]), int(n[1]), int(n[2])}, spacing_mm, origin, a);
}

}  // namespace sbrt
