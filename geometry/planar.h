/// Polygons in a plane: areas, even-odd combination, overlap. Coordinates (u, v) in mm.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace sbrt::planar {

struct Uv {
  double u = 0, v = 0;
  bool operator==(const Uv&) const = default;
};

/// Closed polygon; the closing point is not repeated.
using Loop = std::vector<Uv>;

/// Disjoint simple loops that bound a region with the inside on their left: outer loops run counter-clockwise, holes
/// clockwise.
using Region = std::vector<Loop>;

struct Rect {
  double u0 = 1e300, v0 = 1e300, u1 = -1e300, v1 = -1e300;
  bool empty() const { return !(u0 <= u1 && v0 <= v1); }
  void add(Uv p);
  void add(const Rect& r);
  Rect grown(double margin) const { return {u0 - margin, v0 - margin, u1 + margin, v1 + margin}; }
  bool meets(const Rect& r) const { return u0 <= r.u1 && r.u0 <= u1 && v0 <= r.v1 && r.v0 <= v1; }
};

double signed_area(const Loop& loop);  ///< mm^2, positive when counter-clockwise
double area(const Region& region);     ///< mm^2
double perimeter(const Region& region);
Uv centroid(const Region& region);  ///< of the area, holes counted; of the vertices where the area vanishes
/// A^2 / (2 pi polar moment about the centroid): 1 for a disc, 0.95 for a square, 0.8 for an ellipse of 2 : 1, less for
/// whatever is longer or hollow. Insensitive to stair-steps along the outline.
double roundness(const Region& region);
Rect bounds(const Loop& loop);
Rect bounds(const Region& region);
void translate(Region& region, Uv shift);

/// Even-odd rule; points on an edge count to one side.
bool contains(const Loop& loop, Uv p);
bool contains(const Region& region, Uv p);

/// Area common to two regions, from 48 scan lines across the extent that they share. For decisions, not for volumes.
double overlap_area(const Region& a, const Region& b);

/// What the polygons of one plane bound under the even-odd rule.
struct EvenOdd {
  Region region;
  bool crossing = false;  ///< polygons cross themselves or each other
  bool touching = false;  ///< polygons meet in a vertex or run along each other without cancelling (no keyhole seam)
};
/// Crossing polygons are cut at their crossings, seams that run forth and back (keyholes) cancel.
EvenOdd combine_even_odd(const std::vector<Loop>& loops);

/// An outer loop with the holes directly inside it.
struct Part {
  Loop outer;
  std::vector<Loop> holes;
};
std::vector<Part> parts_of(const Region& region);

/// The same polygon with fewer vertices, none of the old ones farther than `tolerance_mm` from it; the area is kept.
Loop simplified(const Loop& loop, double tolerance_mm);

}  // namespace sbrt::planar
