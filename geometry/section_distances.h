/// Distances from the points of one plane to the solids that sections bound; what margins are made of.
#pragma once

#include "geometry/planar_field.h"
#include "geometry/shape_state.h"

#include <cstdint>
#include <vector>

namespace sbrt {

enum class Side { outside, inside };

/// Distances from the nodes of a lattice in the plane z to a solid (outside: to the union of the shapes) or to its
/// complement (inside; of several shapes: where all complements meet is not known from one-sided distances, so give
/// one): D^2(p, z) = min over sections j of d_j(p)^2 + (z - z_j)^2, capped at `reach`.
class SectionDistances {
 public:
  /// @param spacing_mm of the sections along the normal
  SectionDistances(const std::vector<Shape>& shapes, Side side, const planar::Lattice& lattice, double reach_mm,
                   double spacing_mm);

  std::size_t levels_within(double low, double high) const { return std::size_t(last(high) - first(low)); }
  /// Plane distances for all sections that matter between two positions.
  void prepare(double low, double high);
  /// @pre prepared for z; may be called from several threads
  std::vector<float> at(double z) const;

 private:
  std::ptrdiff_t first(double low) const;
  std::ptrdiff_t last(double high) const;

  Side side_;
  planar::Lattice lattice_;
  double reach_;
  std::vector<Level> levels_;
  struct Stack {
    double low, high;
  };
  std::vector<Stack> stacks_;  // inside: where the solid has any section at all, ascending
  std::ptrdiff_t begin_ = 0;
  std::vector<std::vector<float>> fields_;  // squared, for levels begin_, begin_ + 1, ...
};

/// Error allowed for the spacing of sections and lattice nodes [mm].
inline constexpr double sagitta_mm = 0.01;

/// Lattice that resolves curves of this radius to `error_mm`, as far as memory allows.
planar::Lattice lattice_for_curvature(const planar::Rect& box, double radius_mm, double error_mm = sagitta_mm);

/// Spacing of sections that joins a surface to `error_mm` at this distance.
double section_spacing(double distance_mm, double error_mm = sagitta_mm);

/// Signed distance from the distances to the solid's sections and to the complement's. Between two sections both
/// contain the same step along the normal, which cancels: on a wall, out^2 = d^2 + dz^2 and in^2 = dz^2.
float signed_from(float out, float in);

}  // namespace sbrt
