/// Water-equivalent depth on the planes of a dose grid, seen from one source: exact rays on a divergent lattice.
#pragma once

#include "dose/beam_groups.h"
#include "dose/ray_lanes.h"
#include "dose/row_kernel.h"
#include "geometry/volume.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace sbrt {

/// A cone about a beam's axis.
struct BeamCone {
  PatientVec axis;     //!< of length 1
  double tangent = 0;  //!< of the half opening
};

/// Rays start at the source and cross the grid's planes perpendicular to `face.normal` at lattice points; on every such
/// plane the depth is kept. In the plane the lattice is aligned with the grid, so that the voxels of one line lie
/// between the same two lines of rays, evenly spaced. Between rays the depth is interpolated bilinearly in the plane,
/// along a ray not at all. Neglected: density edges finer than a cell across the rays.
class DepthFan {
 public:
  /// @param density must outlive the fan
  /// @param cell_mm largest distance of neighbouring rays, 800 mm from the source
  /// @return nothing when no plane of the grid lies in front of the source inside the cones
  /// @throws InputError when a cone is so wide that rays run along the planes
  static std::optional<DepthFan> over(const Grid& grid, PatientPoint source, GridFace face,
                                      const std::vector<BeamCone>& cones, const RayDensity& density, double cell_mm);

  int rows() const { return rows_; }
  std::size_t rays() const;  //!< that are traced
  std::size_t values() const { return std::size_t(row_stride_) * std::size_t(rows_) + readable_behind; }
  /// Where `values()` depths will lie. @pre called before the rows are built
  void store_at(float* depth_mm) { depth_mm_ = depth_mm; }
  /// Traces the rays of one lattice row; rows may be built side by side.
  void build_row(int row, const RowKernel& kernel);

  /// True when voxels of plane `plane` lie in front of the source.
  bool covers(int plane) const { return std::size_t(slot(plane)) < planes_.size(); }
  /// Voxels begin, begin + 1, ... of the grid's line (plane, across).
  FanLine line(int plane, int across, int begin) const;
  /// Which depths of a line are replaced by those of rays to the voxels themselves.
  struct Retrace {
    float shallow_mm;  //!< those above 0 and below this
    float spread_mm;   //!< those whose four rays differ by more: a density edge lies between them
  };
  /// @param depth_mm of voxels begin ... end - 1 of the line
  void retrace(int plane, int across, int begin, int end, Retrace which, const RowKernel& kernel,
               float* depth_mm) const;

 private:
  static constexpr std::size_t readable_behind = 32;  //!< kernels read whole registers
  struct Interval {
    int begin = 0, end = 0;
  };
  DepthFan(const Grid& grid, PatientPoint source, GridFace face, const RayDensity& density);
  bool choose_lattice(const std::vector<BeamCone>& cones, double cell_mm);
  void add_cone(const BeamCone& cone, std::vector<std::array<double, 2>>& outline) const;
  void mark_rays(const std::vector<std::array<double, 2>>& outline);
  int slot(int plane) const { return face_.forward ? plane - first_plane_ : first_plane_ - plane; }
  double distance_of(int plane) const;  //!< from the source, along the normal [mm]
  void prepare(RayLanes& rays, int lane, double along, double across, double from_mm, double to_mm) const;
  double empty_until_mm(std::size_t near_row, const int* columns, int count) const;

  Grid grid_;
  GridFace face_;
  std::array<double, 3> source_;   //!< continuous index of the grid
  std::array<double, 3> spacing_;  //!< of the grid [mm]
  RayMap map_;
  VoxelVec normal_step_, along_step_, across_step_;  //!< of the density map per mm
  TickScale scale_;
  int first_plane_ = 0;  //!< nearest to the source
  std::vector<double> planes_mm_;
  std::vector<std::int32_t> planes_;  //!< [ticks]
  int columns_ = 0, rows_ = 0;
  std::ptrdiff_t row_stride_ = 0, plane_stride_ = 0;
  double along_first_ = 0, across_first_ = 0, along_step_tangent_ = 0, across_step_tangent_ = 0;
  std::vector<Interval> traced_;            //!< columns of every row
  std::vector<std::int32_t> empty_planes_;  //!< of every ray
  float* depth_mm_ = nullptr;               //!< [row][plane][column], as rays write it; untraced rays hold anything
};

/// Water-equivalent depth [mm] where the ray source + t * along crosses t = first + i * step, i = 0 ... count - 1;
/// exact.
void sample_depths(const DensityMap& density, PatientPoint source, PatientVec along, double first, double step,
                   int count, float* depth_mm);

}  // namespace sbrt
