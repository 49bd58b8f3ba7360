/// What a Shape holds; for the files of this folder that work on slabs directly.
#pragma once

#include "geometry/contour_planes.h"
#include "geometry/shape.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sbrt {

/// Edges of one slab sorted into rows of constant v, for quick inside tests.
class RowTable {
 public:
  explicit RowTable(const planar::Region& region);
  bool contains(planar::Uv p) const {
    const double r = (p.v - v0_) * inverse_height_;
    if (!(r >= 0 && r < double(rows_)) || p.u < u0_ || p.u > u1_) return false;
    const auto row = std::size_t(r);
    bool inside = false;
    for (std::uint32_t e = first_[row]; e < first_[row + 1]; ++e) {
      const Edge& edge = edges_[e];
      if ((edge.v_low <= p.v) & (p.v < edge.v_high)) inside ^= edge.u_low + (p.v - edge.v_low) * edge.slope > p.u;
    }
    return inside;
  }

 private:
  struct Edge {
    double v_low, v_high, u_low, slope;
  };
  double v0_ = 0, inverse_height_ = 0, u0_ = 0, u1_ = 0;
  std::size_t rows_ = 0;
  std::vector<std::uint32_t> first_;
  std::vector<Edge> edges_;
};

/// A section at an exact position; neighbouring levels are close enough to stand for the surface between them.
struct Level {
  double z = 0;
  const planar::Region* region = nullptr;
  bool whole = true;  // false: only the part that ends here, to be used for distances from outside
};

struct Shape::State {
  std::string name;
  BetweenPlanes rule{};
  Warnings warnings;
  PlaneFrame frame;
  std::vector<ContourPlane> planes;
  std::vector<double> positions;
  std::vector<Slab> slabs;       // ascending, disjoint
  std::vector<RowTable> tables;  // one per slab
  std::vector<Face> faces;
  std::vector<std::uint32_t>
      slab_at;  // first slab to look at, by position in steps of slab_step from the first slab's low side
  double slab_step = 1;
  double volume_mm3 = 0;
  Interval interval_mm3;
  PatientPoint centroid;
  Box box;

  double low() const { return slabs.front().low; }
  double high() const { return slabs.back().high; }
  /// Index of the slab that holds position z, -1 if none.
  std::ptrdiff_t slab_index(double z) const;
  /// Sections about `spacing_mm` apart (or as fine as the slabs), ends included; empty regions stand for the outside
  /// next to the ends of the slab stack. Ascending.
  std::vector<Level> levels(double spacing_mm) const;
  planar::Rect uv_box() const;
};

}  // namespace sbrt
