/// The cells into which a solid is cut for sampling, and points in them.
#pragma once

#include "geometry/scatter.h"
#include "geometry/shape_state.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sbrt {

/// Cells of about one step per side. In the plane they are turned against the axes, along the normal stacked at five
/// different phases: a dose gradient along an axis then meets cells at all phases, and quantiles do not move in steps
/// of the cell size. Depends on shape and step only.
class PieceCells {
 public:
  /// @param shape is kept
  PieceCells(const Shape& shape, double step_mm);

  static constexpr int phases = 5;
  static int phase_of(int i, int j) { return (i + 2 * j) % phases; }
  /// The first i of row j that has this phase.
  static int first_of_phase(int phase, int j) { return (phase + (phases - 2) * j) % phases; }

  int nu() const { return nu_; }
  int nv() const { return nv_; }
  std::int64_t layers() const { return layers_; }
  /// Layer n of a cell with phase p fills the fine layers n * phases + p ... n * phases + p + phases - 1; n starts at
  /// -1, and what lies below the first or above the last fine layer is cut off.
  std::int64_t fine_layers() const { return layers_ * phases; }
  double fine_layer_mm() const { return dz_; }
  double cell_area_mm2() const { return du_ * dv_; }
  double cell_volume_mm3() const { return cell_area_mm2() * phases * dz_; }

  planar::Uv to_cells(planar::Uv p) const {
    const planar::Uv t = turned(p);
    return {(t.u - u0_) / du_, (t.v - v0_) / dv_};
  }
  planar::Uv to_plane(double i, double j) const {
    const double u = u0_ + i * du_, v = v0_ + j * dv_;
    return {cosine * u - sine * v, sine * u + cosine * v};
  }

  /// Number of the cell (i, j) whose last fine layer is the one before `end`.
  std::uint64_t number(int i, int j, std::int64_t end) const { return std::uint64_t((end * nv_ + j) * nu_ + i); }
  /// Where a cell lies: from i to i + 1, from j to j + 1, from z0 to z1.
  struct Cell {
    int i, j;
    double z0, z1;
  };
  Cell cell(std::uint64_t number) const;
  PatientPoint point(const Cell& cell, UnitPoint share_of_sides) const;
  /// True where a piece of this volume fills its whole cell, so that all its points lie inside the solid.
  bool is_whole(double volume_mm3) const { return volume_mm3 >= (1 - 1e-9) * cell_volume_mm3(); }
  /// A point that is as likely to lie anywhere in a piece; nothing as point_in_part() says.
  std::optional<PatientPoint> one_point(std::uint64_t number, double volume_mm3) const;
  /// How many points many_points() tries to find: 8 in a whole cell, 16 in a cut one, none where the piece is less than
  /// an eighth of its cell and weighs too little to matter.
  int points_of(double volume_mm3) const;
  /// Points of equal weight that tell of a piece what pieces half as long would: one in each octant of a whole cell; in
  /// a cut one each is as likely to lie anywhere in the piece.
  std::vector<PatientPoint> many_points(std::uint64_t number, double volume_mm3) const;

 private:
  static constexpr double cosine = 0.8506508083520399,
                          sine = 0.5257311121191336;  // tangent: the golden ratio's inverse
  static planar::Uv turned(planar::Uv p) { return {cosine * p.u + sine * p.v, -sine * p.u + cosine * p.v}; }

  Shape shape_;
  int nu_, nv_;
  double u0_, v0_, du_, dv_, low_, dz_;
  std::int64_t layers_;
};

}  // namespace sbrt
