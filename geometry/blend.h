/// Cross-sections between two contour planes and beyond the last one, each with a wanted area.
#pragma once

#include "geometry/part_links.h"
#include "geometry/planar_field.h"

#include <vector>

namespace sbrt {

/// The next plane of a piece, before or behind a gap; null where the piece ends, branches or hollows there.
struct Neighbour {
  const planar::Region* region = nullptr;
  double z = 0;
};

/// Sections between two regions: zero line of the interpolated signed distances, moved in or out to the wanted area.
///
/// Where the piece goes on beyond both planes, the distances bend along z: linear plus (z - z0)(z - z1) times the
/// harmonic mean of the second divided differences at both planes, zero where their signs differ. Quadratic motion of
/// the outline is exact, and steps do not overshoot (piecewise polynomial harmonic reconstruction, P. Ortiz and J. C.
/// Trillo, Mathematics 2021, 9:310, here with the plain harmonic mean). Neglected: the bend in the first and last gap
/// of a piece and where it branches.
class Blend {
 public:
  Blend(const Link& link, double z0, double z1, const Neighbour& below, const Neighbour& above);
  /// Section of mean area `area` [mm^2] between two positions of the gap. Keeps a first guess between calls.
  planar::Region section(double low, double high, double area);

 private:
  struct CavityField {
    const Cavity* cavity;
    std::vector<float> distance;
  };

  void choose_drift(const planar::Region& upper, planar::Uv drift);
  planar::Region followed(const Neighbour& neighbour) const;
  void bend(const planar::Region& before, double z_before, const planar::Region& behind, double z_behind);
  planar::Region placed(planar::Region region, double t) const;
  bool hollow_out(std::vector<float>& field, const Cavity& cavity, const std::vector<float>& distance, double low,
                  double high, double level) const;

  double z0_, z1_;
  planar::Region lower_;
  planar::Uv drift_;
  bool prismatic_ = false;
  double grown_ = 0;  // how far the sections may reach beyond both planes' outlines [mm]
  planar::Lattice lattice_;
  std::vector<float> from_, to_, bend_;  // bend_ [1/mm], empty for none
  std::vector<CavityField> cavities_;
  double level_ = 0;
};

/// Sections of an end: the last region, pulled in to the wanted area.
class Taper {
 public:
  explicit Taper(const PartEnd& end) : end_(end) {}
  planar::Region section(double s0, double s1);
  /// The flat face; for a taper the deepest places of the last region, as a dot.
  planar::Region face();

 private:
  const PartEnd& end_;
  planar::Lattice lattice_;
  std::vector<float> field_;
  double level_ = 0;
};

}  // namespace sbrt
