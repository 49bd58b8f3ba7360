/// A tilted ellipsoid with three shallow furrows along its long axis: a lesion that is no ball, with its largest
/// diameter, its volume and the volumes inside its enlarged copies in closed form.
#pragma once

#include "phantoms/analytic_shape.h"

#include <array>

namespace sbrt::phantoms {

/// With q the place in units of the semi-axes, mu = q_x/|q| and phi the angle about the long axis, the surface is
/// |q| = s(mu, phi) = 1 - dent (1 - mu^2)(1 + cos 3 phi)/2. It nowhere leaves the ellipsoid and touches it at both ends
/// of the long axis, so its largest diameter is that of the ellipsoid. Convex for dent <= 0.15.
struct LobedEllipsoid {
  PatientPoint centre;
  PatientVec semi_axes_mm{1, 1, 1};                                   //!< x, the long one, is no less than y and z
  std::array<PatientVec, 3> axes{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  //!< unit, right-handed
  double dent = 0;                                                    //!< 0...0.15

  double largest_diameter_mm() const { return 2 * semi_axes_mm.x; }
  /// 4/3 pi a b c (1 - dent + 3/5 dent^2 - 1/7 dent^3).
  double volume_mm3() const;
  /// Mean of s^3 about the axis, relative to that over the sphere: what a slice of directions holds of the volume.
  double share_at(double mu) const;

  struct Place {
    double gauge = 0;  //!< 0 at the centre, 1 on the surface; the points below g fill g^3 of the volume
    double mu = 0;
  };
  Place place_of(PatientPoint p) const;
  /// Where the ray from the centre along `direction` (any length) meets the surface.
  PatientPoint surface_towards(PatientVec direction) const;
  /// The same form with every semi-axis longer.
  LobedEllipsoid grown(double margin_mm) const;
};

/// @pre semi-axes and dent as stated there
Solid lobed(const LobedEllipsoid& form);

}  // namespace sbrt::phantoms
