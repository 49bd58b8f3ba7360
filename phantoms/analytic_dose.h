/// Doses whose DVHs and indices are known in closed form, sampled on any grid.
///
/// Source: Nelms et al. 2015 (10.1118/1.4923175) for shapes and linear doses; the integrals are elementary.
#pragma once

#include "geometry/volume.h"
#include "phantoms/analytic_shape.h"

#include <functional>
#include <string>
#include <vector>

namespace sbrt::phantoms {

/// D(p) = dose at the patient origin + gradient . p, negative values cut to 0 [Gy, Gy/mm].
struct LinearDose {
  double at_origin_gy = 0;
  PatientVec gradient_gy_per_mm;
  double operator()(PatientPoint p) const;
};
/// D(p) = maximum exp(-r^2 / 2 sigma^2), r from the centre.
struct GaussianDose {
  PatientPoint centre;
  double maximum_gy = 0, sigma_mm = 0;
  double operator()(PatientPoint p) const;
};
/// Value at every voxel centre.
DoseGrid sample(const std::function<double(PatientPoint)>& dose_gy, const Grid& grid);

/// Cumulative volume of a solid against the height u along the gradient, u counted from the solid's centre [mm, mm^3]:
/// how much of it has a height of at least u. `cap` is the length added at both flat ends by an end-cap rule.
double sphere_volume_above(double radius_mm, double u_mm);
double cylinder_along_volume_above(double radius_mm, double length_mm, double u_mm, double cap_mm = 0);
double cylinder_across_volume_above(double radius_mm, double length_mm, double u_mm, double cap_mm = 0);
/// The centre is half way from base to apex. `cap` is added at the base only.
double cone_base_high_volume_above(double radius_mm, double height_mm, double u_mm, double cap_mm = 0);
double cone_base_low_volume_above(double radius_mm, double height_mm, double u_mm, double cap_mm = 0);
double cone_across_volume_above(double radius_mm, double height_mm, double u_mm);

/// Closed-form DVH of a solid in a linear dose.
class LinearDvh {
 public:
  /// @param volume_above_mm3 one of the functions above, falling from the whole volume at `low_mm` to 0 at `high_mm`
  LinearDvh(std::function<double(double)> volume_above_mm3, double low_mm, double high_mm, double centre_dose_gy,
            double gradient_gy_per_mm);
  double volume_mm3() const;
  double volume_at_dose_mm3(double dose_gy) const;     ///< receiving at least that
  double dose_at_volume_gy(double hottest_mm3) const;  ///< least dose of the hottest part of that size
  double dose_at_percent_gy(double percent) const { return dose_at_volume_gy(volume_mm3() * percent / 100); }
  double minimum_gy() const;
  double maximum_gy() const;

 private:
  std::function<double(double)> volume_above_;
  double low_, high_, centre_dose_, gradient_;
};

/// Volume of D >= dose in an endless Gaussian dose [mm^3].
double gaussian_volume_at_dose_mm3(double maximum_gy, double sigma_mm, double dose_gy);
/// Radius of D = dose; 0 where the maximum is below it.
double gaussian_radius_at_dose_mm(double maximum_gy, double sigma_mm, double dose_gy);
/// R50 = GI of a sphere that the prescription isodose fits exactly: (ln(2 Dm/Rx) / ln(Dm/Rx))^1.5, whatever its radius.
double gaussian_r50(double maximum_over_prescription);

/// The shapes of Nelms 2015: R = 12, height 24 mm. "cylinder" and "cone" stand along z, the others lie along y.
struct NelmsCase {
  std::string name;  ///< "sphere", "cylinder", "cone", "lying-cylinder", "lying-cone"
  Solid solid;
  LinearDvh along_z;  ///< SI grid, D = 10 + z
  LinearDvh along_y;  ///< AP grid, D = 10 - y
};
/// @param centre the published position is (0, -6, 6); its dose is 16 Gy in both
std::vector<NelmsCase> nelms_cases(PatientPoint centre = {0, -6, 6});
inline const LinearDose nelms_dose_along_z{10, {0, 0, 1}};
inline const LinearDose nelms_dose_along_y{10, {0, -1, 0}};

}  // namespace sbrt::phantoms
