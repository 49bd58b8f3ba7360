/// Which part of a contour plane continues as which part of the next one.
#pragma once

#include "geometry/area_law.h"
#include "geometry/loft.h"

#include <vector>

namespace sbrt {

/// A cavity of one plane that has no counterpart on the other side of the gap: it ends between the planes.
struct Cavity {
  planar::Region region;  // the hole as a counter-clockwise loop
  bool from_lower = true;
  EndCap cap;
};

/// Parts of plane `k0` that continue as parts of plane `k1`.
struct Link {
  std::size_t k0 = 0, k1 = 0;
  std::vector<int> lower, upper;              // part numbers
  planar::Region lower_region, upper_region;  // cavities filled
  std::vector<Cavity> cavities;
  double lower_area = 0, upper_area = 0;
  bool ball = false;  // the piece exists on these two planes only and is taken for a ball
  /// Links that carry on exactly this piece; -1 where it ends, branches or hollows.
  int below = -1, above = -1;
};

/// A part that ends beyond plane k, upwards or downwards.
struct PartEnd {
  std::size_t plane = 0;
  bool upwards = true;
  planar::Region region;
  EndCap cap;
};

struct PartLinks {
  std::vector<Link> links;
  std::vector<AreaLaw> laws;  // one per link
  std::vector<PartEnd> ends;
  std::vector<std::size_t> bridged, parted, skipped;  // as in Loft
};

/// Parts continue where they overlap (or, failing that, where both are free and lie next to each other); a pair that
/// both taper to nothing between the planes is left apart; a part missing on one plane is bridged.
PartLinks link_parts(const std::vector<ContourPlane>& planes, double lone_thickness_mm);

}  // namespace sbrt
