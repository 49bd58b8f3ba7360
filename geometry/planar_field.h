/// Signed distance to a plane region on a square lattice, and the way back: contours of such a field.
#pragma once

#include "geometry/planar.h"

#include <cstdint>
#include <vector>

namespace sbrt::planar {

/// Nodes (u0 + i pitch, v0 + j pitch), 0 <= i < nu, 0 <= j < nv; values are stored i fastest.
struct Lattice {
  double u0 = 0, v0 = 0, pitch = 1;
  int nu = 0, nv = 0;
  std::size_t count() const { return std::size_t(nu) * nv; }
  Uv node(int i, int j) const { return {u0 + i * pitch, v0 + j * pitch}; }
};

/// Lattice that covers `box` with `rim` free nodes on every side.
Lattice lattice_over(const Rect& box, double pitch_mm, int rim);

/// Distance of every node to the region's boundary, negative inside [mm].
/// Every node keeps the nearest edge that was found by sweeping over neighbours; distances to edges are exact, the
/// choice of the edge is not in rare spots near the medial axis (error below a tenth of the pitch). An empty region
/// gives +huge everywhere.
std::vector<float> signed_distance(const Region& region, const Lattice& lattice);

/// Squared distance of the nodes outside the region to it, 0 inside [mm^2]; with `inside` set, of the nodes inside to
/// its complement, 0 outside. An empty region leaves every node infinitely far from it and no node inside.
std::vector<float> one_sided_distance2(const Region& region, const Lattice& lattice, bool inside);

/// Loops around the nodes where field < level, linear between nodes. The rim of the lattice counts as outside.
Region contour(const std::vector<float>& field, const Lattice& lattice, double level = 0);

/// Contour at the level for which the enclosed area is `area_mm2` (to 1e-5 of it), starting from `guess`.
/// `field` must rise about one per mm across its contours, as distances do.
struct LevelContour {
  Region region;
  double level = 0;
};
LevelContour contour_with_area(const std::vector<float>& field, const Lattice& lattice, double area_mm2,
                               double guess = 0);

}  // namespace sbrt::planar
