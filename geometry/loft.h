/// From contour planes to a solid: thin slabs whose cross-sections follow how the shape changes from plane to plane.
#pragma once

#include "geometry/planar.h"

#include <vector>

namespace sbrt {

/// What the contours of one plane bound.
struct ContourPlane {
  double z = 0;  // along the plane normal [mm]
  planar::Region region;
};

/// A prism: its region between two positions along the normal. The area is the mean of the solid's area in between.
struct Slab {
  double low = 0, high = 0;  // mm
  planar::Region region;
};

/// Where a piece ends: its flat face, or a dot at its pole.
struct Face {
  double z = 0;
  planar::Region region;
};

struct Loft {
  std::vector<Slab> slabs;  // ascending, not overlapping
  std::vector<Face> faces;
  double uncertainty_mm3 = 0;        // of the volume, numerical and of the end caps
  std::vector<std::size_t> bridged;  // gap i between planes i and i + 1 misses planes and was bridged
  std::vector<std::size_t> parted;   // ... was too wide to be bridged
  std::vector<std::size_t> skipped;  // a piece misses its contour on plane i and was bridged
};

/// Gaps wider than this many regular gaps miss planes; up to the second number they are bridged.
inline constexpr double missing_plane_gaps = 1.5, bridged_gaps = 4.5;

/// Rule `shape_following` (docs/decisions/0002-shape-between-planes.md).
/// @param planes ascending, regions not empty @param lone_thickness_mm thickness of a structure on a single plane
Loft loft_shape_following(const std::vector<ContourPlane>& planes, double lone_thickness_mm);

/// Rule `slab`: each plane's region half way to its neighbours, half a gap beyond the ends. Missing planes are spread
/// over.
Loft loft_slabs(const std::vector<ContourPlane>& planes, double lone_thickness_mm);

}  // namespace sbrt
