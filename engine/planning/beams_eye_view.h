/// A target's outline as one node sees it, and where circular fields may aim so that they stay inside it.
#pragma once

#include "geometry/planar_field.h"
#include "geometry/space.h"

#include <optional>
#include <vector>

namespace sbrt {

/// Central projection of a target from the source on the plane across the axis at the reference distance (800 mm).
/// There every cone is a disc of its nominal diameter, wherever along the beam the target lies. Neglected: the disc of
/// an oblique beam is an ellipse (1 % at 8 degrees off the axis).
class BeamsEyeView {
 public:
  /// @param surface points on the target's surface, about `spacing_mm` apart (surface_points())
  /// @param centre the axis runs from the source to this point
  BeamsEyeView(const std::vector<PatientPoint>& surface, double spacing_mm, PatientPoint source, PatientPoint centre,
               double reference_distance_mm);

  double area_mm2() const { return planar::area(outline_); }
  double perimeter_mm() const { return perimeter_; }
  /// Radius of the largest disc inside the outline [mm].
  double largest_depth_mm() const { return largest_depth_; }
  /// By how much the fields at the outline go beyond it: 0 for outlines up to 20 mm, 2.5 mm at most [mm].
  double overlap_mm() const;
  /// Share of the outline's area that discs of this radius inside it can reach (morphological opening).
  double reached_share(double radius_mm) const;

  /// Where discs of one radius may have their centres.
  struct Aims {
    double radius_mm = 0;   //!< of the disc that has to fit: the field's less overlap_mm(), or 0.8 of the target's
    bool wide = false;      //!< the field is wider than the target: it has no place where it touches
    planar::Region border;  //!< centres of discs that touch the outline from inside
    std::vector<planar::Uv> interior;  //!< lattice points deeper inside
  };
  /// Nothing where the field is much wider than the target from here. A little wider is allowed: such fields aim at
  /// the middle.
  std::optional<Aims> aims_for(double field_radius_mm) const;
  /// The same without a limit on the field's size.
  Aims aims_for_any(double field_radius_mm) const;

  /// The point of the outline at this share (0...1) of its length.
  planar::Uv on_outline(double share) const;
  /// Deepest point uphill from here: the middle of a part that is too narrow for a field.
  planar::Uv middle_near(planar::Uv p) const;
  /// Finer than this no two places are told apart [mm].
  double pitch_mm() const { return lattice_.pitch; }

  /// Unit vector from the source through a point of the plane.
  PatientVec direction(planar::Uv p) const;
  /// Smallest and largest distance of the surface from the source along the axis [mm].
  double nearest_mm() const { return nearest_; }
  double farthest_mm() const { return farthest_; }

 private:
  Aims aims_at(double radius_mm) const;
  PatientVec axis_, u_axis_, v_axis_;
  double reference_distance_, nearest_ = 0, farthest_ = 0, largest_depth_ = 0, perimeter_ = 0;
  planar::Lattice lattice_;
  planar::Region outline_;
  std::vector<float> depth_;  //!< below the outline, negative outside [mm]
};

/// Point of the region's boundary nearest to p. @pre not empty
planar::Uv nearest_on_border(const planar::Region& region, planar::Uv p);

}  // namespace sbrt
